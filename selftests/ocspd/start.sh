#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# When ocspd says that it is ready, which servers are started after: once each of its certificates
# was asked for, but not later than start_timeout after the last response.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ../lib/isolated.sh
. ../lib/ocspd.sh

start_store_test
leaf one 20 "$bad/one/"
leaf two 21 "$bad/two/"
leaf kept 22 "$bad/kept/"
start_bad || ktap_exit_fail_msg "no responder"
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$dir"' EXIT
ktap_set_plan 9

# begins [LINE...]: with these settings and the two certificates; $took ms until it says READY=1,
# and $served of them are in the store then
begins()
{
	local start socat

	rm -f "$dir/notify"
	: > "$dir/requests"
	: > "$dir/notified"
	write_conf "$@" "[certificate one]" "file = $dir/one-chain.pem" \
		"[certificate two]" "file = $dir/two-chain.pem" || return 1
	socat -u "UNIX-RECV:$dir/notify" "OPEN:$dir/notified,append" &
	socat=$!
	wait_for 10 test -S "$dir/notify" || return 1
	start=$(now_ms)
	NOTIFY_SOCKET=$dir/notify launch_ocspd
	wait_for 40 grep -q READY=1 "$dir/notified"
	took=$(($(now_ms) - start))
	served=$(ocspctl show --state valid --count)
	kill "$socat"
	wait "$socat"
	[ "$(grep -ac READY=1 "$dir/notified")" -eq 1 ] && logged "ready, " && return
	cat "$dir/notified" >&2
	return 1
}

# anew: with nothing stored
anew()
{
	local name

	[ -z "${ocspd:-}" ] || stop_ocspd || return 1
	for name in one two kept; do
		ocspctl del "$dir/$name.pem" > /dev/null 2>&1
	done
	rm -rf "$dir/cache" "$dir/faults/"*
}

waits()
{
	anew && fault one slow 1500 && fault two slow 500 && begins && [ "$served" -eq 2 ] &&
	[ "$took" -ge 1500 ] && logged "ready, 2 responses in the store$"
}
check "it is ready when all responses are there" waits

failures()
{
	anew && fault one slow 1000 && fault two http 404 && begins && [ "$served" -eq 1 ] &&
	[ "$took" -lt $((8000 * SLOW)) ]
}
check "a failure is not waited for again" failures

bounded()
{
	anew && fault one stall && begins "start_timeout = 4" && [ "$served" -eq 1 ] &&
	[ "$took" -ge 3900 ] && [ "$took" -lt $((12000 * SLOW)) ] &&
	logged "ready, 2 responses in the store; some are still being asked for"
}
check "a responder that hangs is waited for until start_timeout" bounded

slow()
{
	anew && fault one slow 1500 && fault two slow 5000 && begins "start_timeout = 4" &&
	[ "$served" -eq 2 ] && [ "$took" -ge 5000 ] && logged "ready, 2 responses in the store$"
}
check "a responder that is slow is waited for longer, while it answers" slow

not_for_ever()
{
	anew && fault one slow 500 && fault two slow 14000 && begins "start_timeout = 3" &&
	[ "$served" -eq 1 ] && [ "$took" -ge 5900 ] && [ "$took" -lt $((12000 * SLOW)) ] &&
	logged "ready, 2 responses in the store; some are still being asked for"
}
check "a wait in which no response came is the last one" not_for_ever

at_once()
{
	anew && fault one stall && fault two stall && begins "start_timeout = 0" &&
	[ "$served" -eq 0 ] && [ "$took" -lt $((8000 * SLOW)) ] &&
	wait_for 20 test -s "$dir/requests"
}
check "start_timeout = 0: none is waited for" at_once

# Also after a reboot, from the disk: nobody is asked.
served_already()
{
	anew && begins && [ "$served" -eq 2 ] && stop_ocspd && fault one stall && fault two stall &&
	begins && [ "$served" -eq 2 ] && [ "$took" -lt $((8000 * SLOW)) ] &&
	! [ -s "$dir/requests" ]
}
check "what is served already is not waited for" served_already

# One that is fetched for somebody else meanwhile is none of its own.
kept()
{
	anew && begins && expect 0 add --keep "$dir/kept-chain.pem" && stop_ocspd &&
	expect 0 del "$dir/kept.pem" && rm "$dir/cache/"* && fault kept slow 1500 && begins &&
	[ "$served" -eq 3 ] && [ "$took" -ge 1500 ] && expect 0 unkeep "$dir/kept.pem"
}
check "what is kept for good is waited for" kept

# A reload's READY=1 is its own.
reloads()
{
	anew && fault one stall && begins "start_timeout = 2" && : > "$dir/ocspd.log" &&
	kill -HUP "$ocspd" && wait_for 20 logged "configuration read again" &&
	sleep 3 && ! logged "ready, " && stop_ocspd
}
check "a reload waits for nobody" reloads

ktap_finished
