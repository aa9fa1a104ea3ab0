#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspctl show, get, set and del: what they do, and after each refusal the same
# store. See add.sh and verify.sh for the other commands.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspctl.sh

start_store_test
if ! { make_answers && answer plain plain &&
       answer new leaf --this 1 --next 90000 &&
       answer newer leaf --this 2 --next 95000 --status revoked; }; then
	ktap_exit_fail_msg "cannot sign responses"
fi
ktap_set_plan $((34 + $(wc -l < "$dir/bad")))

# unchanged STATUS TEXT ARGUMENT...: refused, and the store is what it was.
unchanged()
{
	snapshot before
	refuses "$@" || return 1
	snapshot after
	cmp "$dir/before" "$dir/after" >> "$dir/err" 2>&1
}

check "an empty store" empty_store

# set, show

set_good()
{
	expect 0 set "$leaf" "$dir/good.der" && quiet &&
	prints "good.der: good, valid until"
}
check "set" set_good

show_json()
{
	expect 0 -j show && quiet && json "len(j) == 1" &&
	json "j[0]['key'] == '$key'" && json "
		j[0]['subject'] == 'CN=leaf,O=ktls-ocsp selftests' and
		j[0]['url'] == '$url' and j[0]['state'] == 'valid' and
		j[0]['status'] == 'good' and j[0]['generation'] > 0 and
		j[0]['next_update'] - j[0]['this_update'] == 86400 and
		abs(j[0]['stored'] - $(date +%s)) < 60 and
		j[0]['blob_len'] == $(stat -c %s "$dir/good.der") and
		j[0]['handles'] == 0 and j[0]['failures'] == 0 and
		j[0]['failure'] is None and j[0]['failure_time'] is None and
		j[0]['must_staple'] is False and j[0]['served'] is True"
}
check "show -j" show_json

# In the second in which it was made a response has the whole day left.
show_text()
{
	sleep 1
	expect 0 show && quiet &&
	prints "CN=leaf,O=ktls-ocsp selftests" &&
	prints "$(echo "$key" | cut -c 1-16) " && ! prints "$key" &&
	prints "state valid status good" && prints "handles 0" &&
	prints "next update 20" && prints " UTC, in 23 h " &&
	! grep -q '.\{81\}' "$dir/out" &&
	expect 0 show -v && prints "key $key"
}
check "show, in 80 columns" show_text

colons=$(echo "$key" | tr a-f A-F | sed 's/../&:/g; s/:$//')

show_one()
{
	for name in "$leaf" "$dir/leaf.pem" "$key" "$colons" \
		"$(echo "$key" | tr a-f A-F)" "SHA256 Fingerprint=$colons" \
		"sha256 Fingerprint=$colons" "${key%?}" \
		"$(echo "$key" | cut -c 1-16)" "$(echo "$colons" | cut -c 1-14)" \
		"$(echo "$key" | cut -c 1-4)"; do
		expect 0 show "$name" && prints "key $key" &&
		prints "responder $url" && expect 0 -j show "$name" &&
		json "len(j) == 1 and j[0]['key'] == '$key'" || return 1
	done
	openssl_quiet x509 -in "$dir/leaf.pem" -outform DER \
		-out "$dir/leaf.crt" &&
	expect 0 show "$dir/leaf.crt" && prints "key $key"
}
check "show of one, by PEM, DER and key in any form" show_one

not_there()
{
	unchanged 1 "$other: no entry has this key" show "$other" &&
	unchanged 1 "no entry has this key" get "$other" &&
	unchanged 1 "no entry has this key" del "$other" &&
	unchanged 1 "no entry has this key" set \
		"$(key_of other)" "$dir/other.der" &&
	unchanged 1 "no entry has this beginning of a key" \
		show 0000000000000000 &&
	for name in "$(echo "$key" | cut -c 1-3)" "${key}0" "${key%?}x" \
		"$colons:" none.example.com none.pem; do
		unchanged 1 "$name: no such file, and no entry has this name" \
			show "$name" &&
		unchanged 1 "$name: no such file, and no entry has this name" \
			get "$name" || return 1
	done
	unchanged 1 "No such file" show "" &&
	unchanged 1 "No such file" show ./none.pem
}
check "what is not there" not_there

