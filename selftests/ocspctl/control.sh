#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# What ocspctl asks of ocspd: refresh, test-fetch, add --keep, and what show and
# status tell of the refresher.

export STORE=standin
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspd.sh

start_store_test
leaf one 20 "$bad/one/"
leaf two 21 "$bad/two/"
leaf far 22 http://127.0.0.1:1/
start_bad || ktap_exit_fail_msg "no responder"
write_conf "[certificate one]" "file = $dir/one-chain.pem" \
	"[certificate two]" "file = $dir/two-chain.pem" \
	"[certificate far]" "file = $dir/far-chain.pem"
ktap_set_plan 10

without()
{
	export OCSPD_SOCKET="$dir/ocspd.sock"
	refuses 1 "ocspd: cannot connect to $OCSPD_SOCKET: No such file or directory; is it running?" \
		refresh --all &&
	refuses 1 "needs either CERT or --all" refresh &&
	refuses 1 "needs either CERT or --all" refresh --all "$dir/one.pem" &&
	expect 0 set "$leaf" "$dir/good.der" && expect 0 show "$leaf" && quiet &&
	! prints "refresh " && expect 0 -j show && quiet &&
	json 'j[0]["next_attempt"] is None and j[0]["kept"] is None' &&
	expect 0 status && quiet && prints "control socket cannot be reached" &&
	expect 0 -j status && json 'j["refresher"] is None' && expect 0 del "$leaf"
}
answer good leaf
check "without ocspd: an error, or nothing of it" without

start_ocspd || ktap_exit_fail_msg "ocspd does not start"
wait_for 20 state two valid
wait_for 20 failed_with far "cannot connect"
one=$(key_of one)
far=$(key_of far)

refreshes()
{
	: > "$dir/requests"
	expect 0 refresh "$dir/one.pem" && quiet &&
	prints "$(echo "$one" | cut -c 1-16) stored" && [ "$(requests one)" -eq 1 ] &&
	[ "$(requests two)" -eq 0 ]
}
check "refresh of one" refreshes

refreshes_all()
{
	: > "$dir/requests"
	expect 6 refresh --all && quiet && prints "$(echo "$one" | cut -c 1-16) stored" &&
	prints "$(echo "$far" | cut -c 1-16) failed: cannot connect" &&
	[ "$(requests one)" -eq 1 ] && [ "$(requests two)" -eq 1 ] &&
	expect 6 -j refresh --all &&
	json "len(j) == 3 and [r['reason'][:14] for r in j if r['key'] == '$far'] == ['cannot connect']"
}
check "refresh --all: 6 where one failed" refreshes_all

options()
{
	: > "$dir/requests"
	expect 0 refresh "$one" --no-cache && grep -q '^one .*no-cache' "$dir/requests" &&
	expect 0 refresh --no-wait --all && prints "asked for 3"
}
check "refresh --no-cache and --no-wait" options

not_known()
{
	refuses 1 "ocspd: ocspd knows no such certificate" refresh "$(printf '%064d' 0)" &&
	refuses 1 "no such file" refresh none.example
}
check "refresh of what ocspd does not know: 1" not_known

shows()
{
	expect 0 show "$dir/one.pem" && prints "  refresh fresh, pinned" &&
	prints "from $bad/one/" && prints "next attempt 20" && prints "last success 20" &&
	expect 0 show && ! prints "next attempt" && expect 0 show -v && prints "next attempt" &&
	expect 0 -j show && json "all(r['next_attempt'] > 0 for r in j) and
		[r['last_success'] for r in j if r['key'] == '$far'] == [None] and
		[r['responder'] for r in j if r['key'] == '$one'] == ['$bad/one/'] and
		all(r['pinned'] for r in j)"
}
check "show: next attempt, last success, responder" shows

tells()
{
	expect 0 status && prints "refresher    ocspd for " && prints " responders held" &&
	expect 0 -j status && json 'j["refresher"]["certificates"] == 3'
}
check "status of the refresher" tells

# A test-fetch stores nothing.
tests()
{
	local before

	before=$(generation one)
	expect 0 test-fetch "$dir/one.pem" && prints "GET $bad/one/" && prints "; HTTP 200, " &&
	prints "  good, next update in " && [ "$(generation one)" = "$before" ] &&
	expect 6 test-fetch "$dir/far.pem" && prints "  cannot connect" &&
	expect 0 -j test-fetch "$one" && json 'j[0]["http_status"] == 200 and j[-1]["result"] == "ok"'
}

keeps()
{
	make_leaf "$dir" kept 23 "$bad/kept/" && expect 0 add --keep "$dir/kept-chain.pem" &&
	expect 0 -j show "$dir/kept.pem" && json 'j[0]["kept"] is True and j[0]["handles"] >= 1' &&
	expect 0 unkeep "$dir/kept.pem" && expect 0 -j show "$dir/kept.pem" &&
	json 'j[0]["kept"] is False'
}

# if_known REQUEST DESCRIPTION COMMAND...: a check, where ocspd has the request.
if_known()
{
	local request=$1 description=$2

	shift 2
	control "{\"request\": \"$request\", \"key\": \"$one\"}"
	if grep -q "unknown request" "$dir/answer"; then
		ktap_test_skip "$description"
	else
		check "$description" "$@"
	fi
}
if_known test-fetch "test-fetch" tests
if_known unkeep "add --keep and unkeep" keeps

# What answers is not ocspd: an answer that is none, or none at all.
strange()
{
	OCSPD_SOCKET=$dir/strange.sock
	for line in nonsense '[1]' '{"done":true,"error":"why\u001b"}' ''; do
		printf '%s\n' "$line" > "$dir/line"
		[ -n "$line" ] || : > "$dir/line"
		socat UNIX-LISTEN:"$OCSPD_SOCKET",unlink-early SYSTEM:"head -n 1 > /dev/null; cat $dir/line" &
		wait_for 10 test -S "$OCSPD_SOCKET" && expect 1 refresh --all &&
		[ "$(wc -l < "$dir/err")" -eq 1 ] && ! grep -q "$ESC" "$dir/err" || return 1
		wait "$!"
	done
}
check "an answer that is none: 1" strange

ktap_finished
