#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspctl add and monitor, with a refresher of a few lines; and no module.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspctl.sh

start_store_test
if ! { answer good leaf && answer new leaf --this 1 --next 90000 &&
       answer newer leaf --this 2 --next 95000 --status revoked &&
       ocspctl set "$leaf" "$dir/good.der" > "$dir/out"; }; then
	ktap_exit_fail_msg "cannot store a response"
fi
# Only the kernel loads a store when one is used.
case $STORE in
kernel) ktap_set_plan 16;;
*) ktap_set_plan 15;;
esac

# add

add_alone()
{
	expect 6 add "$other" && says "no refresher is running" &&
	prints "state pending" && expect 0 show "$other" &&
	prints "handles 0" && expect 6 -j add "$other" &&
	json 'j["state"] == "pending" and j["refresher"] is False' &&
	expect 0 add --no-wait "$other" && prints "state pending" &&
	expect 0 add "$leaf" && quiet && prints "state valid"
}
check "add, and no refresher: 6 at once" add_alone

add_plain()
{
	snapshot before
	expect 5 add "$dir/plain-chain.pem" && quiet &&
	prints "plain-chain.pem: n/a, the certificate names no OCSP" &&
	expect 5 -j add "$dir/plain-chain.pem" && quiet &&
	json "j['state'] == 'n/a'" || return 1
	snapshot after
	cmp "$dir/before" "$dir/after"
}
check "add of a certificate that names no responder: 5, quietly" add_plain

# A refresher of a few lines: what is wanted is fetched and stored.
# refresher ACTION NAME: does that for what is wanted next.
refresher()
{
	: > "$dir/wanted"
	"$plain_ocspctl" -j monitor > "$dir/wanted" 2> "$dir/wanted.err" &
	monitor=$!
	(
		wait_for 20 grep -q '"event":"wanted"' "$dir/wanted" && "$@"
	) > "$dir/refresher.log" 2>&1 &
	refresher=$!
	wait_for 20 is_listening "$monitor"
}

stop_refresher()
{
	wait "$refresher"
	kill -INT "$monitor" && wait "$monitor"
}

serve()
{
	fetch "$dir" "$1" "$RESPONDER" &&
	"$plain_ocspctl" set "$dir/$1-chain.pem" "$dir/$1.der"
}

add_waits()
{
	start_responder "$dir" "$RESPONDER" && refresher serve other &&
	expect 0 add "$other" && quiet && prints "state valid status good" &&
	stop_refresher
}
check "add, and a refresher that fetches: 0" add_waits

add_revoked()
{
	stop_responder
	set_status "$dir" 11 revoked
	start_responder "$dir" "$RESPONDER" && expect 0 del "$other" &&
	refresher serve other && expect 2 add "$other" && quiet &&
	prints "status revoked" && stop_refresher
}
check "add, and a refresher that finds it revoked: 2" add_revoked

# It is not stored: who asks for it is told why there is none.
not_known()
{
	! serve "$1" && ocsp_report "$(key_of "$1")" "the responder does not know it"
}

add_unknown()
{
	stop_responder
	set_status "$dir" 11 unknown
	start_responder "$dir" "$RESPONDER" && expect 0 del "$other" &&
	refresher not_known other && expect 6 add "$other" &&
	says "no response yet: the responder does not know it" && stop_refresher
}
check "add, and a responder that does not know it: 6, and why" add_unknown
stop_responder

# Stored by a writer that is neither ocspctl nor ocspd.
add_stored_unknown()
{
	expect 0 del "$other" && ocsp_fill --status unknown "$other" &&
	expect 3 add "$other" && quiet && prints "status unknown" &&
	expect 0 add --no-wait "$other"
}
check "add of one that another writer stored as unknown: 3" add_stored_unknown

# That the wait ends with the failure, and not after the 15 seconds, is seen by the failure's age.
add_fails()
{
	expect 0 del "$other" &&
	refresher ocsp_report "$(key_of other)" "HTTP 503" &&
	expect 6 add "$other" &&
	grep -q "last failure [0-4] s ago, 1 in a row: HTTP 503" "$dir/out" &&
	says "$other: no response yet: HTTP 503" && stop_refresher
}
check "add, and a refresher that fails: 6 as soon as it says so" add_fails

# monitor

# monitored FILE PATTERN: a line of it is there.
monitored()
{
	wait_for 20 grep -q "$2" "$dir/$1"
}