# By name. The certificates of make_leaf are all for localhost.

named()
{
	alt_name=www.example.com
	make_leaf "$dir" www 31 "$url" && alt_name="*.example.org" &&
	make_leaf "$dir" wild 32 "$url" && alt_name= && answer www www &&
	answer wild wild && expect 0 set "$dir/www-chain.pem" "$dir/www.der" &&
	expect 0 set "$dir/wild-chain.pem" "$dir/wild.der"
}

by_name()
{
	named || return 1
	for name in www.example.com WWW.Example.COM \
		"CN=www,O=ktls-ocsp selftests"; do
		expect 0 -j show "$name" &&
		json "[r['key'] for r in j] == ['$(key_of www)']" &&
		expect 0 get "$name" && cmp "$dir/out" "$dir/www.der" || return 1
	done
	for name in a.example.org "*.example.org"; do
		expect 0 -j show "$name" &&
		json "[r['key'] for r in j] == ['$(key_of wild)']" || return 1
	done
	expect 0 -j show localhost && json "len(j) == 3" &&
	expect 0 -j show 127.0.0.1 && json "len(j) == 3" &&
	expect 0 show localhost --count && [ "$(cat "$dir/out")" = 3 ] &&
	expect 0 -j show localhost --state failed && json "j == []" &&
	unchanged 1 "localhost: 3 entries have this name" get localhost &&
	unchanged 1 "localhost: 3 entries have this name" del localhost &&
	unchanged 1 "no entry has this name" show example.org &&
	expect 0 set www.example.com "$dir/www.der"
}
check "by name: DNS name, wildcard, IP address and subject" by_name

order()
{
	expect 0 -j show --sort key &&
	json '[r["key"] for r in j] == sorted(r["key"] for r in j)' &&
	expect 0 -j show --sort subject &&
	json '[r["subject"][:6] for r in j] == ["CN=lea", "CN=wil", "CN=www"]' &&
	answer long wild --this 1 --next 172800 &&
	answer short www --this 1 --next 7200 &&
	expect 0 set "$dir/wild-chain.pem" "$dir/long.der" &&
	expect 0 set "$dir/www-chain.pem" "$dir/short.der" &&
	expect 0 -j show --sort expires &&
	json '[r["subject"][3] for r in j] == ["w", "l", "w"]' &&
	ocsp_report "$(key_of wild)" "HTTP 503" 2 &&
	ocsp_report "$(key_of leaf)" "HTTP 503" &&
	expect 0 -j show --sort failures &&
	json '[r["failures"] for r in j] == [2, 1, 0]' &&
	expect 0 show --count --expires-within 3h &&
	[ "$(cat "$dir/out")" = 1 ] && expect 0 -j show --count &&
	json 'j == {"count": 3}' &&
	unchanged 1 "'size' is not an order" show --sort size &&
	unchanged 1 "exclude each other" show --count "$leaf" &&
	expect 0 del www.example.com && expect 0 del "*.example.org" &&
	expect 0 set "$leaf" "$dir/good.der"
}
check "show --sort and --count" order

issuer()
{
	unchanged 1 "no certificate in it issued the one in $dir/www.pem" \
		set "$dir/www.pem" --issuer "$dir/signer.pem" "$dir/www.der" &&
	unchanged 1 "$dir/none: No such file" \
		set "$dir/www.pem" --issuer "$dir/none" "$dir/www.der" &&
	unchanged 1 "--issuer takes a file with the certificate" \
		set "$key" --issuer "$dir/ca.pem" "$dir/good.der" &&
	unchanged 1 "no issuer in it" set "$dir/www.pem" "$dir/www.der" &&
	cat "$dir/signer.pem" "$dir/ca.pem" > "$dir/bundle.pem" &&
	expect 0 set "$dir/www.pem" --issuer "$dir/bundle.pem" "$dir/www.der" &&
	expect 0 add "$dir/www.pem" --issuer "$dir/bundle.pem" &&
	prints "state valid" && expect 0 del "$dir/www.pem"
}
check "set and add with the issuer in another file" issuer

