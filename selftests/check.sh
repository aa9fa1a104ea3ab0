#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check.sh [TEST]...
#
# Build everything, run the static checks, then the tests (or those that are named) in a virtual
# machine. Called by "make check", which sets O. Ends with one line: "N passed, N failed[, N
# skipped]", and a non-zero exit status if anything failed.

set -u

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/..")
O=${O:-$top/build}
logs=$O/check
report=$here/vm/report
installed=$O/kselftest/ktls_ocsp
timeout=$(sed -n 's/^timeout=//p' "$here/settings")
vm_timeout=3600

cd "$top" || exit 1
rm -rf "$logs"
mkdir -p "$logs/results" "$logs/taken"
# Not those of the make that called this
unset MFLAGS MAKELEVEL
MAKEFLAGS=-j$(nproc)
export MAKEFLAGS

# result NAME PASSED FAILED SKIPPED SECONDS
result()
{
	echo "$*" >"$logs/results/$1"
	"$report" "$logs" "$1"
}

# step NAME COMMAND...: one case
step()
{
	name=$1
	shift
	start=$(date +%s)
	if "$@" >"$logs/$name.log" 2>&1 </dev/null; then
		result "$name" 1 0 0 $(($(date +%s) - start))
	else
		result "$name" 0 1 0 $(($(date +%s) - start))
		return 1
	fi
}

# From nothing, so that each file's warnings show.
modules()
{
	rm -rf "$O/modules"
	make modules W=1 C=1 >"$logs/modules.out" 2>&1
	status=$?
	cat "$logs/modules.out"
	[ "$status" = 0 ] || return 1
	! grep -iE '(warning|error):' "$logs/modules.out" >/dev/null
}

# Where there is no module, a test skips itself and does not fail.
no_module()
{
	tests=$(sed 's/^/ktls_ocsp:/' "$O/kselftest/user-tests.txt" |
		grep -vxFf - "$O/kselftest/kselftest-list.txt" | sed 's/^/-t /')
	selftests/vm/run --no-module --timeout 600 --share "$logs" -- sh -c "
		'$O/kselftest/run_kselftest.sh' $(echo "$tests" | tr '\n' ' ') \
			>>'$logs/no-module.tap' 2>&1" || return 1
	cat "$logs/no-module.tap"
	# shellcheck disable=SC2046 # split on purpose
	set -- $(selftests/vm/count-cases <"$logs/no-module.tap")
	[ "$2" = 0 ] && [ "$3" -gt 0 ]
}

# What asks nothing of the kernel takes a tenth of the time outside of an emulated machine.
user_test()
{
	start=$(date +%s)
	(cd "$installed" && exec timeout -k 5 "$timeout" "./$1") >"$logs/$1.log" 2>&1 </dev/null
	status=$?
	# shellcheck disable=SC2046 # split on purpose
	set -- "$1" $(selftests/vm/count-cases <"$logs/$1.log")
	[ "$status" = 0 ] || [ "$(($3 + $4))" -gt 0 ] || set -- "$1" "$2" 1 0
	result "$@" $(($(date +%s) - start))
}

# run_all TEST...
run_all()
{
	for test; do
		shift
		if grep -qx -e "$test" "$O/kselftest/user-tests.txt"; then
			user_test "$test"
		else
			set -- "$@" "$test"
		fi
	done
	[ $# = 0 ] || run_tests "$@"
}

# Two virtual machines share the tests: each takes the next one that nobody took.
run_tests()
{
	for vm in 1 2; do
		run_vm "$@" &
	done
	wait
	for test; do
		[ -e "$logs/results/$test" ] && continue
		echo "# it did not run" >>"$logs/$test.log"
		result "$test" 0 1 0 0
	done
}

# A new one for what is left when it dies.
run_vm()
{
	while left "$@"; do
		rm -f "$logs/running.$vm"
		selftests/vm/run --timeout "$vm_timeout" --no-dmesg-scan --share "$logs" -- \
			selftests/vm/run-tests "$installed" "$logs" "$timeout" "$vm" "$@" 2>"$logs/vm.$vm"
		status=$?
		if [ -e "$logs/running.$vm" ]; then
			died=$(cat "$logs/running.$vm")
			echo "# the virtual machine died of it (exit status $status)" |
				cat - "$logs/vm.$vm" >>"$logs/$died.log"
			result "$died" 0 1 0 0
		elif [ "$status" != 0 ]; then
			cat "$logs/vm.$vm"
			cp "$logs/vm.$vm" "$logs/vm-boot.$vm.log"
			result "vm-boot.$vm" 0 1 0 0
			return
		fi
	done
}

# left TEST...: whether there are some that nobody took
left()
{
	for test; do
		[ -e "$logs/taken/$test" ] || return 0
	done
	return 1
}

step packages selftests/install-packages.sh
step modules modules
built=$?
step libocsp make libocsp &&
step tools make tools &&
step selftests make kselftest || built=1

step netlink-check make netlink-check
step checkpatch make checkpatch
step kernel-doc make kernel-doc
step shellcheck make shellcheck
step board-model selftests/board_model.sh
step fuzz make -C selftests/fuzz check O="$O"

whole=
if [ "$built" = 0 ]; then
	if [ $# = 0 ]; then
		whole=1
		# shellcheck disable=SC2046 # split on purpose
		set -- $(sed -n 's/^[^:]*://p' "$O/kselftest/kselftest-list.txt")
	fi
	run_all "$@"
	if [ -n "$whole" ]; then
		step reboot selftests/vm/reboot "$installed" &
		step no-module no_module
		wait
	fi
else
	echo "the tests did not run: the build failed"
fi

awk '
	{ passed += $2; failed += $3; skipped += $4 }
	END {
		printf "%d passed, %d failed", passed, failed
		if (skipped)
			printf ", %d skipped", skipped
		print ""
		exit failed > 0 || !passed
	}' "$logs"/results/*
