#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# What many certificates cost ocspd, and that neither a slow disk nor names that nobody answers for
# hold up the others. The bars are for a machine that does nothing else.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ../lib/isolated.sh
. ../lib/ocspd.sh

: "${COUNT:=10000}"	# certificates of one responder
SILENT=300		# names that nobody answers for
OTHERS=2000		# certificates beside them
RATE=1000		# responses a second, at least
CPU=1			# ms of processor time for each, at most
MEMORY=600		# bytes

# In namespaces of its own
figures=$(./bench.sh "$COUNT" 2>&1)
status=$?
exec 3>&1
start_store_test
ktap_set_plan 8
[ "$status" -eq 0 ] || ktap_exit_fail_msg "$figures"
echo "$figures" | tee "$dir/figures" | sed 's/^/# /'

# figure NAME
figure()
{
	sed -n "s,^.*/$1\t[^\t]*\t,,p" "$dir/figures"
}

# is EXPRESSION: of numbers
is()
{
	awk "BEGIN { exit !($1) }"
}
check "$COUNT certificates of one responder: $RATE a second" is "$(figure requests-per-second) >= $RATE"
check "$CPU ms of processor time each" is "$(figure cpu-per-response) <= $CPU"
check "$MEMORY bytes of memory each" is "$(figure rss-per-certificate) <= $MEMORY"
check "one request each" is "$(figure requests) == $COUNT"

start_bad || ktap_exit_fail_msg "no responder"

# ticks: of processor time that ocspd has used
ticks()
{
	awk '{ print $14 + $15 }' "/proc/$ocspd/stat"
}

# costs WHAT TICKS: it used so many since $before, at most
costs()
{
	local used

	used=$(($(ticks) - before))
	echo "# $COUNT files: $1 took $used ticks of processor time" >&3
	[ "$used" -le $(($2 * SLOW)) ]
}

reload()
{
	: > "$dir/ocspd.log"
	before=$(ticks)
	kill -HUP "$ocspd" && wait_for 300 logged "read again"
}

# with_files: $COUNT of them. Their responder hangs, and is asked by few at a time: what is left is the
# work of the files.
with_files()
{
	write_conf "transfers = 1" "[certificate many]" "files = $dir/pins" "max_files = $COUNT"
}

follows_files()
{
	fault f stall && mkdir "$dir/pins" && cert_load --ca "$dir/ca.pem" --key "$dir/ca.key" \
		--count "$COUNT" --url "$bad/f/" --files "$dir/pins" && write_conf && start_ocspd &&
	with_files && reload && costs "a reload that adds them" 1500 &&
	control '{"request": "status"}' && answers "\"pinned\":$COUNT,"
}
check "$COUNT files: a reload adds them" follows_files

is_idle()
{
	before=$(ticks)
	sleep 10
	costs "10 s of waiting" 5
}
check "and they cost nothing from then on" is_idle

lets_go()
{
	write_conf && reload && costs "a reload without them" 200 && with_files && reload && stop_ocspd
}
check "a reload without them, and an end with them, in a second" lets_go

dns_server 127.0.0.1 "$dir/questions" 2> "$dir/dns.log" &
dns=$!
echo "nameserver 127.0.0.1" > "$dir/resolv.conf"
mount --bind "$dir/resolv.conf" /etc/resolv.conf
wait_for 20 sh -c "[ -n \"\$(ss -Hlun 'sport = :53')\" ]"

# Each fsync() and the like takes 100 ms: one for each response would be 200 s.
is_on_time()
{
	local seconds status silent

	write_conf
	OCSPD_PREFIX="strace -D -f --seccomp-bpf -qq -o /dev/null -e trace=fsync,fdatasync,sync,syncfs,sync_file_range
		-e inject=fsync,fdatasync,sync,syncfs,sync_file_range:delay_enter=100000" start_ocspd || return 1
	cert_load --ca "$dir/ca.pem" --key "$dir/ca.key" --count "$SILENT" --seconds 600 \
		--url "http://silent%ld.example:$BAD/s/" > "$dir/silent" 2>&1 &
	silent=$!
	wait_for 30 grep -q '^silent' "$dir/questions" || return 1
	cert_load --ca "$dir/ca.pem" --key "$dir/ca.key" --count "$OTHERS" --seconds $((60 * SLOW)) \
		--url "http://others.example:$BAD/o/" > "$dir/others"
	status=$?
	seconds=$(sed -n 's/^valid .*, \([0-9]*\)[0-9.]* s after .*/\1/p' "$dir/others")
	echo "# $OTHERS others: $(tail -n 1 "$dir/others")" >&3
	kill "$silent" && stop_ocspd && [ "$status" -eq 0 ] && [ "$seconds" -lt $((30 * SLOW)) ]
}
check "an fsync() of 100 ms and $SILENT silent names hold up nobody" is_on_time

kill "$dns"
ktap_finished
