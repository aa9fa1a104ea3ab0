#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# A kTLS server staples the response that the store keeps: what the kernel sends
# and receives for it, and stock clients of OpenSSL and GnuTLS see.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ktap_helpers.sh
. ./server_lib.sh

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

ktap_set_plan 15
test_version 1.2 yes
# OpenSSL 3.2 learnt it.
case $(openssl version) in
"OpenSSL 3."[01].*) test_version 1.3 no ;;
*)	test_version 1.3 yes ;;
esac
check "a client that does not ask gets no staple" test_no_question
check "12 clients at once are served by several workers" \
	counts TlsTxSw 12 test_many
check "SIGTERM ends the server with status 0" stop_server
ktap_finished
