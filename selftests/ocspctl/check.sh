#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspctl check: what it says of openssl's own server, with each kind of staple,
# over TLS and behind each protocol that upgrades to it. It needs no store.

export STORE=standin
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspctl.sh

TLS=4433
PLAIN=4434
start_store_test
printf 'tlsfeature = status_request\nauthorityInfoAccess = %s\n' \
	"OCSP;URI:$url" > "$dir/feature"
if ! { make_answers && issue "$dir" must 21 must < "$dir/feature" &&
       cat "$dir/must.pem" "$dir/ca.pem" > "$dir/must-chain.pem" &&
       answer week leaf --next 604000 && answer ending leaf --this -532800 --next 71990 &&
       answer soon leaf --this -601200 --next 3590 &&
       new_key=rsa:2048 make_leaf "$dir" rsa 22 "$url" && answer rsa rsa; }; then
	ktap_exit_fail_msg "cannot make certificates and responses"
fi
protocols="smtp lmtp imap pop3 ftp nntp sieve ldap postgres mysql"
# shellcheck disable=SC2086 # words on purpose
set -- $protocols
ktap_set_plan $((14 + 2 * $#))

# serve NAME RESPONSE [OPTION...]: openssl's server with that certificate and staple, "none"
serve()
{
	local name=$1 response=$2

	shift 2
	[ "$response" = none ] || set -- "$@" -status_file "$dir/$response.der"
	openssl s_server -accept "$TLS" -www -cert "$dir/$name.pem" -key "$dir/$name.key" \
		-cert_chain "$dir/ca.pem" "$@" > "$dir/server.log" 2>&1 &
	server=$!
	listens "$TLS" "$dir/server.log"
}

stop_serving()
{
	kill "$server" && wait "$server" 2> /dev/null
	wait_for 20 port_is_closed "$TLS"
}

# one_line STATUS NAME TEXT: what check printed, as a monitoring system takes it
one_line()
{
	[ "$(wc -l < "$dir/out")" -eq 1 ] && quiet &&
	grep -q "^OCSP localhost:$TLS $1: " "$dir/out" && prints "$2"
}

# finds STATUS NAME TEXT CERT RESPONSE [OPTION...]: with a server of that certificate and response,
# in TLS 1.3 and 1.2
finds()
{
	local status=$1 name=$2 text=$3 cert=$4 response=$5 version

	shift 5
	for version in tls1_3 tls1_2; do
		serve "$cert" "$response" "-$version" || return 1
		expect "$status" check "localhost:$TLS" "$@" && one_line "$name" "$text"
		set -- $? "$@"
		stop_serving
		[ "$1" -eq 0 ] || return 1
		shift
	done
}

good()
{
	finds 0 OK ": good, next update in 6 d 23 h, TLSv1" leaf week &&
	grep -q ' | left=60[34][0-9]*s$' "$dir/out"
}
check "a good staple: 0, and how long it is good" good
check "a staple near its end: 1" finds 1 WARNING \
	": not refreshed: expires in 19 h 59 min, good," leaf ending
check "a staple that ends soon: 2" finds 2 CRITICAL \
	": not refreshed: expires in 59 min" leaf soon
check "other limits" finds 0 OK "good, next update" leaf ending --warn 10h
check "revoked: 2" finds 2 CRITICAL ": revoked since 20" leaf revoked
check "unknown: 2" finds 2 CRITICAL ": the responder does not know" leaf unknown
check "a damaged staple: 2" finds 2 CRITICAL ": staple refused: bad signature" leaf tampered
check "a staple of another certificate: 2" finds 2 CRITICAL \
	"refused: response is for another certificate" leaf other
check "no staple: 2" finds 2 CRITICAL ": no staple, TLSv1" leaf none
check "no staple of must-staple: 2" finds 2 CRITICAL \
	": no staple, though the certificate is must-staple" must none
check "no staple where none is to be had: 0" finds 0 OK \
	": no staple, and the certificate names no OCSP responder" plain none

# The server sends its certificate alone, as -no_build_chain would not.
no_issuer()
{
	openssl s_server -accept "$TLS" -www -cert "$dir/leaf.pem" -key "$dir/leaf.key" \
		-status_file "$dir/week.der" > "$dir/server.log" 2>&1 &
	server=$!
	listens "$TLS" "$dir/server.log" && expect 3 check "localhost:$TLS" &&
	one_line UNKNOWN "stapled, but the issuer is not in the chain" &&
	expect 0 check "localhost:$TLS" --issuer "$dir/ca.pem" &&
	one_line OK ": good" && SSL_CERT_FILE="$dir/ca.pem" expect 0 check "localhost:$TLS" &&
	one_line OK ": good"
	set -- $?
	stop_serving
	return "$1"
}
check "a chain without the issuer: 3, or it is given, or trusted" no_issuer

choice()
{
	serve leaf none -dcert "$dir/rsa.pem" -dkey "$dir/rsa.key" \
		-servername other.example -cert2 "$dir/other.pem" \
		-key2 "$dir/other.key" || return 1
	expect 2 check "localhost:$TLS" --key-type rsa && prints "CN=rsa" &&
	expect 2 check "localhost:$TLS" --key-type ecdsa && prints "CN=leaf" &&
	expect 2 check "localhost:$TLS" --key-type ed25519 && prints "TLS handshake failed" &&
	expect 2 check "localhost:$TLS" --servername other.example && prints "CN=other" &&
	expect 2 -j check "localhost:$TLS" --key-type rsa &&
	json 'j["status"] == "CRITICAL" and
		j["findings"][0] == {"status": "CRITICAL", "text": "no staple"}'
	set -- $?
	stop_serving
	return "$1"
}
check "the certificate by its name, or its type of key" choice

errors()
{
	expect 2 check "localhost:$TLS" && one_line CRITICAL "cannot connect: Connection refused" &&
	expect 2 check none.invalid:1 && prints "OCSP none.invalid:1 CRITICAL: cannot connect: " &&
	expect 3 check "localhost:$TLS" --starttls frob && says "--starttls frob: none of smtp" &&
	expect 3 check :1 && says "not HOST:PORT" && expect 3 check ::1:443 &&
	says "not HOST:PORT" && expect 2 check "[::1]:$TLS" && prints "refused" &&
	expect 3 check && says "check needs HOST:PORT" &&
	expect 3 check "localhost:$TLS" --key-type dsa && says "--key-type dsa" &&
	expect 3 check "localhost:$TLS" --issuer "$dir/none" && says "No such file" || return 1
	# It takes connections, and says nothing.
	socat "TCP-LISTEN:$TLS,reuseaddr,fork" EXEC:"sleep 30" &
	server=$!
	listens "$TLS" /dev/null && expect 2 check "localhost:$TLS" --timeout 1s &&
	one_line CRITICAL "TLS handshake: timed out" &&
	expect 2 check "localhost:$TLS" --timeout 1s --starttls smtp && one_line CRITICAL "timed out"
	set -- $?
	stop_serving
	return "$1"
}
check "no server, a silent server, and errors of usage" errors

# upgrade PROTOCOL: also openssl's client takes what the test's server says.
upgrade()
{
	serve leaf week || return 1
	starttls_proxy.py "$1" "$PLAIN" "$TLS" > "$dir/proxy.log" 2>&1 &
	proxy=$!
	listens "$PLAIN" "$dir/proxy.log" &&
	timeout $((30 * SLOW)) openssl s_client -starttls "$1" -connect "127.0.0.1:$PLAIN" -status \
		< /dev/null > "$dir/out" 2> "$dir/log" && prints "OCSP Response Status: successful" &&
	expect 0 check "127.0.0.1:$PLAIN" --starttls "$1" && quiet && prints " OK: good"
	set -- $?
	kill "$proxy" && wait "$proxy" 2> /dev/null
	stop_serving
	wait_for 20 port_is_closed "$PLAIN"
	return "$1"
}

refused()
{
	starttls_proxy.py "$1" "$PLAIN" "$TLS" refuse > "$dir/proxy.log" 2>&1 &
	proxy=$!
	listens "$PLAIN" "$dir/proxy.log" && expect 2 check "127.0.0.1:$PLAIN" --starttls "$1" &&
	quiet && prints "CRITICAL: the server does not start TLS: "
	set -- $?
	kill "$proxy" && wait "$proxy" 2> /dev/null
	wait_for 20 port_is_closed "$PLAIN"
	return "$1"
}

for protocol in $protocols; do
	check "--starttls $protocol" upgrade "$protocol"
	check "--starttls $protocol, refused: 2" refused "$protocol"
done

ktap_finished