# get

get_stdout()
{
	expect 0 get "$leaf" && cmp "$dir/out" "$dir/good.der" &&
	expect 0 get "$key" && cmp "$dir/out" "$dir/good.der"
}
check "get to standard output" get_stdout

get_file()
{
	rm -f "$dir/got"
	(umask 027 && expect 0 get "$leaf" -o "$dir/got") &&
	cmp "$dir/got" "$dir/good.der" && ! [ -s "$dir/out" ] &&
	[ "$(stat -c %a "$dir/got")" = 640 ] || return 1
	# Over what is there, and through a link
	echo old > "$dir/got"
	ln -sf got "$dir/link"
	expect 0 get --output "$dir/link" "$leaf" && [ -L "$dir/link" ] &&
	cmp "$dir/got" "$dir/good.der" && [ -z "$(ls "$dir"/got.*)" ]
}
check "get to a file" get_file

get_json()
{
	expect 0 -j get "$leaf" && json "
		j['key'] == '$key' and
		__import__('base64').b64decode(j['blob']) ==
		open('$dir/good.der', 'rb').read()" &&
	expect 0 get -j "$leaf" -o "$dir/got" &&
	json "'blob' not in j and j['key'] == '$key'" &&
	cmp "$dir/got" "$dir/good.der"
}
check "get -j" get_json

get_terminal()
{
	script -qec "ocspctl get '$leaf'" /dev/null > "$dir/out" 2>&1
	grep -q "is not for a terminal" "$dir/out"
}
check "get does not write DER to a terminal" get_terminal

get_nowhere()
{
	mkdir -p "$dir/tiny" && mount -t tmpfs -o size=8k none "$dir/tiny" ||
		return 1
	echo old > "$dir/tiny/got"
	cat /dev/zero > "$dir/tiny/fill" 2>/dev/null
	refuses 1 "$dir/tiny/got: No space left" get "$leaf" \
		-o "$dir/tiny/got" &&
	[ "$(cat "$dir/tiny/got")" = old ] &&
	[ "$(ls "$dir/tiny")" = "$(printf 'fill\ngot')" ] &&
	refuses 1 "$dir: Is a directory" get "$leaf" -o "$dir" &&
	refuses 1 "/dev/null: is not a regular file" get "$leaf" \
		-o /dev/null && [ -c /dev/null ] &&
	refuses 1 "No such file" get "$leaf" -o "$dir/none/got"
}
check "get to where it cannot write leaves the file as it was" get_nowhere
umount "$dir/tiny"

full_disk()
{
	fails_on_full_disk show && fails_on_full_disk -j show &&
	fails_on_full_disk get "$leaf" && fails_on_full_disk -j get "$leaf"
}
check "nothing printed is an error" full_disk

# What is refused

while read -r name reason; do
	check "set of what is refused: $name: 4" unchanged 4 \
		"$dir/$name.der: refused: $reason" set "$leaf" "$dir/$name.der"
done < "$dir/bad"

refused_by_key()
{
	unchanged 4 "bad signature" set "$key" "$dir/tampered.der" &&
	unchanged 4 "another certificate" set "$key" "$dir/other.der"
}
check "set by key of what is refused: 4" refused_by_key

refused_json()
{
	unchanged 4 "bad signature" -j set "$leaf" "$dir/tampered.der" &&
	json 'j["accepted"] is False and j["reason"] == "bad signature"'
}
check "set -j of what is refused: 4" refused_json

refused_new()
{
	unchanged 4 "response is for another certificate" \
		set "$other" "$dir/good.der"
}
check "a refused set creates nothing" refused_new

bad_files()
{
	head -c 1048577 /dev/zero > "$dir/huge"
	unchanged 1 "$dir: is a directory" set "$leaf" "$dir" &&
	unchanged 1 "$dir: is a directory" set "$dir" "$dir/good.der" &&
	unchanged 1 "$dir: is a directory" add "$dir" &&
	unchanged 1 "$dir: is a directory" del "$dir" &&
	unchanged 1 "$dir/huge: is larger" set "$leaf" "$dir/huge" &&
	unchanged 1 "$dir/huge: is larger" set "$dir/huge" "$dir/good.der" &&
	unchanged 1 "No such file" set "$leaf" "$dir/none" &&
	unchanged 1 "no certificate in it" set "$dir/good.der" "$dir/good.der"
}
check "bad files: 1" bad_files

