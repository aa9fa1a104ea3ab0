#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# The module comes with the first use of its family, cannot be taken away
# under a session, and leaves nothing when it goes.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ktap_helpers.sh

# Where all is ten times slower, there is seldom a moment without a session.
: "${UNLOADS:=${KSFT_MACHINE_SLOW:+20}}"
: "${UNLOADS:=100}"

loaded()
{
	[ -d /sys/module/ktls_ocsp ]
}

unload()
{
	rmmod ktls_ocsp 2>/dev/null
}

# What the module makes: sysctls, slab caches, a family.
no_trace()
{
	! loaded && [ ! -e /proc/sys/net/ktls_ocsp ] &&
		! grep -q '^ktls_ocsp' /proc/slabinfo &&
		! grep -q ' ktls_ocsp' /proc/kallsyms
}

# check DESCRIPTION COMMAND...: one result.
check()
{
	local description="$1"

	shift
	if "$@"; then
		ktap_test_pass "$description"
	else
		ktap_test_fail "$description"
	fi
}

# The holder is what pins the module: the rest of the session has ended.
start_holder()
{
	./traffic hold >"$dir/held" 2>&1 &
	holder=$!
	wait_for 10 grep -q held "$dir/held"
}

first_use()
{
	unload
	no_trace && ocspctl show >"$dir/show" 2>&1 && loaded
}

refused_while_held()
{
	start_holder || return 1
	! unload && loaded && [ "$(cat /sys/module/ktls_ocsp/refcnt)" -ge 1 ] &&
		ocspctl show | grep -q .
}

goes_with_the_last_session()
{
	kill -9 "$holder"
	wait "$holder" 2>/dev/null
	wait_for 5 unload && no_trace
}

# A listener is a netlink socket and no session: it pins nothing.
unloads_under_a_listener()
{
	local monitor status

	modprobe ktls_ocsp
	ocspctl monitor >"$dir/monitor" 2>&1 &
	monitor=$!
	sleep 0.5
	wait_for 5 unload && no_trace
	status=$?
	kill "$monitor" 2>/dev/null
	wait "$monitor" 2>/dev/null
	return "$status"
}

# Responses, with and without blob, in several network namespaces.
unloads_full_stores()
{
	local i

	modprobe ktls_ocsp
	for i in 1 2 3; do
		unshare --net ./traffic 1 >/dev/null || return 1
	done
	./traffic 1 >/dev/null && ocspctl show | grep -q . || return 1
	wait_for 5 unload && no_trace && modprobe ktls_ocsp &&
		[ -z "$(ocspctl show)" ]
}

# unload_often: as often as asked for, whoever loads it again in between.
unload_often()
{
	local done=0

	while [ "$done" -lt "$UNLOADS" ]; do
		loaded || modprobe ktls_ocsp || return 1
		wait_for 60 unload || return 1
		done=$((done + 1))
	done
}

# A user of the store that is ended here has found nothing wrong until then.
ended_here()
{
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	[ $? -eq 143 ]
}

# Longer than the loop, on any machine. The script ends them earlier.
unloads_under_traffic()
{
	local i status pids=

	for i in 1 2 3; do
		./traffic 36000 >"$dir/traffic.$i" 2>&1 &
		pids="$pids $!"
	done
	unload_often
	status=$?
	for i in $pids; do
		ended_here "$i" || status=1
	done
	return "$status"
}

served_again()
{
	local served

	modprobe ktls_ocsp
	served=$(./traffic 2) && [ "$served" -gt 0 ]
}

ktap_print_header
if ! loaded && ! modprobe -q ktls_ocsp; then
	ktap_skip_all "no module ktls_ocsp is installed"
	exit "$KSFT_SKIP"
fi
if ! unload || ! modprobe -q ktls_ocsp; then
	ktap_skip_all "somebody uses the module"
	exit "$KSFT_SKIP"
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ktap_set_plan 7
check "the first use of the family loads the module" first_use
check "no unload while a session lives" refused_while_held
check "the last session's end lets it go" goes_with_the_last_session
check "a listener does not pin it" unloads_under_a_listener
check "full stores go with it" unloads_full_stores
check "$UNLOADS unloads under traffic" unloads_under_traffic
check "and it serves as before" served_again
ktap_finished
