#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspctl's command line, and ocspctl verify: what needs no kernel module.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/lib.sh
. ../lib/ocspctl.sh

start_test

if ! { make_ca "$dir" && make_leaf "$dir" leaf 10 http://127.0.0.1/ &&
       make_leaf "$dir" other 11 && make_answers; }; then
	ktap_exit_fail_msg "cannot make certificates"
fi
ktap_set_plan $((32 + $(wc -l < "$dir/bad")))

verify()
{
	local status=$1

	shift
	expect "$status" verify --cert "$dir/leaf.pem" --issuer "$dir/ca.pem" \
		"$@"
}

good()
{
	verify 0 "$dir/good.der" && quiet && prints "good.der: good, valid until"
}
check "a good response: 0" good

sha256()
{
	verify 0 "$dir/sha256.der" && prints ": good,"
}
check "a good response to a SHA-256 CertID: 0" sha256

revoked()
{
	verify 2 "$dir/revoked.der" && quiet &&
	prints "revoked since $(date -u +%Y-%m)" && prints "(keyCompromise)"
}
check "a revoked certificate: 2" revoked

unknown()
{
	verify 3 "$dir/unknown.der" && quiet && prints ": unknown,"
}
check "an unknown certificate: 3" unknown

# openssl's own responder, offline.
real()
{
	openssl_quiet ocsp -issuer "$dir/ca.pem" -cert "$dir/leaf.pem" \
		-no_nonce -reqout "$dir/req.der" &&
	openssl_quiet ocsp -index "$dir/index.txt" -CA "$dir/ca.pem" "$@" \
		-reqin "$dir/req.der" -respout "$dir/real.der" -ndays 7 &&
	verify 0 "$dir/real.der"
}
check "openssl's response, by a delegate" \
	real -rsigner "$dir/signer.pem" -rkey "$dir/signer.key"
check "openssl's response, by the issuer" \
	real -rsigner "$dir/ca.pem" -rkey "$dir/ca.key" -resp_no_certs

# openssl has a verifier too; that takes what ours takes.
openssl_agrees()
{
	openssl_quiet ocsp -respin "$dir/$1.der" -issuer "$dir/ca.pem" \
		-cert "$dir/leaf.pem" -CAfile "$dir/ca.pem"
}
check "openssl takes the good response" openssl_agrees good

while read -r name reason; do
	check "refused: $name: 4" refuses 4 "$dir/$name.der: refused: $reason" \
		verify --cert "$dir/leaf.pem" --issuer "$dir/ca.pem" \
		"$dir/$name.der"
done < "$dir/bad"

wrong_issuer()
{
	refuses 4 "did not issue the certificate" verify \
		--cert "$dir/leaf.pem" --issuer "$dir/strange/ca.pem" \
		"$dir/good.der"
}
check "refused: another issuer of the same name: 4" wrong_issuer

# The issuers of a bundle

# A CA that is over, its renewal, and another one of their name. -set_serial,
# since openssl wants two that differ.
make_bundles()
{
	local in="$dir/ca.pem" out="$dir/over.pem"

	openssl_quiet x509 -in "$in" -x509toreq -signkey "$dir/ca.key" \
		-out "$dir/ca.req" &&
	openssl_quiet x509 -req -in "$dir/ca.req" -signkey "$dir/ca.key" \
		-set_serial 77 -days 0 -extfile "$dir/req.cnf" \
		-extensions root -out "$out" && sleep 1 &&
	cat "$out" "$in" > "$dir/over-first.pem" &&
	cat "$in" "$out" > "$dir/over-last.pem" &&
	cat "$dir/strange/ca.pem" "$in" > "$dir/strange-first.pem" &&
	cat "$in" "$dir/strange/ca.pem" > "$dir/strange-last.pem" &&
	cat "$dir/leaf.pem" "$dir/over-first.pem" "$dir/leaf.pem" \
		"$dir/strange-first.pem" > "$dir/all-of-them.pem"
}

bundles()
{
	make_bundles || return 1
	for bundle in over-first over-last strange-first strange-last \
		all-of-them; do
		expect 0 verify --cert "$dir/leaf.pem" \
			--issuer "$dir/$bundle.pem" "$dir/good.der" || return 1
	done
	refuses 4 "issuer CN=Test Root,O=ktls-ocsp selftests expired on" \
		verify --cert "$dir/leaf.pem" --issuer "$dir/over.pem" \
		"$dir/good.der"
}
check "the issuer in a bundle is the one that issued, and is valid" bundles

# What OpenSSL writes with -trustout, and its servers read
trusted()
{
	openssl_quiet x509 -in "$dir/leaf.pem" -trustout \
		-addtrust serverAuth -out "$dir/leaf-trusted.pem" &&
	openssl_quiet x509 -in "$dir/ca.pem" -trustout \
		-addreject OCSPSigning -out "$dir/ca-trusted.pem" &&
	cat "$dir/leaf-trusted.pem" "$dir/ca.pem" > "$dir/chain-trusted.pem" &&
	expect 0 verify --cert "$dir/chain-trusted.pem" \
		--issuer "$dir/ca-trusted.pem" "$dir/good.der"
}
check "a TRUSTED CERTIFICATE is one" trusted

