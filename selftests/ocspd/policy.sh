#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# How responses are fetched by what ocspd.conf says of a certificate, of an issuer and of all.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ../lib/isolated.sh
. ../lib/ocspd.sh

TLS=8891		# where the responder is behind TLS

start_store_test
leaf one 20 http://127.0.0.1:1/
leaf two 21 "$bad/own/"
leaf plain 22
leaf tls 23 "https://localhost:$TLS/tls/"
start_bad || ktap_exit_fail_msg "no responder"
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$dir"' EXIT
ktap_set_plan 11

# restart [LINE...]: with these settings, and nothing stored
restart()
{
	local name

	[ -z "${ocspd:-}" ] || stop_ocspd || return 1
	for name in one two plain tls; do
		ocspctl del "$dir/$name.pem" > /dev/null 2>&1
	done
	rm -rf "$dir/cache" "$dir/faults/"* && : > "$dir/requests" &&
	write_conf "$@" && start_ocspd
}

fingerprint()
{
	openssl x509 -in "$dir/$1.pem" -noout -fingerprint -sha256
}

# asked LINE: all requests so far were that one
asked()
{
	[ "$(cat "$dir/requests")" = "$1" ]
}

of_an_issuer()
{
	restart "[issuer mine]" "file = $dir/ca.pem" "responder = $bad/issuer/" &&
	expect 0 add "$dir/one-chain.pem" && asked "issuer GET SHA-256 good"
}
check "a responder for all certificates of an issuer, not pinned" of_an_issuer

# Another certificate of the same CA, with the same key
of_its_key()
{
	openssl_quiet req -x509 -new -key "$dir/ca.key" -subj "/CN=other" -days 9 \
		-out "$dir/twin.pem" &&
	make_ca "$dir/strange" &&
	restart "[issuer other]" "file = $dir/strange/ca.pem" "responder = $bad/wrong/" \
		"[issuer mine]" "file = $dir/twin.pem" "responder = $bad/issuer/" &&
	expect 0 add "$dir/one-chain.pem" && asked "issuer GET SHA-256 good"
}
check "an issuer is known by its key, and another one is not it" of_its_key

of_a_certificate()
{
	restart "responder = $bad/all/" "[issuer mine]" "file = $dir/ca.pem" \
		"responder = $bad/issuer/" "[certificate x]" \
		"fingerprint = $(fingerprint one)" "responder = $bad/one/" &&
	expect 0 add "$dir/one-chain.pem" && asked "one GET SHA-256 good" &&
	: > "$dir/requests" && expect 0 add "$dir/two-chain.pem" &&
	asked "issuer GET SHA-256 good"
}
check "a certificate goes before its issuer, and that before all" of_a_certificate

of_all()
{
	restart "responder = $bad/all/" "method = post" &&
	expect 0 add "$dir/two-chain.pem" && asked "all POST SHA-256 good" &&
	restart "responder = $bad/all/" "[certificate plain]" "file = $dir/plain-chain.pem" &&
	wait_for 20 state plain valid && asked "all GET SHA-256 good"
}
check "of all, also for a certificate that names no responder" of_all

by_post()
{
	restart "[issuer mine]" "file = $dir/ca.pem" "method = post" \
		"responder = $bad/x/" "[certificate two]" "file = $dir/two-chain.pem" \
		"method = auto" "responder = $bad/x/" || return 1
	wait_for 20 state two valid && asked "x GET SHA-256 good" &&
	: > "$dir/requests" && expect 0 add "$dir/one-chain.pem" &&
	asked "x POST SHA-256 good" || return 1
	# It is not how the responder has to be asked by others.
	: > "$dir/requests"
	expect 0 refresh "$dir/two.pem" && asked "x GET SHA-256 good"
}
check "method = post, for whom it is set" by_post

by_get()
{
	restart "method = get" && fault own http 404 && expect 6 add "$dir/two-chain.pem" &&
	! grep -q POST "$dir/requests" && grep -q "own GET SHA-1" "$dir/requests" &&
	restart "responder = $bad/$(printf '%0250d' 0)/" "method = get" &&
	expect 6 add "$dir/two-chain.pem" &&
	says "the URL would be longer than 255 bytes, and the configuration has" &&
	! [ -s "$dir/requests" ]
}
check "method = get: by GET, or not at all" by_get

