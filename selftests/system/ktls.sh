#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# A kTLS server staples the response that the store keeps: what stock clients
# of OpenSSL and GnuTLS see of it, through updates, kills and restarts.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/lib.sh
own_namespaces "$0" "$@"
. ../lib/ktap_helpers.sh

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
	timeout 30 openssl s_client "-tls$version" -ign_eof \
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
	timeout 30 gnutls-cli --x509cafile "$dir/ca.pem" --port "$TLS" \
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

# The tests

# OpenSSL 3.0 gives the kernel what TLS 1.3 sends, and reads that itself.
test_version()
{
	local version=$1 receive=$2

	check "TLS $version: OpenSSL's client gets the stored response" \
		counts TlsTxSw 1 openssl_staples good "$version"
	check "TLS $version: the server sends by kernel TLS" \
		client_saw "ktls-send yes"
	check "TLS $version: the server spoke TLS $version" \
		client_saw "protocol TLSv$version"
	check "TLS $version: GnuTLS's client verifies the stored response" \
		counts TlsTxSw 1 gnutls_verifies "$version"
	check "TLS $version: the server stapled all of its bytes" \
		client_saw "staple $(stat -c %s "$stored")"
	check "TLS $version: the kernel receives as well: $receive" \
		received_by_kernel "$version" "$receive"
}

received_by_kernel()
{
	local n=0

	[ "$2" = no ] || n=1
	counts TlsRxSw "$n" openssl_client "$1" && client_saw "ktls-receive $2"
}

test_no_question()
{
	openssl_client 1.3 && client_saw "staple 0" &&
	! grep -q "OCSP" "$out/client"
}

