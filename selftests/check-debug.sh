#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-debug.sh [TEST]...
#
# Run the tests (or those that are named) on kernels that look for defects: all on that of
# debug/config.kasan, with a report of the lines of kmod/ that they reached (all of them fail below
# $least percent), those of $concurrent on that of debug/config.kcsan. Called by "make check-debug",
# which sets O. Ends with one line: "N passed, N failed[, N skipped]".
#
# Environment: KINDS, kasan or kcsan alone.

# shellcheck disable=SC2034 # runner.sh's

set -u

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/..")
O=${O:-$top/build}
KINDS=${KINDS:-kasan kcsan}

# These are about time and HTTP, and take hours there. What they ask of the kernel ocspd.sh asks, too.
left_out="ocspd_conf.sh ocspd_faults.sh ocspd_kill.sh ocspd_proxy.sh"
concurrent="stress refs board board_life api_board api_board_race api_fork api_wait dump netns unload.sh"
# The ones that end the kernel's look at locks come last.
defects_kasan="none leak sleep_in_atomic bad_shift rcu_outside lock_order use_after_free overflow free_active_timer"
defects_kcsan="none race"

cd "$top" || exit 1
rm -rf "$O/check-debug"
. selftests/runner.sh
. selftests/debug/guest.sh

# Emulated, such a kernel is 10 times slower, and a machine more takes a processor from the other.
guests=1
timeout=$((timeout * 4))
vm_timeout=28800
slow="env KSFT_MACHINE_SLOW=yes"
least=90
[ $# = 0 ] || least=0

# judge_defects DEFECT...: the rig must fail each of them, and nothing else. A leak is found when the
# machine that began with "none" has nothing more to run.
judge_defects()
{
	for defect; do
		case $defect in
		leak)	file=leaks-none ;;
		*)	file=$defect ;;
		esac
		read -r name passed failed skipped seconds <"$logs/results/$file"
		case $defect,$passed,$failed,$skipped in
		none,1,0,0|leak,0,1,0)	;;
		none,*)		echo "a test without a defect fails" && return 1 ;;
		*,1,1,0)	;;
		*)		echo "$defect is not found" && return 1 ;;
		esac
	done
}

# find_defects DEFECT...: the logs of each are with those of a test that committed none.
find_defects()
{
	logs=$O/check-debug/$kind/defects
	installed=$logs/tests
	wrap=$slow
	new_logs
	mkdir -p "$installed"
	for defect; do
		ln -s "$top/selftests/debug/defect" "$installed/$defect"
	done
	run_tests "$@"
	judge_defects "$@"
}

# In a shell of its own: its results are meant to be failures, and not to be counted.
rig()
{
	case $1 in
	kasan)	defects=$defects_kasan ;;
	kcsan)	defects=$defects_kcsan ;;
	esac
	# shellcheck disable=SC2086 # split on purpose
	(find_defects $defects)
}

# choose KIND TEST...: which of those that are named (or all) run on that kernel
choose()
{
	case $1 in
	kcsan)	echo "$concurrent" | tr ' ' '\n' ;;
	kasan)	sed -n 's/^[^:]*://p' "$O/kselftest/kselftest-list.txt" |
			grep -vxFf "$O/kselftest/user-tests.txt" |
			grep -vxF "$(echo "$left_out" | tr ' ' '\n')" ;;
	esac >"$logs/tests"
	shift
	if [ $# = 0 ]; then
		cat "$logs/tests"
	else
		printf '%s\n' "$@" | grep -xFf "$logs/tests"
	fi
}

# run_kind KIND TEST...
run_kind()
{
	kind=$1
	shift
	installed=$O/kselftest/ktls_ocsp
	wrap=$slow
	[ "$kind" != kasan ] || wrap="$slow selftests/debug/save-gcov $logs/counts"
	run_tests "$@"
	[ "$kind" = kasan ] || return
	step coverage selftests/debug/report-gcov "$modules" "$logs/counts" "$logs/report" "$least"
	cat "$logs/coverage.log"
}

# test_kind KIND TEST...
test_kind()
{
	kind=$1
	shift
	logs=$O/check-debug/$kind
	new_logs
	step "kernel-$kind" build_for "$kind" || return
	vm_options=$(guest_of "$kind")
	step "defects-$kind" rig "$kind"
	# shellcheck disable=SC2046 # split on purpose
	set -- $(choose "$kind" "$@")
	[ $# = 0 ] || run_kind "$kind" "$@"
}

selftests/install-packages.sh && make -s kselftest || exit 1
for kind in $KINDS; do
	test_kind "$kind" "$@"
done
logs=$O/check-debug/all
mkdir -p "$logs/results"
for kind in $KINDS; do
	for file in "$O/check-debug/$kind"/results/*; do
		cp "$file" "$logs/results/$kind-${file##*/}"
	done
done
summary
