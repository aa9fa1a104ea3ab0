#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspd --check-config: the certificates of a configuration. Needs no kernel module.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/lib.sh
. ../lib/ocspctl.sh

start_test

url=http://127.0.0.1:8889/
if ! { make_ca "$dir" && make_ca "$dir/strange" &&
       make_leaf "$dir" leaf 10 $url && make_leaf "$dir" plain 11; }; then
	ktap_exit_fail_msg "cannot make certificates"
fi
ktap_set_plan 6

# checks STATUS TEXT LINE...: with these settings of a certificate
checks()
{
	local status=$1 text=$2

	shift 2
	printf '%s\n' "[ocspd]" "cache = none" "[certificate one]" "$@" \
		> "$dir/ocspd.conf"
	timeout 60 ocspd --check-config --same-user -f "$dir/ocspd.conf" \
		> "$dir/out" 2>&1
	[ $? -eq "$status" ] && grep -qF -e "$text" "$dir/out"
}

sound()
{
	checks 0 "in order, 1 certificate" "file = $dir/leaf-chain.pem" &&
	checks 0 "in order, 1 certificate" "file = $dir/leaf.pem" \
		"issuer = $dir/ca.pem" &&
	checks 0 "n/a, it names no OCSP responder" \
		"file = $dir/plain-chain.pem" &&
	! grep -q "URL" "$dir/out"
}
check "certificates that are in order, and one without a responder" sound

# A CA of the same name, with another key
bundles()
{
	cat "$dir/strange/ca.pem" "$dir/ca.pem" "$dir/leaf.pem" \
		> "$dir/bundle.pem" &&
	checks 0 "in order" "file = $dir/leaf.pem" \
		"issuer = $dir/bundle.pem" &&
	cat "$dir/leaf.pem" "$dir/bundle.pem" > "$dir/all.pem" &&
	checks 0 "in order" "file = $dir/all.pem"
}
check "an issuer that is not the first of its name" bundles

strangers()
{
	checks 1 "certificate one: the issuer is not in its file" \
		"file = $dir/leaf.pem" "issuer = $dir/strange/ca.pem" &&
	cat "$dir/leaf.pem" "$dir/strange/ca.pem" > "$dir/wrong.pem" &&
	checks 1 "certificate one: the certificate that issued it must follow" \
		"file = $dir/wrong.pem"
}
check "only another CA of the issuer's name" strangers

trusted()
{
	openssl_quiet x509 -in "$dir/leaf.pem" -trustout \
		-addtrust serverAuth -out "$dir/trusted.pem" &&
	cat "$dir/trusted.pem" "$dir/ca.pem" > "$dir/trusted-chain.pem" &&
	checks 0 "in order" "file = $dir/trusted-chain.pem" || return 1
	# Not the issuer, which has no responder, for the certificate
	! grep -q n/a "$dir/out"
}
check "a TRUSTED CERTIFICATE is the server's" trusted

# strange NAME SERIAL HEX: a certificate whose responder is at that URL, which
# openssl's configuration would have stripped
strange()
{
	local len=$((${#3} / 2))

	printf 'authorityInfoAccess = DER:30%02x30%02x06082b0601050507300186%02x%s\n' \
		$((len + 14)) $((len + 12)) "$len" "$3" |
		issue "$dir" "$1" "$2" "$1" &&
	cat "$dir/$1.pem" "$dir/ca.pem" > "$dir/$1-chain.pem"
}

bad_urls()
{
	local http=687474703a2f2f782f	# http://x/

	strange before 12 "20$http" && strange behind 13 "${http}0a" &&
	strange inside 14 "${http}2079" && strange ldap 15 "6c6461703a2f2f782f" &&
	checks 1 'certificate one: its OCSP URL " http://x/" begins with a' \
		"file = $dir/before-chain.pem" &&
	checks 1 'its OCSP URL "http://x/\0A" ends with a blank or control' \
		"file = $dir/behind-chain.pem" &&
	checks 1 'its OCSP URL "http://x/ y" has a blank, control or' \
		"file = $dir/inside-chain.pem" &&
	checks 1 'its OCSP URL "ldap://x/" is not an http or https URL' \
		"file = $dir/ldap-chain.pem"
}
check "OCSP URLs that nobody can ask, named" bad_urls

instead()
{
	checks 0 "in order" "file = $dir/before-chain.pem" "responder = $url"
}
check "a responder instead of one" instead

ktap_finished