# What clients may find, and RFC 6960 knows
extended_revoke()
{
	answer revoke leaf --append \
		1.0.1.0.0:a1153013301106092b06010505073001090101ff04010a &&
	verify 0 "$dir/revoke.der"
}
check "extended-revoke may be critical" extended_revoke

# The identifier names the issuer itself, where its issuer belongs.
false_hint()
{
	cat > "$dir/hint.cnf" <<-END
		authorityKeyIdentifier = keyid, issuer:always
	END
	openssl_quiet req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		-noenc -keyout "$dir/hint.key" -subj /CN=hint \
		-out "$dir/hint.req" &&
	openssl_quiet x509 -req -in "$dir/hint.req" -CA "$dir/ca.pem" \
		-CAkey "$dir/ca.key" -set_serial 99 -days 20 \
		-extfile "$dir/hint.cnf" -out "$dir/hint.pem" &&
	openssl_quiet x509 -req -in "$dir/ca.req" -CA "$dir/strange/ca.pem" \
		-CAkey "$dir/strange/ca.key" -set_serial 78 -days 20 \
		-extfile "$dir/req.cnf" -extensions root \
		-out "$dir/cross.pem" && answer hint hint &&
	expect 0 verify --cert "$dir/hint.pem" --issuer "$dir/ca.pem" \
		"$dir/hint.der" &&
	expect 0 verify --cert "$dir/hint.pem" --issuer "$dir/cross.pem" \
		"$dir/hint.der"
}
check "the authority key identifier is a hint" false_hint

namesake()
{
	cat > "$dir/namesake.cnf" <<-END
		extendedKeyUsage = OCSPSigning
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
	END
	openssl_quiet req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		-noenc -keyout "$dir/namesake.key" \
		-subj "/O=ktls-ocsp selftests/CN=Test Root" \
		-out "$dir/namesake.req" &&
	openssl_quiet x509 -req -in "$dir/namesake.req" -CA "$dir/ca.pem" \
		-CAkey "$dir/ca.key" -set_serial 98 -days 20 \
		-extfile "$dir/namesake.cnf" -out "$dir/namesake.pem" &&
	ocsp_sign --cert "$dir/leaf.pem" --issuer "$dir/ca.pem" \
		--signer "$dir/namesake.pem" --key "$dir/namesake.key" \
		-o "$dir/namesake.der" && verify 0 "$dir/namesake.der" &&
	openssl_agrees namesake
}
check "a delegate of the issuer's name" namesake

at()
{
	local status=$1

	shift
	verify "$status" --at "$1" "$dir/good.der"
}

at_times()
{
	at 0 "@$(date +%s)" && at 0 "$(date -u +%Y-%m-%dT%H:%M:%SZ)" &&
	at 4 "@$(($(date +%s) + 90000))" && says "response expired on 20" &&
	at 4 "$(date -u -d '-2 days' +%Y-%m-%dT%H:%M)" &&
	says "not valid before 20"
}
check "--at" at_times

bad_times()
{
	for time in yesterday 2026-13-01 2026-11-30T25:00 @ @12x 12 ''; do
		at 1 "$time" && says "not a time" || return 1
	done
}
check "--at that is no time: 1" bad_times

verify_json()
{
	verify 0 -j "$dir/good.der" && json '
		j["accepted"] is True and j["status"] == "good" and
		j["reason"] is None and j["revoked_at"] is None and
		j["next_update"] - j["this_update"] == 86400' || return 1
	verify 2 --json "$dir/revoked.der" && json '
		j["status"] == "revoked" and
		j["revocation_reason"] == "keyCompromise" and
		j["revoked_at"] == j["this_update"]' || return 1
	verify 3 -j "$dir/unknown.der" && json 'j["status"] == "unknown"' ||
		return 1
	verify 4 -j "$dir/tampered.der" && says "bad signature" && json '
		j["accepted"] is False and j["reason"] == "bad signature" and
		j["status"] is None and j["next_update"] is None'
}
check "verify -j" verify_json

# Files

# bad_file TEXT FILE: as a response, as a certificate and as an issuer.
bad_file()
{
	local text="$1" file="$2"

	verify 1 "$file" && says "$file: $text" &&
	expect 1 verify --cert "$file" --issuer "$dir/ca.pem" "$dir/good.der" &&
	says "$file: $text" &&
	expect 1 verify --cert "$dir/leaf.pem" --issuer "$file" \
		"$dir/good.der" &&
	says "$file: $text"
}

mkfifo "$dir/fifo"
head -c 1048577 /dev/zero > "$dir/huge"
check "a file that is not there: 1" \
	bad_file "No such file or directory" "$dir/none"