no_issuer()
{
	cat "$dir/leaf.pem" "$dir/strange/signer.pem" > "$dir/unchained.pem"
	unchanged 1 "leaf.pem: no issuer in it" \
		set "$dir/leaf.pem" "$dir/new.der" &&
	unchanged 1 "no issuer in it" add "$dir/leaf.pem" &&
	unchanged 1 "no issuer in it" add "$dir/unchained.pem" &&
	unchanged 1 "a key is not enough" add "$key"
}
check "no issuer: 1" no_issuer

older()
{
	expect 0 set "$leaf" "$dir/new.der" || return 1
	unchanged 4 "refused: older than the stored response" set "$leaf" "$dir/good.der"
}
check "an older response: 4" older

privileges()
{
	snapshot before
	unprivileged 1 set "$leaf" "$dir/new.der" && says CAP_NET_ADMIN &&
	unprivileged 1 set "$key" "$dir/new.der" && says CAP_NET_ADMIN &&
	unprivileged 1 del "$leaf" && says CAP_NET_ADMIN &&
	unprivileged 1 add "$other" && says CAP_NET_ADMIN || return 1
	snapshot after
	cmp "$dir/before" "$dir/after"
}
check "no privilege: 1, and which" privileges

everybody()
{
	unprivileged 0 show && prints "CN=leaf" &&
	unprivileged 0 get "$leaf" && cmp "$dir/out" "$dir/new.der" &&
	unprivileged 0 add "$leaf" && prints "state valid" &&
	unprivileged 4 verify --cert "$dir/leaf.pem" --issuer "$dir/ca.pem" \
		"$dir/tampered.der"
}
check "show, get, add of what is there and verify are for all" everybody

# The rest of set

set_key()
{
	expect 0 -j set "$colons" "$dir/newer.der" && json "
		j['accepted'] is True and j['status'] == 'revoked' and
		j['key'] == '$key' and j['generation'] > 0 and
		j['revocation_reason'] == 'keyCompromise'" &&
	expect 0 show "$key" && prints "status revoked" &&
	expect 0 get "$key" && cmp "$dir/out" "$dir/newer.der"
}
check "set by key, of a revoked certificate: stored" set_key

set_plain()
{
	expect 0 set "$dir/plain-chain.pem" "$dir/plain.der" &&
	expect 0 show "$dir/plain.pem" && prints "status good"
}
check "set for a certificate that names no responder" set_plain

set_unknown()
{
	answer other_unknown other --status unknown &&
	refuses 4 "the responder does not know the certificate" set "$other" "$dir/other_unknown.der" &&
	refuses 1 "no entry has this key" get "$other" &&
	expect 0 set "$other" "$dir/other.der"
}
check "set of an unknown: 4, nothing stored" set_unknown

del()
{
	expect 0 del "$leaf" && quiet && ! [ -s "$dir/out" ] &&
	refuses 1 "no entry has this key" get "$key" &&
	expect 0 -j del "$(key_of plain)" &&
	json "j == { 'key': '$(key_of plain)' }" &&
	expect 0 del "$other" && empty_store
}
check "del" del

# Failures, which a refresher reports

# The kernel takes printable ASCII alone.
failures()
{
	expect 0 set "$leaf" "$dir/good.der" &&
	ocsp_report "$key" "HTTP 503" && ! ocsp_report "$key" "HTTP${ESC}[31m" &&
	! ocsp_report "$key" "HTTP${CSI}31m 504" && ocsp_report "$key" "HTTP 504" &&
	expect 0 -j show && json '
		j[0]["failures"] == 2 and j[0]["state"] == "valid" and
		j[0]["failure"] == "HTTP 504" and
		abs(j[0]["failure_time"] - '"$(date +%s)"') < 60' &&
	expect 0 show && prints ' s ago, 2 in a row: HTTP 504'
}
check "failures are shown" failures

