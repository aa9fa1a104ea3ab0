#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspd's control socket: what it answers, to whom, and that no client holds it up.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ../lib/isolated.sh
. ../lib/ocspd.sh

start_store_test
leaf one 20 "$bad/one/"
leaf two 21 "$bad/two/"
leaf far 22 http://127.0.0.1:1/
start_bad || ktap_exit_fail_msg "no responder"
ktap_set_plan 17

write_conf "[certificate one]" "file = $dir/one-chain.pem" \
	"[certificate two]" "file = $dir/two-chain.pem" \
	"[certificate far]" "file = $dir/far-chain.pem"
start_ocspd || ktap_exit_fail_msg "ocspd does not start"
wait_for 20 state one valid
wait_for 20 state two valid
wait_for 20 failed_with far "cannot connect"
one=$(key_of one)
two=$(key_of two)
far=$(key_of far)

is_private()
{
	[ "$(stat -c %a "$OCSPD_SOCKET")" = 600 ]
}
check "the socket is its owner's" is_private

status()
{
	control '{"request": "status"}' && answers '"done":true' '"ready":true' \
		'"certificates":3' '"fresh":2' '"failing":1' '"unserved":1' \
		'"pinned":3' '"stored":2' && [ "$(wc -l < "$dir/answer")" -eq 1 ]
}
check "status" status

lists()
{
	control '{"request": "list"}' && answers '^{"done":true,"count":3}$\|^{"count":3,"done":true}$' \
		"\"key\":\"$one\",\"certificate\":\"CN=one,.*\"state\":\"fresh\"" \
		"\"key\":\"$far\".*\"last_success\":null,\"last_failure\":[0-9]*,\"failure\":\"cannot connect.*\"responder\":\"http://127.0.0.1:1/\"" &&
	[ "$(wc -l < "$dir/answer")" -eq 4 ]
}
check "list" lists

lists_one()
{
	control "{\"request\": \"list\", \"key\": \"$two\"}" &&
	answers "\"key\":\"$two\".*\"status\":\"good\",\"next_update\":[0-9]" '"count":1' &&
	[ "$(wc -l < "$dir/answer")" -eq 2 ]
}
check "list of one certificate" lists_one

refreshes()
{
	local before

	before=$(generation one)
	: > "$dir/requests"
	control "{\"request\": \"refresh\", \"key\": \"$one\", \"wait\": true}" &&
	answers "^{\"key\":\"$one\",\"result\":\"stored\",\"reason\":null}" '"count":1' &&
	newer one "$before" && [ "$(requests one)" -eq 1 ] && [ "$(requests two)" -eq 0 ]
}
check "refresh of one that is fresh, and its end" refreshes

refreshes_all()
{
	: > "$dir/requests"
	control '{"request": "refresh", "all": true, "wait": true}' &&
	answers "\"key\":\"$one\",\"result\":\"stored\"" "\"key\":\"$two\",\"result\":\"stored\"" \
		"\"key\":\"$far\",\"result\":\"failed\",\"reason\":\"cannot connect" '"count":3' &&
	[ "$(requests one)" -eq 1 ] && [ "$(requests two)" -eq 1 ]
}
check "refresh of all" refreshes_all

does_not_wait()
{
	: > "$dir/requests"
	control "{\"request\": \"refresh\", \"key\": \"$two\"}" && answers '^{"count":1,"done":true}$' &&
	wait_for 20 requests_are two 1
}
requests_are()
{
	[ "$(requests "$1")" -eq "$2" ]
}
check "refresh without waiting" does_not_wait

asks_caches()
{
	: > "$dir/requests"
	control "{\"request\": \"refresh\", \"key\": \"$one\", \"no_cache\": true, \"wait\": true}" &&
	answers '"result":"stored"' && grep -q '^one .*no-cache' "$dir/requests"
}
check "refresh past the caches" asks_caches

held()
{
	fault two http 429 &&
	control "{\"request\": \"refresh\", \"key\": \"$two\", \"wait\": true}" &&
	answers '"result":"failed","reason":"HTTP 429"' && : > "$dir/requests" &&
	control "{\"request\": \"refresh\", \"key\": \"$two\", \"wait\": true}" &&
	answers '"result":"held","reason":"HTTP 429; the responder wants no request' &&
	[ "$(requests two)" -eq 0 ] && control "{\"request\": \"list\", \"key\": \"$two\"}" &&
	answers '"state":"held"' '"held_until":[0-9]'
}
check "a responder that wants no request gets none" held

