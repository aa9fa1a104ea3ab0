#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspctl status, top and check-store: what they say of a store with little in
# it, and of 10,000 entries.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspctl.sh

start_store_test
printf 'tlsfeature = status_request\n' > "$dir/feature"
if ! { answer good leaf --next 604000 &&
       issue "$dir" must 21 must < "$dir/feature"; }; then
	ktap_exit_fail_msg "cannot make certificates and responses"
fi
cat "$dir/must.pem" "$dir/ca.pem" > "$dir/must-chain.pem"
ktap_set_plan 12

# critical TEXT, warning TEXT, ok TEXT: what check-store says, and nothing on stderr
checks()
{
	local status=$1 name=$2 text=$3

	shift 3
	expect "$status" check-store "$@" && quiet &&
	[ "$(wc -l < "$dir/out")" -eq 1 ] &&
	grep -q "^OCSP store $name: " "$dir/out" && prints "$text"
}

empty()
{
	checks 0 OK "0 of 0 served | entries=0 served=0 failing=0" &&
	expect 0 status && quiet && prints "entries      0" &&
	expect 0 -j status && json 'j["entries"] == 0 and j["ends_first"] == []'
}
check "an empty store" empty

healthy()
{
	expect 0 set "$leaf" "$dir/good.der" &&
	checks 0 OK "1 of 1 served | entries=1 served=1 failing=0 first_end=60" &&
	expect 0 status && quiet && prints "entries      1, 1 valid" &&
	prints "1 good, 0 revoked, 0 unknown; 1 served" &&
	prints "0 within 24 h, 1 within 7 d" && prints "must-staple  0" &&
	prints "CN=leaf,O=ktls-ocsp selftests  in 6 d 23 h"
}
check "one good response" healthy

# Of 7 days 20 hours are left, and then one.
ending()
{
	ocsp_fill --this -532800 --next 72000 "$other" &&
	checks 1 WARNING "1 ending, 2 of 2 served" &&
	checks 0 OK "2 of 2 served" --warn 10h &&
	checks 2 CRITICAL "1 ending soon" --crit 21h &&
	expect 0 del "$other" && ocsp_fill --this -601200 --next 3600 "$other" &&
	checks 2 CRITICAL "1 ending soon" && checks 1 WARNING "1 ending, " --crit 30min
}
check "check-store: 1 and 2 near the end" ending

# What is valid for 4 hours is refreshed after 2: 90 minutes are enough.
short_lived()
{
	expect 0 del "$other" &&
	ocsp_fill --this -9000 --next 5400 "$other" && checks 0 OK "2 of 2" &&
	expect 0 del "$other" &&
	ocsp_fill --this -10860 --next 3540 "$other" &&
	checks 1 WARNING "1 ending," && expect 0 del "$other" &&
	ocsp_fill --this -12660 --next 1740 "$other" &&
	checks 2 CRITICAL "1 ending soon," && expect 0 del "$other"
}
check "check-store: responses of a short validity" short_lived

unserved()
{
	expect 0 add --no-wait "$other" && checks 1 WARNING "1 not served, 1 of 2" &&
	expect 0 del "$other" && expect 0 set "$leaf" "$dir/good.der" &&
	ocsp_fill --status unknown "$other" && checks 1 WARNING "1 not served, " &&
	expect 0 del "$other"
}
check "check-store: what is not served" unserved

strict()
{
	ocsp_fill --next 300 --failure "HTTP 503" "$dir/must-chain.pem" &&
	checks 2 CRITICAL "1 must-staple and not served, 1 of 2 served" &&
	expect 0 status && prints "must-staple  1 NOT SERVED" &&
	prints "CN=must" && expect 0 -j status &&
	json "[e['key'] for e in j['must_staple_not_served']] ==
		['$(key_of must)'] and
		j['failures'] == [{'failure': 'HTTP 503', 'count': 1}]" &&
	expect 0 del "$dir/must.pem"
}
check "must-staple, and not served" strict

refused()
{
	expect 3 check-store --warn 5x && says "--warn 5x: not a time span" &&
	expect 3 check-store --warn 1h --crit 2h &&
	says "--crit must not be longer than --warn" &&
	expect 3 check-store --frob && says "'--frob' is no option" &&
	expect 3 check-store x && says "one argument too many" &&
	refuses 1 "needs a terminal" top < /dev/null &&
	refuses 1 "not a time span from 1s to 1h" top --interval 0 &&
	check_full_disk
}

check_full_disk()
{
	ocspctl check-store > /dev/full 2> "$dir/err"
	[ $? -eq 3 ] && fails_on_full_disk status
}
check "check-store: 3 for errors" refused

# Reasons are foreign text, and "|" would begin the values.
reasons()
{
	for i in 1 2 3 4 5 6 7; do
		ocsp_fill --first $((i * 1000)) --count "$i" --failure "reason $i" \
			"$other" || return 1
	done
	expect 0 status && prints "failing      28" && prints "7   reason 7" &&
	prints "  and 2 more" && ! prints "reason 2" && expect 0 -j status &&
	json '[f["count"] for f in j["failures"]] == [7, 6, 5, 4, 3, 2, 1]'
}
check "status: failures by their reason" reasons

# On a kernel that looks for defects this takes long, and shows no more.
many=10000
[ -z "${KSFT_MACHINE_SLOW:-}" ] || many=500

full()
{
	ocsp_fill --first 100000 --count $((many - 29)) "$other" &&
	expect 0 -j status && json "j['entries'] == $many and
		j['states']['valid'] == $many and j['failing'] == 28 and
		[e['count'] for e in j['ending']] == [0, 0, $((many - 1)), $many]"
}
check "10,000 entries are counted" full

one_screen()
{
	expect 0 status && [ "$(wc -l < "$dir/out")" -le 23 ] &&
	! grep -q '.\{81\}' "$dir/out" && prints "entries      $many" &&
	checks 0 OK "$many of $many served"
}
check "status of 10,000 is one screen" one_screen

# typed KEYS COMMAND...: the command at a terminal of 10 lines
typed()
{
	local keys=$1

	shift
	{ sleep 2; printf %s "$keys"; sleep 2; } |
		script -qec "stty rows 10 cols 80; $*" /dev/null > "$dir/out"
}

top()
{
	typed q timeout --foreground 60 ocspctl top --interval 1s && prints "(q ends)" &&
	[ "$(grep -c "entries      $many" "$dir/out")" -ge 1 ] &&
	! prints "ends first" && prints "${ESC}[?1049l"
}
check "top fills the terminal, and ends with q" top

top_signal()
{
	: | script -qec "stty rows 10 cols 80; timeout --foreground -s INT ${KSFT_MACHINE_SLOW:+3}3 ocspctl top; echo status \$?" \
		/dev/null > "$dir/out" && prints "${ESC}[?1049l"
}
check "top gives the screen back on a signal" top_signal

ktap_finished
