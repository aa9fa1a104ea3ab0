#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspd killed at each step of a refresh: before the request, between header and
# body, after the body, before the rename, after the set. What it left in the
# store and on the disk is never wrong, and the next one carries on.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ../lib/isolated.sh
. ../lib/ocspd.sh

start_store_test
load_tls
if ! command -v strace > /dev/null; then
	ktap_skip_all "no strace"
	exit "$KSFT_SKIP"
fi
leaf one 20 "$bad/one/"
write_conf
start_bad || ktap_exit_fail_msg "no responder"
ktap_set_plan 6
file=$dir/cache/$(key_of one).ocsp

first()
{
	start_ocspd && serve one 4401 && stop_ocspd && state one valid &&
	verifies "$file"
}

# verifies FILE: it is a whole response, about the certificate one
verifies()
{
	ocspctl verify --cert "$dir/one.pem" --issuer "$dir/ca.pem" "$1" \
		> "$dir/out" 2> "$dir/err"
}
check "there is a response" first

# What must be so at any moment: a server staples a good response, which is the
# one before or a newer one; the disk has a whole one; and nothing else.
sound()
{
	ocspctl get "$dir/one.pem" -o "$dir/one.der" && verifies "$dir/one.der" &&
	[ "$(generation one)" -ge "$before" ] && verifies "$file" &&
	[ "$(find "$dir/cache" -name '*.ocsp' | wc -l)" -eq 1 ]
}

# refresh_until CALL N: a refresh that ends with the N-th of these calls.
refresh_until()
{
	before=$(generation one)
	strace -f -o /dev/null -e "trace=$1" \
		-e "inject=$1:signal=KILL:when=$2" \
		ocspd -f "$dir/ocspd.conf" --once > "$dir/ocspd.out" \
		2> "$dir/ocspd.log"
}

# each CALL: killed at the first, at the second, until there are no more.
each()
{
	local n=0 status=137

	while [ "$status" -eq 137 ]; do
		n=$((n + 1))
		refresh_until "$1" "$n"
		status=$?
		if ! sound; then
			echo "killed at $1 $n" >&2
			return 1
		fi
	done
	echo "# killed at $((n - 1)) $1"
	[ "$n" -gt 1 ] && [ "$status" -eq 0 ] &&
	[ "$(generation one)" -gt "$before" ]
}

# Each thing that it asks of the kernel: the connection; the requests, to the
# responder and to the store; the file, its bytes, its name.
each_step()
{
	each connect && each sendto && each write && each rename
}
check "killed at each step of a refresh: store and disk are right" each_step

carries_on()
{
	before=$(generation one)
	sleep 1
	run_ocspd --once && sound && [ "$(generation one)" -gt "$before" ]
}
check "and the next one carries on" carries_on

# A slow disk holds nothing up: whoever waits for it would be killed here.
no_sync()
{
	before=$(generation one)
	sleep 1
	strace -f -o /dev/null -e trace=fsync,fdatasync,sync,syncfs \
		-e inject=fsync,fdatasync,sync,syncfs:signal=KILL \
		ocspd -f "$dir/ocspd.conf" --once > "$dir/ocspd.out" \
		2> "$dir/ocspd.log" && sound &&
	[ "$(generation one)" -gt "$before" ]
}
check "nothing waits for the disk" no_sync

# killed_in FAULT: the daemon, while a responder keeps it waiting in there.
killed_in()
{
	local asked

	fault one "$1"
	before=$(generation one)
	asked=$(requests one)
	start_ocspd && expect 0 del "$dir/one.pem" || return 1
	# Nothing to serve, and none on the disk: it is asked for at once.
	wait_for 10 more_requests "$asked" && sleep 1 &&
	kill_ocspd && state one withdrawn || return 1
	fault one good
	start_ocspd && wait_for 10 state one valid && sound &&
	staples good 4401 && stop_ocspd
}

more_requests()
{
	[ "$(requests one)" -gt "$1" ]
}

waiting()
{
	killed_in stall && killed_in stall-headers && killed_in stall-body
}
check "killed while it waits for header and body" waiting

lost_on_the_way()
{
	local before

	# Served already, but not on the disk when it was killed.
	run_ocspd --once && before=$(generation one) && rm "$file" &&
	start_ocspd && [ "$(generation one)" -eq "$before" ] &&
	staples good 4401 && stop_ocspd
}
check "no file where the kernel has a response" lost_on_the_way

stop_servers "$server"
ktap_finished