long_failure()
{
	ocsp_report "$key" "$(printf '%0255d' 0)" && expect 0 show &&
	prints "0..." && ! grep -q '.\{81\}' "$dir/out" &&
	expect 0 show -v && prints "$(printf '%0255d' 0)"
}
check "a long failure is cut in a list" long_failure

failures_end()
{
	expect 0 set "$leaf" "$dir/new.der" && expect 0 -j show &&
	json 'j[0]["failures"] == 0 and j[0]["failure"] is None'
}
check "a new response ends the failures" failures_end

names()
{
	local name

	name=$(printf 'evil\033[31m\n\342\200\256\303\251')
	echo "authorityInfoAccess = OCSP;URI:$url" |
		issue "$dir" evil 20 "$name" || return 1
	cat "$dir/evil.pem" "$dir/ca.pem" > "$dir/evil-chain.pem"
	expect 0 add --no-wait "$dir/evil-chain.pem" || return 1
	for locale in C C.UTF-8; do
		LC_ALL=$locale expect 0 show &&
		prints 'CN=evil\1B[31m\0A' && ! grep -q "$ESC" "$dir/out" &&
		! grep -q "$(printf '\342\200\256')" "$dir/out" || return 1
	done
	prints "$(printf '\303\251')" && expect 0 -j show &&
	! LC_ALL=C grep -q '[^ -~]' "$dir/out" &&
	json '[r for r in j if (r["subject"] or "").find("\xe9") > 0]' &&
	expect 0 del "$dir/evil.pem"
}
check "names are escaped" names

must_staple()
{
	printf 'tlsfeature = status_request\nauthorityInfoAccess = %s\n' \
		"OCSP;URI:$url" | issue "$dir" must 21 must || return 1
	cat "$dir/must.pem" "$dir/ca.pem" > "$dir/must-chain.pem"
	answer must must && answer soon must --this 1 --next 540 &&
	expect 0 add --no-wait "$dir/must-chain.pem" &&
	expect 0 show && prints "MUST-STAPLE, BUT NOTHING TO SERVE" &&
	expect 0 set "$dir/must-chain.pem" "$dir/must.der" &&
	expect 0 show && prints "  must-staple" && ! prints MUST-STAPLE &&
	expect 0 -j show "$dir/must.pem" && json 'j[0]["must_staple"] is True' &&
	expect 0 set "$dir/must-chain.pem" "$dir/soon.der" &&
	expect 0 -j show "$dir/must.pem" && json '
		j[0]["state"] == "valid" and j[0]["served"] is False' &&
	expect 0 show && prints "MUST-STAPLE, BUT NOTHING TO SERVE"
}
check "must-staple, and loud without a staple" must_staple

filters()
{
	expect 0 -j show --state valid &&
	json 'j and {r["state"] for r in j} == {"valid"}' &&
	expect 0 -j show --state pending,failed,expired,withdrawn &&
	json 'not [r for r in j if r["state"] == "valid"]' &&
	expect 0 -j show --expires-within 10min &&
	json "[r['key'] for r in j] == ['$(key_of must)']" &&
	expect 0 -j show --expires-within 7d --state valid --newer-than 0 &&
	json 'len(j) > 1' && expect 0 -j show --expires-within 0 &&
	json 'j == []' && expect 0 -j show --newer-than 999999999 &&
	json 'j == []' &&
	unchanged 1 "'bad' is not a state" show --state valid,bad &&
	unchanged 1 "'' is not a state" show --state valid, &&
	unchanged 1 "'5x' is not a time span" show --expires-within 5x &&
	unchanged 1 "'-1' is not a generation" show --newer-than -1 &&
	unchanged 1 "exclude each other" show --state valid "$leaf"
}
check "show with filters" filters

stats()
{
	expect 0 stats && prints "entries " && prints "handles " &&
	prints "events lost 0" && expect 0 -j stats &&
	json 'j["entries"]["used"] > 1 and j["blobs_set"] > 1 and
		j["sessions"]["used"] == 0 and j["bytes"]["limit"] > 1000 and
		j["handles"]["user_used"] == 0'
}
check "stats" stats

ktap_finished
