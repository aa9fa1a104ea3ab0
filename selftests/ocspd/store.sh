#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspd and what happens to the store meanwhile: it is not there yet, tells more
# than can be read, and others store something in it.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspd.sh

start_store_test
leaf one 20 "$bad/one/"
leaf two 21 "$bad/two/"
# A responder of its own: what it asks for holds for all that is there.
leaf three 22 "http://127.0.0.2:$BAD/three/"
leaf four 23 "$bad/four/"
# Half-life decides when a response is refreshed.
write_conf "refresh = 86400" "[certificate one]" "file = $dir/one-chain.pem"
start_bad || ktap_exit_fail_msg "no responder"
trap 'unstep_clock; rm -rf "$dir"' EXIT
ktap_set_plan 5

# The module comes later than ocspd.
starts_without()
{
	launch_ocspd
	wait_for 10 logged "waiting for that"
}

# The next look for it is 7 s away then: it is told, by a kernel.
waits_long()
{
	starts_without || return 1
	[ "$STORE" != kernel ] || sleep 7
	kill -0 "$ocspd"
}

no_module()
{
	local start

	without_autoload waits_long && load_store || return 1
	start=$(now_ms)
	wait_for 10 logged "ready, " && [ $(($(now_ms) - start)) -lt 4000 ] &&
	wait_for 20 state one valid
}

# What it loads is there for ocspd, too, before it is told what there is.
first_client()
{
	stop_ocspd && unload_store && without_autoload waits_long &&
	expect 0 add "$dir/four-chain.pem" && ! grep "no refresher" "$dir/err" && state four valid
}
unloaded=
if unload_store; then
	unloaded=1
	check "no module: waits for it" no_module
else
	ktap_test_skip "no module: waits for it"
	start_ocspd
fi
if [ "$unloaded$STORE" = 1kernel ]; then
	check "the first client loads the module, and gets a response" first_client
else
	ktap_test_skip "the first client loads the module, and gets a response"
fi

# What the store tells is for ocspd to read, which it does not get to: more than the 8 MiB that it
# has for that.
lost_notices()
{
	kill -STOP "$ocspd"
	ocsp_report "$(key_of one)" "$(printf '%0255d' 0)" 10000 &&
	expect 0 add --no-wait "$dir/two-chain.pem"
	set -- $?
	kill -CONT "$ocspd"
	[ "$1" -eq 0 ] && wait_for 20 logged "notices .* were lost" &&
	wait_for 20 state two valid
}
check "more notices than it can read: what is wanted is found" lost_notices

# Who opens the same meanwhile gets the same reason, and the responder its rest. That nobody waits for
# the 15 seconds is seen by the failure's age; it is no attempt, and not counted.
held_back()
{
	fault three http 503 3600
	expect 6 add "$dir/three-chain.pem" && says "HTTP 503" &&
	[ "$(requests three)" -eq 1 ] && fault three good || return 1
	expect 6 add "$dir/three-chain.pem" && says "HTTP 503" &&
	grep -q "last failure [0-4] s ago, 1 in a row: HTTP 503" "$dir/out" &&
	[ "$(requests three)" -eq 1 ]
}
check "Retry-After holds for who comes later, who is told at once" held_back

# A request is due, but what it is for is there.
stored_by_others()
{
	local before

	before=$(requests one)
	step_clock 30000 && answer new one --this -60 --next 86400 &&
	expect 0 set "$dir/one-chain.pem" "$dir/new.der" &&
	step_clock 20000 && sleep 3 && [ "$(requests one)" -eq "$before" ] &&
	step_clock 40000 && wait_for 10 more_requests one "$before"
}

more_requests()
{
	[ "$(requests "$1")" -gt "$2" ]
}
check "what somebody else stored is not fetched before its time" stored_by_others

kill "$ocspd" && wait "$ocspd"
ktap_finished