test_tls12_only()
{
	stop_server
	start_server --tls1.2
	! openssl_client 1.3 -status &&
	openssl_staples good 1.2
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

# Many clients at once: every one gets the staple, and a kernel TLS socket.
test_many()
{
	local clients=12 i pids=

	for i in $(seq "$clients"); do
		mkdir "$dir/$i"
		out="$dir/$i" openssl_staples good 1.3 &
		pids="$pids $!"
	done
	for i in $pids; do
		wait "$i" || return 1
	done
	cat "$dir"/[0-9]*/client > "$out/client"
	# How many of the workers it takes is the scheduler's choice.
	[ "$(grep "^worker" "$out/client" | sort -u | wc -l)" -ge 2 ]
}

test_replaced()
{
	sign newer.der --next 172800 && store newer.der &&
	each_worker openssl_staples good 1.3
}

# handles_are N: as many sessions hold the response.
handles_are()
{
	ocspctl show "$dir/leaf-chain.pem" > "$out/client" &&
	grep -q " handles $1\$" "$out/client"
}

# gone PID...
gone()
{
	local pid

	for pid in "$@"; do
		! kill -0 "$pid" 2>/dev/null || return 1
	done
}

test_worker_killed()
{
	local one before

	before=$(workers)
	one=$(echo "$before" | head -n 1)
	kill -KILL "$one"
	wait_for 10 gone "$one" && wait_for 10 has_workers 3 &&
	[ "$before" != "$(workers)" ] &&
	each_worker openssl_staples good 1.2
}

has_workers()
{
	[ "$(workers | wc -l)" -eq "$1" ]
}

# The server that comes next has a staple at once: nobody is there to fetch.
test_restart()
{
	local old

	old=$(workers)
	kill -KILL "$server"
	wait "$server" 2>/dev/null
	start_server --workers 3
	# shellcheck disable=SC2086 # a list
	gone $old && openssl_staples good 1.3
}

test_all_killed()
{
	# shellcheck disable=SC2046 # a list
	kill -KILL "$server" $(workers)
	wait "$server" 2>/dev/null
	wait_for 10 handles_are 0 || return 1
	start_server --workers 3
	gnutls_verifies 1.3
}

test_withdrawn()
{
	ocspctl del "$dir/leaf-chain.pem" > "$out/ocspctl" 2>&1 &&
	each_worker openssl_has_no_staple 1.3 && openssl_has_no_staple 1.2 &&
	grep -q "no staple: ." "$dir/server.log"
}

# GnuTLS's client is content without a staple, unless told --ocsp.
test_gnutls_without()
{
	gnutls_client 1.3 && ! grep -q "OCSP status request" "$out/client" &&
	! gnutls_client 1.3 --ocsp
}

test_stored_again()
{
	sign again.der && store again.der &&
	each_worker openssl_staples good 1.3
}

# Time valid, but with less than net.ktls_ocsp.min_validity (600) left.
test_margin()
{
	sign margin.der --next 500 && store margin.der &&
	openssl_has_no_staple 1.3
}

# short_response SECONDS: is stapled while it is valid. Fails as well when this
# machine takes longer than that to try.
short_response()
{
	end=$(($(date +%s) + $1))
	sign short.der --next "$1"
	store short.der
	openssl_staples good 1.3 && [ "$(date +%s)" -lt "$end" ]
}

# To the second, so with no margin.
test_expiry()
{
	local end status

	stop_server
	echo 0 > /proc/sys/net/ktls_ocsp/min_validity
	start_server
	short_response 8 || short_response 30 || short_response 90
	status=$?
	sleep $((end - $(date +%s) + 1))
	openssl_has_no_staple 1.3 && openssl_has_no_staple 1.2 || status=1
	echo 600 > /proc/sys/net/ktls_ocsp/min_validity
	return "$status"
}

test_unprivileged()
{
	stop_server
	sign nobody.der && store nobody.der
	chmod 644 "$dir/leaf.key"
	SERVER_PREFIX="setpriv --reuid 65534 --regid 65534 --clear-groups"
	start_server
	SERVER_PREFIX=
	[ "$(stat -c %u "/proc/$server")" = 65534 ] &&
	openssl_staples good 1.3 &&
	gnutls_verifies 1.2
}

test_revoked()
{
	sign revoked.der --status revoked && store revoked.der &&
	each_worker openssl_staples revoked 1.3 &&
	openssl_staples revoked 1.2
}

# refused PATTERN COMMAND...: fails with one line that has PATTERN.
refused()
{
	local pattern=$1

	shift
	! timeout 20 "$@" > "$out/client" 2>&1 &&
	[ "$(wc -l < "$out/client")" -eq 1 ] &&
	grep -q "$pattern" "$out/client"
}

test_unprivileged_create()
{
	make_leaf "$dir" other 11 "http://127.0.0.1:$RESPONDER/" &&
	chmod 644 "$dir/other.key" &&
	refused CAP_NET_ADMIN \
		setpriv --reuid 65534 --regid 65534 --clear-groups \
		ktls_server --cert "$dir/other-chain.pem" \
		--key "$dir/other.key" --port 4434 --async
}

test_no_url()
{
	make_leaf "$dir" silent 12 &&
	refused silent-chain.pem ktls_server --cert "$dir/silent-chain.pem" \
		--key "$dir/silent.key" --port 4434 --async
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

ktap_set_plan 32
test_version 1.2 yes
# OpenSSL 3.2 learnt it.
case $(openssl version) in
"OpenSSL 3."[01].*) test_version 1.3 no ;;
*)	test_version 1.3 yes ;;
esac
check "a client that does not ask gets no staple" test_no_question
check "12 clients at once are served by several workers" \
	counts TlsTxSw 12 test_many
check "a new response is stapled by each running worker" test_replaced
check "the master and each worker hold the response once" handles_are 4
check "a worker that is killed is replaced, and staples" test_worker_killed
check "kill -9 and restart: the first handshake is stapled" test_restart
check "kill -9 of all at once: their handles go, and so it is" test_all_killed
check "a revoked response goes to the client" test_revoked
check "TLS 1.2: GnuTLS's client refuses it" gnutls_refuses_revoked 1.2
check "TLS 1.3: GnuTLS's client refuses it" gnutls_refuses_revoked 1.3
check "a withdrawn response is not stapled, the handshake works" test_withdrawn
check "GnuTLS's client tells a handshake without staple" test_gnutls_without
check "a response that is stored again is stapled again" test_stored_again
check "one that is valid for less than the margin is not" test_margin
check "one is stapled until it expires, and no longer" test_expiry
check "a server without privileges staples what is stored" test_unprivileged
check "TLS 1.2 only: so it is, and it staples" test_tls12_only
check "a server without privileges cannot add its certificate" \
	test_unprivileged_create
check "a certificate without OCSP URL is refused" test_no_url
check "SIGTERM ends the server with status 0" stop_server
ktap_finished