refuses()
{
	control 'nonsense' && answers '"error":"the request is not a JSON object"' &&
	control '[1]' && answers '"error":"the request is not a JSON object"' &&
	control '{"request": "dance"}' && answers '"error":"unknown request"' &&
	control '{"request": "refresh"}' && answers '"error":"\\"key\\" has to be' &&
	control '{"request": "list", "key": "00"}' && answers '"error":"\\"key\\" has to be' &&
	control "{\"request\": \"list\", \"key\": \"$(printf '%064d' 0)\"}" &&
	answers '"error":"ocspd knows no such certificate"' &&
	control "$(printf '%05000d' 0)" && answers '"error":"the request is too long"'
}
check "requests that are none" refuses

several()
{
	printf '%s\n' '{"request": "status"}' '{"request": "list"}' '{"request": "status"}' |
		socat -t 60 - "UNIX-CONNECT:$OCSPD_SOCKET" > "$dir/answer" &&
	[ "$(grep -c '"done":true' "$dir/answer")" -eq 3 ]
}
check "several requests on one connection" several

gets_in()
{
	control '{"request": "status"}' 2> /dev/null && answers '"ready":true' 2> /dev/null
}

# The connections of clients that say nothing and of one too many
idle_clients()
{
	local pids='' i

	for i in 1 2 3 4 5 6 7 8; do
		sleep 60 | socat - "UNIX-CONNECT:$OCSPD_SOCKET" > /dev/null &
		pids="$pids $!"
	done
	sleep 1
	! gets_in && answers '"error":"too many clients"' || return 1
	# They are disconnected.
	wait_for 20 gets_in
	i=$?
	# shellcheck disable=SC2086 # split on purpose
	kill $pids 2> /dev/null
	return "$i"
}
check "clients that send nothing are disconnected, others get in then" idle_clients

# What a client does not read is not made.
reads_nothing()
{
	local pid

	{ i=0; while [ "$i" -lt 20 ]; do printf '{"request": "list"}\n'; i=$((i + 1)); done; sleep 60; } |
		socat -u - "UNIX-CONNECT:$OCSPD_SOCKET" &
	pid=$!
	control '{"request": "status"}' && answers '"ready":true'
	i=$?
	kill "$pid"
	return "$i"
}
check "a client that reads nothing holds up nobody" reads_nothing

tests_fetch()
{
	local before

	before=$(generation one)
	control "{\"request\": \"test-fetch\", \"key\": \"$one\"}" &&
	answers "\"url\":\"$bad/one/\",\"method\":\"GET\",\"digest\":\"SHA-256\",.*\"http_status\":200,.*\"content_type\":\"application/ocsp-response\",\"reason\":null,\"status\":\"good\"" \
		'"result":"ok","done":true' && [ "$(generation one)" = "$before" ]
}
check "test-fetch, of which nothing is stored" tests_fetch

test_fails()
{
	fault one bad-signature && : > "$dir/requests" &&
	control "{\"request\": \"test-fetch\", \"key\": \"$one\"}" &&
	answers '"method":"GET".*"reason":".*signature' '"method":"POST".*"reason":".*signature' \
		'"digest":"SHA-1"' '"result":"failed","done":true' &&
	[ "$(requests one)" -ge 3 ] && control "{\"request\": \"test-fetch\", \"key\": \"$far\"}" &&
	answers '"http_status":null.*"reason":"cannot connect' '"result":"failed"' &&
	control "{\"request\": \"test-fetch\", \"key\": \"$two\"}" &&
	answers '"reason":"HTTP 429' '"result":"failed"' &&
	fault one good
}
check "test-fetch that brings nothing: each request, and why" test_fails

keeps()
{
	local kept

	leaf kept 30 "$bad/kept/" && kept=$(key_of kept) && expect 0 add "$dir/kept-chain.pem" &&
	control "{\"request\": \"keep\", \"key\": \"$kept\"}" && answers '^{"done":true}$' &&
	control "{\"request\": \"list\", \"key\": \"$kept\"}" && answers '"kept":true' &&
	expect 0 show "$dir/kept.pem" && prints "handles 1" && stop_ocspd &&
	expect 0 del "$dir/kept.pem" && : > "$dir/requests" && start_ocspd &&
	wait_for 20 state kept valid && expect 0 show "$dir/kept.pem" &&
	prints "handles 1" && control '{"request": "status"}' && answers '"kept":1' &&
	control "{\"request\": \"unkeep\", \"key\": \"$kept\"}" && answers '^{"done":true}$' &&
	expect 0 show "$dir/kept.pem" && prints "handles 0" &&
	control "{\"request\": \"unkeep\", \"key\": \"$kept\"}" && answers '"error":"it is not kept"'
}
check "keep holds over a restart, unkeep ends it" keeps

starts_again()
{
	kill_ocspd && [ -S "$OCSPD_SOCKET" ] && start_ocspd && control '{"request": "status"}' &&
	answers '"ready":true' && stop_ocspd && [ ! -e "$OCSPD_SOCKET" ]
}
check "a socket that was left behind is replaced, and one's own removed" starts_again

ktap_finished
