# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # theirs who source it
#
# For the tests of a kTLS server that staples the response that the store keeps:
# the server, stock clients of OpenSSL and GnuTLS, and the store. Whoever
# sources it runs with $dir, a directory, and a server that has three workers
# and staples a real responder's response; the responder is gone.

TLS=4433		# ports; the namespace is ours
RESPONDER=8889

ktap_print_header
modprobe ktls_ocsp 2>/dev/null
if ! ocspctl show > /dev/null 2>&1; then
	ktap_skip_all "no ktls_ocsp module"
	exit "$KSFT_SKIP"
fi
load_tls
if [ ! -e /proc/net/tls_stat ]; then
	ktap_skip_all "this kernel has no kernel TLS (CONFIG_TLS)"
	exit "$KSFT_SKIP"
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"	# for the server without privileges
out=$dir		# where a client leaves what it printed and got

bail()
{
	ktap_exit_fail_msg "$@"
}

# What the last client and the server said, without the long parts.
explain()
{
	grep -E -i 'ocsp|status|verif|error|alert|refused|^(worker|staple)' \
		"$out/client" | head -n 20
	tail -n 5 "$dir/server.log"
}

# check DESCRIPTION COMMAND...: one result.
check()
{
	local description="$1"

	shift
	if "$@"; then
		ktap_test_pass "$description"
		return
	fi
	explain | sed 's/^/#   /'
	ktap_test_fail "$description"
}

# The server

start_server()
{
	# shellcheck disable=SC2086 # SERVER_PREFIX may be empty
	$SERVER_PREFIX ktls_server --cert "$dir/leaf-chain.pem" --key "$dir/leaf.key" \
		--port "$TLS" --async "$@" 2>> "$dir/server.log" &
	server=$!
	wait_for 20 server_listens || bail "the server does not start:" \
		"$(tail -n 1 "$dir/server.log")"
}
SERVER_PREFIX=

# Not only the port: the master binds it before it has workers.
server_listens()
{
	[ -n "$(workers)" ] && port_is_open "$TLS"
}

workers()
{
	pgrep -P "$server"
}

stop_server()
{
	kill "$server" && wait "$server"
}

# The clients

# openssl_client VERSION [OPTION...]: a request, asking for the staple.
openssl_client()
{
	local version

	version=$(echo "$1" | tr . _)
	shift
	printf 'GET / HTTP/1.0\r\n\r\n' |
	timeout $((30 * SLOW)) openssl s_client "-tls$version" -ign_eof \
		-connect "127.0.0.1:$TLS" -CAfile "$dir/ca.pem" \
		-servername localhost -verify_hostname localhost \
		-verify_return_error "$@" > "$out/client" 2>&1
}

# openssl_staples STATUS VERSION: the client is handed what is stored, which
# says STATUS. s_client prints all of a response, its signature too.
openssl_staples()
{
	openssl_client "$2" -status || return 1
	sed -n '/^OCSP Response Data:/,/^======/ { /^======/!p }' \
		"$out/client" > "$out/got"
	grep -q "OCSP Response Status: successful" "$out/got" &&
	grep -q "Cert Status: $1\$" "$out/got" &&
	diff -B "$out/got" "$dir/want" > /dev/null
}

openssl_has_no_staple()
{
	openssl_client "$1" -status &&
	grep -q "^OCSP response: no response sent" "$out/client" &&
	grep -q "^staple 0" "$out/client"
}

# gnutls_client VERSION [OPTION...]: a request. GnuTLS always asks for the
# staple and verifies what it gets; the staple goes to $out/got.der. With
# --ocsp a server without one fails, as nobody listens where the client then
# asks: the responder is not running while the tests are.
gnutls_client()
{
	local version=$1

	shift
	rm -f "$out/got.der" "$out/gnutls.log"
	printf 'GET / HTTP/1.0\r\n\r\n' |
	timeout $((30 * SLOW)) gnutls-cli --x509cafile "$dir/ca.pem" --port "$TLS" \
		--priority "NORMAL:-VERS-ALL:+VERS-TLS$version" \
		--save-ocsp "$out/got.der" --logfile "$out/gnutls.log" "$@" \
		localhost > "$out/client" 2>&1
	local status=$?

	cat "$out/gnutls.log" >> "$out/client"
	return "$status"
}

# "Options: OCSP status request" stands for a staple that was verified.
gnutls_verifies()
{
	gnutls_client "$1" --ocsp &&
	grep -q "^- Status: The certificate is trusted" "$out/client" &&
	grep -q "^- Options:.*OCSP status request" "$out/client" &&
	cmp -s "$out/got.der" "$stored"
}

gnutls_refuses_revoked()
{
	! gnutls_client "$1" &&
	grep -q "The certificate chain is revoked" "$out/client" &&
	cmp -s "$out/got.der" "$stored"
}

# The store

# sign NAME [OPTION...]: a response of the CA's signer, in $dir/NAME.
sign()
{
	local name=$1

	shift
	ocsp_sign --cert "$dir/leaf.pem" --issuer "$dir/ca.pem" \
		--signer "$dir/signer.pem" --key "$dir/signer.key" \
		-o "$dir/$name" "$@" || bail "cannot sign $name"
}

# store NAME: and expect $dir/NAME as the staple from now on.
store()
{
	stored=$dir/$1
	openssl ocsp -respin "$stored" -noverify -resp_text > "$dir/want" ||
		bail "$stored is no response"
	ocspctl set "$dir/leaf-chain.pem" "$dir/$1" > "$out/ocspctl" 2>&1 ||
		bail "ocspctl set $1: $(cat "$out/ocspctl")"
}

counter()
{
	awk -v name="$1" '$1 == name { print $2 }' /proc/net/tls_stat
}

# counts NAME N COMMAND...: the COMMAND makes the counter NAME go up by N.
counts()
{
	local name=$1 n=$2 before

	shift 2
	before=$(counter "$name")
	"$@" && [ "$(counter "$name")" -eq $((before + n)) ]
}

client_saw()
{
	grep -q "^$1\$" "$out/client"
}

# each_worker COMMAND...: succeeds when each worker, made to take the
# connection by stopping the others, makes COMMAND succeed.
each_worker()
{
	local all one failed=0

	all=$(workers)
	for one in $all; do
		# shellcheck disable=SC2086 # a list
		kill -STOP $all
		kill -CONT "$one"
		"$@" && client_saw "worker $one" || failed=1
	done
	# shellcheck disable=SC2086 # a list
	kill -CONT $all
	return "$failed"
}

# A real responder's response to begin with; then the responder goes away.
{
	make_ca "$dir" &&
	make_leaf "$dir" leaf 10 "http://127.0.0.1:$RESPONDER/" &&
	start_responder "$dir" "$RESPONDER" &&
	fetch "$dir" leaf "$RESPONDER" &&
	stop_responder
} || bail "no PKI"
store leaf.der
start_server --workers 3