by_digest()
{
	restart "responder = $bad/x/" "[certificate one]" "file = $dir/one-chain.pem" "digest = sha1" ||
		return 1
	wait_for 20 state one valid && asked "x GET SHA-1 good" || return 1
	# It is not how the responder has to be asked by others.
	: > "$dir/requests"
	expect 0 add "$dir/two-chain.pem" && asked "x GET SHA-256 good" &&
	restart "responder = $bad/x/" "digest = sha256" && fault x sha1-only &&
	expect 6 add "$dir/two-chain.pem" && ! grep -q SHA-1 "$dir/requests"
}
check "digest = sha1 or sha256: that one, for whom it is set" by_digest

start_tls()
{
	openssl_quiet req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$dir/tls-server.key" -out "$dir/tls-server.pem" -days 9 \
		-subj /CN=localhost -addext subjectAltName=DNS:localhost &&
	cat "$dir/tls-server.pem" "$dir/tls-server.key" > "$dir/both.pem" || return 1
	socat "OPENSSL-LISTEN:$TLS,bind=127.0.0.1,reuseaddr,fork,cert=$dir/both.pem,verify=0" \
		"TCP:127.0.0.1:$BAD" 2> "$dir/socat.log" &
	wait_for 10 port_is_open "$TLS"
}

over_tls()
{
	start_tls && restart && expect 6 add "$dir/tls-chain.pem" && says "certificate" &&
	! [ -s "$dir/requests" ] &&
	restart "[issuer mine]" "file = $dir/ca.pem" "ca_file = $dir/tls-server.pem" &&
	expect 0 add "$dir/tls-chain.pem" && asked "tls GET SHA-256 good" || return 1
	# And no other one
	restart "ca_file = $dir/ca.pem" && expect 6 add "$dir/tls-chain.pem" &&
	! [ -s "$dir/requests" ]
}
check "ca_file: whom a responder's own certificate is from" over_tls

# refreshed_within NAME LEAST MOST: seconds from now to the refresh that is planned
refreshed_within()
{
	control "{\"request\": \"list\", \"key\": \"$(key_of "$1")\"}" &&
	/usr/bin/python3 - "$dir/answer" "$2" "$3" "$(date +%s)" <<-'END'
		import json, sys
		record = json.loads(open(sys.argv[1]).readline())
		span = record["refresh"] - int(sys.argv[4])
		sys.exit(not int(sys.argv[2]) <= span <= int(sys.argv[3]))
	END
}

bounds()
{
	# They are valid for a day, and nothing says how long they are fresh.
	restart && expect 0 add "$dir/two-chain.pem" && refreshed_within two 3200 3960 &&
	restart "[issuer mine]" "file = $dir/ca.pem" "refresh = 14400" &&
	expect 0 add "$dir/two-chain.pem" && refreshed_within two 12900 15840 &&
	fault own max-age 18000 && expect 0 refresh "$dir/two.pem" &&
	refreshed_within two 17950 19800 && fault own good &&
	restart "[issuer mine]" "file = $dir/ca.pem" "refresh_max = 3600" "refresh = 86400" &&
	expect 0 add "$dir/two-chain.pem" && refreshed_within two 3400 3600 &&
	restart "refresh_max = 3600" "[certificate x]" "fingerprint = $(key_of two)" \
		"refresh_max = 7200" "refresh = 86400" && expect 0 add "$dir/two-chain.pem" &&
	refreshed_within two 6900 7200 &&
	restart "[issuer mine]" "file = $dir/ca.pem" "refresh_min = 1800" &&
	fault own max-age 300 && expect 0 add "$dir/two-chain.pem" &&
	refreshed_within two 1750 2000 &&
	restart && fault own max-age 60 && expect 0 add "$dir/two-chain.pem" &&
	refreshed_within two 280 340
}
check "refresh, refresh_max and refresh_min, by issuer and by certificate" bounds

reloads()
{
	restart "refresh = 86400" && expect 0 add "$dir/two-chain.pem" &&
	refreshed_within two 36000 50400 &&
	write_conf "responder = $bad/all/" "[issuer mine]" "file = $dir/ca.pem" \
		"refresh_max = 3600" "refresh = 86400" && kill -HUP "$ocspd" &&
	wait_for 20 logged "configuration read again" &&
	wait_for 20 refreshed_within two 3400 3600
}
check "a reload: what is fresh already is refreshed sooner" reloads

bad_issuer()
{
	write_conf "[issuer mine]" "file = $dir/none.pem" &&
	! run_ocspd --check-config --same-user &&
	logged "\\[issuer mine\\]: $dir/none.pem: No such file" &&
	kill -HUP "$ocspd" && wait_for 10 logged "stays in use" &&
	refreshed_within two 3400 3600 && stop_ocspd
}
check "an issuer's file that cannot be read: the configuration is refused" bad_issuer

ktap_finished
