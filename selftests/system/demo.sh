#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# Shows, step by step, what the project does: a kTLS server staples an OCSP
# response that the kernel keeps. `make demo` runs this in a virtual machine.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh

number=0
server=
responder_pid=	# start_responder sets it

step()
{
	number=$((number + 1))
	printf '\n%d. %s\n' "$number" "$*"
}

say()
{
	printf '   %s\n' "$*"
}

fail()
{
	printf '\nThe demo failed in step %d: %s\n' "$number" "$*"
	[ ! -s log ] || sed 's/^/   server: /' log
	exit 1
}

show()
{
	sed 's/^/     /' "$@"
}

# run PATTERN COMMAND: show the COMMAND, run it, and show the lines of its
# output that match PATTERN: at least one, or all and any with an empty one.
run()
{
	local pattern="$1" command="$2"

	printf '\n   $ %s\n' "$command"
	sh -c "$command" > output 2>&1 || {
		show output
		fail "that command failed"
	}
	grep -E -e "$pattern" output | show
	[ -z "$pattern" ] || expect "$pattern"
}

# expect PATTERN: the last command's output has it.
expect()
{
	grep -q -E -e "$1" output && return
	show output
	fail "no \"$1\" in that output"
}

start_server()
{
	printf '\n   $ %s\n' "ktls_server --cert chain.pem --key leaf.key --port 4433 --workers 2 &"
	ktls_server --cert chain.pem --key leaf.key --port 4433 --workers 2 \
		2>> log &
	server=$!
	wait_for 20 port_is_open 4433 || fail "the server does not listen"
}

tls_sockets()
{
	awk '$1 == "TlsTxSw" { print $2 }' /proc/net/tls_stat
}

# What a client prints that a reader needs, see run.
OPENSSL="openssl s_client -connect localhost:4433 -status -CAfile ca.pem -verify_return_error -ign_eof < request"
OPENSSL_SHOWS="OCSP Response Status|OCSP response: no|Cert Status|Next Update|^Verification|^(worker|protocol|ktls|staple)"
GNUTLS="gnutls-cli --ocsp --x509cafile ca.pem --port 4433 localhost < request"
GNUTLS_SHOWS="^- Status|^- Options|^worker|^protocol|^staple"

cat <<END
A TLS server staples an OCSP response: a signed statement of its certificate's
CA, a few days old at most, that the certificate is not revoked. Here the
kernel keeps that response, for all servers and across their restarts.
END

dir=$(mktemp -d) && cd "$dir" || exit 1
trap 'rm -rf "$dir"' EXIT
printf 'GET / HTTP/1.0\r\n\r\n' > request

step "The kernel module loads itself when somebody asks for it first."
run "" "ocspctl show"
say "(an empty store)"
run "^ktls_ocsp" "lsmod"

step "A CA, and a server certificate that it issued, which names an OCSP responder."
make_ca . "Demo Root" || fail "no CA"
make_leaf . leaf 10 http://127.0.0.1:8889/ || fail "no certificate"
mv leaf-chain.pem chain.pem
run "." "openssl x509 -in leaf.pem -noout -subject -issuer -ocsp_uri"

step "The CA's responder, a real one, signs a response; we fetch it."
start_responder . 8889 || fail "no responder"
say "(openssl ocsp -port 8889 runs)"
run "Response verify|leaf|Update" "openssl ocsp -issuer ca.pem -cert leaf.pem -url http://127.0.0.1:8889/ -CAfile ca.pem -no_nonce -respout good.der"

step "Can the response be trusted? ocspctl verifies it without the kernel."
run "." "ocspctl verify --cert leaf.pem --issuer ca.pem good.der"

step "Store it in the kernel. ocspctl verifies it again first."
run "" "ocspctl set chain.pem good.der"
run "." "ocspctl show chain.pem"

step "The responder goes away. From here on there is only the kernel."
stop_responder
wait_for 10 port_is_closed 8889 || fail "the responder stays"

step "A server on kernel TLS: a master and 2 workers, one handle opened before the fork."
modprobe tls
before=$(tls_sockets)
start_server

step "OpenSSL's client asks for the staple."
run "$OPENSSL_SHOWS" "$OPENSSL"
expect "Cert Status: good"
expect "Verification: OK"
expect "ktls-send yes"

step "GnuTLS's client verifies it: \"OCSP status request\" below says so."
say "(With --ocsp it would refuse a server without staple: the responder is off.)"
run "$GNUTLS_SHOWS" "$GNUTLS"
expect "Options:.*OCSP status request"

step "It was the kernel that encrypted what the server sent: its counter went up."
run "TlsTxSw" "cat /proc/net/tls_stat"
say "(before these two connections it was $before)"
[ "$(tls_sockets)" -eq $((before + 2)) ] || fail "TlsTxSw did not go up by 2"

step "The server is killed, and started again. Still no responder to ask."
printf '\n   $ %s\n' "kill -9 $server"
kill -KILL "$server"
wait "$server" 2> /dev/null
start_server
say "The first handshake after that:"
run "$OPENSSL_SHOWS" "$OPENSSL"
expect "Cert Status: good"

step "The CA revokes the certificate. The new response is stored while the server runs."
set_status . 10 revoked
start_responder . 8889 || fail "no responder"
run "^leaf|Revocation Time" "openssl ocsp -issuer ca.pem -cert leaf.pem -url http://127.0.0.1:8889/ -CAfile ca.pem -no_nonce -respout revoked.der"
stop_responder
run "" "ocspctl set chain.pem revoked.der"
say "The next handshake hands it out, and GnuTLS's client refuses the certificate:"
run "Cert Status|Revocation Time" "$OPENSSL"
expect "Cert Status: revoked"
run "^- Status" "! $GNUTLS"
expect "The certificate chain is revoked"

step "What the kernel has now: the master and its workers hold the entry once, together."
run "." "ocspctl show"
expect "status revoked .* handles 1\$"

kill "$server"
wait "$server" || fail "the server did not stop in order"
printf '\nThe end: each step worked as described.\n'