monitor()
{
	ocspctl monitor > "$dir/mon" 2> "$dir/mon.err" &
	text=$!
	ocspctl monitor -j > "$dir/mon.json" 2>> "$dir/mon.err" &
	json=$!
	# As a command and not a function, so that its process is what $! names.
	# shellcheck disable=SC2086 # split on purpose
	$as_nobody ocspctl monitor \
		> "$dir/mon.nobody" 2>> "$dir/mon.err" &
	nobody=$!
	for pid in $text $json $nobody; do
		wait_for 20 is_listening "$pid" || return 1
	done
	begun=$(date +%s)
	expect 0 set "$leaf" "$dir/new.der" &&
	ocsp_report "$key" "HTTP 503" && expect 0 set "$leaf" "$dir/newer.der" &&
	expect 0 del "$leaf" && expect 0 add --no-wait "$leaf" &&
	monitored mon " wanted *$key$" && monitored mon.json wanted &&
	monitored mon.nobody created || return 1
	kill -INT "$text" && wait "$text" &&
	kill -TERM "$json" && wait "$json" &&
	kill -INT "$nobody" && wait "$nobody" && ! [ -s "$dir/mon.err" ]
}
check "monitor ends with 0 on a signal" monitor

monitor_text()
{
	cp "$dir/mon" "$dir/out"
	[ "$(cut -d ' ' -f 4 "$dir/mon" | tr '\n' ' ')" = \
		"updated failed revoked withdrawn removed created wanted " ] &&
	grep -q "^20.* UTC updated *$key good, next update in" "$dir/mon" &&
	prints ': HTTP 503'
}
check "monitor: one line for each event" monitor_text

monitor_json()
{
	cp "$dir/mon.json" "$dir/lines"
	{ echo '['; sed '$!s/$/,/' "$dir/lines"; echo ']'; } > "$dir/out"
	json "[e['event'] for e in j] == ['updated', 'failed', 'revoked',
		'withdrawn', 'removed', 'created', 'wanted'] and
		all(e['key'] == '$key' for e in j)" &&
	json "j[0]['status'] == 'good' and j[0]['generation'] > 0 and
		j[2]['status'] == 'revoked' and
		j[1]['failure'] == 'HTTP 503' and
		j[0]['failure'] is None and
		$begun <= j[0]['time'] <= $(date +%s)"
}
check "monitor -j: one object for each event" monitor_json

monitor_nobody()
{
	! grep -q wanted "$dir/mon.nobody" && grep -q updated "$dir/mon.nobody"
}
check "monitor shows the unprivileged all but what is wanted" monitor_nobody

monitor_resync()
{
	# Its buffer may be small or large, by the kernel.
	# shellcheck disable=SC2086 # split on purpose
	$as_nobody ocspctl monitor \
		> "$dir/mon" 2> "$dir/mon.err" &
	text=$!
	wait_for 20 is_listening "$text" || return 1
	kill -STOP "$text"
	until has_dropped || [ "${reports:=0}" -gt 20000 ]; do
		reports=$((reports + 1000))
		ocsp_report "$key" "$(printf '%0255d' 0)" 1000
	done
	kill -CONT "$text"
	# There is no room for another one before.
	monitored mon " resync " && wait_for 60 is_drained && expect 0 del "$key" &&
	monitored mon " withdrawn " && kill -INT "$text" && wait "$text"
}
check "monitor that was too slow says so, and goes on" monitor_resync

# Nobody reads, from the start on.
monitor_full_disk()
{
	ocspctl monitor > /dev/full 2> "$dir/err" &
	text=$!
	wait_for 20 is_listening "$text" &&
	ocspctl set "$leaf" "$dir/good.der" > /dev/null || return 1
	wait "$text"
	[ $? -eq 1 ] && says "standard output: No space left on device"
}
check "monitor ends with 1 when it cannot print" monitor_full_disk

monitor_no_reader()
{
	# shellcheck disable=SC2216 # that it does not read is the point
	{ ocspctl monitor; echo $? > "$dir/status"; } 2> "$dir/mon.err" |
		sleep 1
	[ "$(cat "$dir/status")" -eq 0 ]
}
check "monitor ends when nobody reads what it prints" monitor_no_reader

# The module

no_module()
{
	for command in "show" "show $leaf" "get $leaf" "add $leaf" \
		"set $leaf $dir/good.der" "del $leaf" "monitor"; do
		# shellcheck disable=SC2086 # words on purpose
		refuses 1 "load it with" $command || break
		command=
	done
	[ -z "$command" ] && expect 0 verify --cert "$dir/leaf.pem" \
		--issuer "$dir/ca.pem" "$dir/good.der"
}

if unload_store; then
	check "no module: 1, and what to do" without_autoload no_module
	[ "$STORE" != kernel ] ||
		check "the first use loads the module" empty_store
else
	ktap_test_skip "no module: 1, and what to do"
	[ "$STORE" != kernel ] ||
		ktap_test_skip "the first use loads the module"
fi

ktap_finished
