#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# A server's staple through updates, revocation, expiry, kills and restarts: what
# stock clients of OpenSSL and GnuTLS see of it.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ktap_helpers.sh
. ./server_lib.sh

test_tls12_only()
{
	stop_server
	start_server --tls1.2
	! openssl_client 1.3 -status &&
	openssl_staples good 1.2
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
	! timeout $((20 * SLOW)) "$@" > "$out/client" 2>&1 &&
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

ktap_set_plan 18
check "a new response is stapled by each running worker" test_replaced
check "the master and its workers hold the response once, together" handles_are 1
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