check "a directory: 1" bad_file "is a directory" "$dir"
check "a FIFO that nobody writes to: 1" \
	bad_file "is not a regular file" "$dir/fifo"
check "a device: 1" bad_file "is not a regular file" /dev/zero
check "a file above 1 MiB: 1" bad_file "is larger than 1048576" "$dir/huge"

bad_cert()
{
	local text="$1" file="$2"

	refuses 1 "$file: $text" verify --cert "$file" \
		--issuer "$dir/ca.pem" "$dir/good.der"
}
check "no certificate but a response: 1" \
	bad_cert "no certificate in it" "$dir/good.der"
check "no certificate but a key: 1" \
	bad_cert "no certificate in it" "$dir/leaf.key"
check "an empty file for a certificate: 1" \
	bad_cert "is empty" "$dir/empty.der"

damaged()
{
	sed '3s/./!/g' "$dir/leaf.pem" > "$dir/damaged.pem"
	bad_cert "certificate 1 in it is damaged" "$dir/damaged.pem" &&
	cat "$dir/leaf.pem" "$dir/damaged.pem" > "$dir/damaged2.pem" &&
	bad_cert "certificate 2 in it is damaged" "$dir/damaged2.pem"
}
check "a damaged certificate: 1" damaged

other_forms()
{
	openssl_quiet x509 -in "$dir/leaf.pem" -outform DER \
		-out "$dir/leaf.crt" &&
	expect 0 verify --cert "$dir/leaf.crt" --issuer "$dir/ca.pem" \
		"$dir/good.der" || return 1
	# A key, and words, before the certificate
	{ echo "Hello"; cat "$dir/leaf.key" "$dir/leaf.pem"; } > "$dir/all.pem"
	expect 0 verify --cert "$dir/all.pem" --issuer "$dir/ca.pem" \
		"$dir/good.der" || return 1
	echo >> "$dir/leaf.crt"
	bad_cert "1 bytes after the certificate" "$dir/leaf.crt"
}
check "certificates in DER, and among other things" other_forms

# The command line

no_command()
{
	expect 1 && grep -q ^usage "$dir/err" && ! [ -s "$dir/out" ]
}
check "no command: 1, and the usage on stderr" no_command

usage()
{
	refuses 1 "unknown command 'frob'" frob &&
	refuses 1 "unknown option '--frob'" --frob show &&
	refuses 1 "'--frob' is no option" show --frob &&
	refuses 1 "'-o' is no option" show -o x &&
	refuses 1 "'--json=1' is no option" show --json=1 &&
	refuses 1 "'--output' needs an argument" get x --output &&
	refuses 1 "'b' is one argument too many" show a b &&
	refuses 1 "'b' is one argument too many" monitor b &&
	refuses 1 "set needs CERT [--issuer FILE] RESPONSE" set a &&
	refuses 1 "get needs CERT" get &&
	refuses 1 "verify needs --cert" verify x &&
	refuses 1 "verify needs --cert" verify --cert x y
}
check "errors of usage: 1, and one line" usage

help_of_all()
{
	expect 0 --help && quiet && prints "Exit status" && prints "  monitor " ||
		return 1
	for command in show get add set del monitor verify; do
		expect 0 "$command" --help && quiet &&
		prints "usage: ocspctl [-j] $command" &&
		prints "Exit status" && prints "--json" &&
		expect 0 help "$command" && prints "[-j] $command" || return 1
	done
	refuses 1 "unknown command 'colour'" help colour &&
	refuses 1 "'get' is one argument too many" help show get
}
check "--help, for all and for each" help_of_all

version()
{
	expect 0 --version && [ "$(wc -l < "$dir/out")" -eq 1 ] &&
	grep -qx 'ocspctl [0-9.]*' "$dir/out"
}
check "--version" version

full_disk()
{
	fails_on_full_disk --help && fails_on_full_disk --version &&
	fails_on_full_disk verify --cert "$dir/leaf.pem" \
		--issuer "$dir/ca.pem" "$dir/good.der" &&
	fails_on_full_disk verify -j --cert "$dir/leaf.pem" \
		--issuer "$dir/ca.pem" "$dir/good.der"
}
check "nothing printed is an error" full_disk

# What a certificate's author chose does not reach the terminal.
escaped()
{
	local esc name

	esc=$(printf '\033')
	name=$(printf 'evil\033[31m\n\302\233m\342\200\256')
	echo "" | issue "$dir" evil 12 "$name" &&
	ocsp_sign --cert "$dir/leaf.pem" --issuer "$dir/ca.pem" \
		--signer "$dir/evil.pem" --key "$dir/evil.key" \
		-o "$dir/evil.der" && verify 4 "$dir/evil.der" &&
	says "delegate CN=evil" && ! grep -q "$esc" "$dir/err" &&
	! LC_ALL=C grep -q '[^ -~]' "$dir/err"
}
check "names in refusals are escaped" escaped

ktap_finished
