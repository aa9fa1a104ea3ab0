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
mkdir -p "$logs"
: >"$logs/results"
# Not those of the make that called this
unset MFLAGS MAKELEVEL
MAKEFLAGS=-j$(nproc)
export MAKEFLAGS

# result NAME PASSED FAILED SKIPPED SECONDS
result()
{
	echo "$*" >>"$logs/results"
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
	selftests/vm/run --no-module --timeout 600 --share "$logs" -- sh -c "
		'$O/kselftest/run_kselftest.sh' >>'$logs/no-module.tap' 2>&1" || return 1
	cat "$logs/no-module.tap"
	# shellcheck disable=SC2046 # split on purpose
	set -- $(selftests/vm/count-cases <"$logs/no-module.tap")
	[ "$2" = 0 ] && [ "$3" -gt 0 ]
}

# All tests in one virtual machine; a new one for what is left when it dies.
run_tests()
{
	while [ $# -gt 0 ]; do
		rm -f "$logs/running"
		selftests/vm/run --timeout "$vm_timeout" --no-dmesg-scan --share "$logs" -- \
			selftests/vm/run-tests "$installed" "$logs" "$timeout" "$@" 2>"$logs/vm.log"
		status=$?
		if [ -e "$logs/running" ]; then
			died=$(cat "$logs/running")
			echo "# the virtual machine died of it (exit status $status)" |
				cat - "$logs/vm.log" >>"$logs/$died.log"
			result "$died" 0 1 0 0
		elif [ "$status" != 0 ]; then
			cat "$logs/vm.log"
			cp "$logs/vm.log" "$logs/vm-boot.log"
			result vm-boot 0 1 0 0
			return
		fi
		for test; do
			shift
			grep -q "^$test " "$logs/results" || set -- "$@" "$test"
		done
	done
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

if [ "$built" = 0 ]; then
	# Not by default: it was not seen to end on a busy machine yet.
	[ $# -gt 0 ] || no_module_too=${CHECK_NO_MODULE:-}
	if [ $# = 0 ]; then
		# shellcheck disable=SC2046 # split on purpose
		set -- $(sed -n 's/^[^:]*://p' "$O/kselftest/kselftest-list.txt")
	fi
	run_tests "$@"
	[ -z "${no_module_too:-}" ] || step no-module no_module
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
	}' "$logs/results"
