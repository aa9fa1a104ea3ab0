# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # some of these are runner.sh's
#
# Whether the rig finds what it is there to find: for check and check_debug, which source it after
# runner.sh.

# The ones that end the kernel's look at locks come last.
defects_kasan="none leak sleep_in_atomic bad_shift rcu_outside lock_order use_after_free overflow free_active_timer"
defects_kcsan="none race"

# judge_defects DEFECT...: the rig must fail each of them, and nothing else. A leak is found when the
# machine that began with "none" has nothing more to run.
judge_defects()
{
	for defect; do
		case $defect in
		leak)	file=leaks/defects/none ;;
		*)	file=defects/$defect ;;
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

# find_defects DIR DEFECT...: the logs of each are with those of a test that committed none.
find_defects()
{
	logs=$1
	installed=$logs/tests
	shift
	new_logs
	mkdir -p "$installed/defects"
	ln -s "$top/selftests/kmod/settings" "$installed/defects/"
	for defect; do
		ln -s "$top/selftests/vm/defect" "$installed/defects/$defect"
	done
	# shellcheck disable=SC2046 # split on purpose
	run_tests $(printf 'defects/%s\n' "$@")
	judge_defects "$@"
}

# rig kasan|kcsan DIR: commit the defects that such a kernel finds, with what is said of them in DIR.
# In a shell of its own: its results are meant to be failures, and not to be counted.
rig()
{
	case $1 in
	kasan)	defects=$defects_kasan ;;
	kcsan)	defects=$defects_kcsan ;;
	esac
	# shellcheck disable=SC2086 # split on purpose
	(guests=1 && find_defects "$2" $defects)
}
