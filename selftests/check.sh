#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check.sh [TEST]...
#
# Build everything, run the static checks, then the tests (or those that are named) in a virtual
# machine. Called by "make check", which sets O. Ends with one line: "N passed, N failed[, N
# skipped]", and a non-zero exit status if anything failed.
#
# Environment: LOGS, a directory for what it leaves ($O/check). KTLS_VM_KERNEL and KDIR, another
# kernel than the stock one and its headers, and KTLS_VM_ROOT, another root than this machine's to
# build and test in (see vm/run): then without the checks that ask about the sources alone.

set -u

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/..")
O=${O:-$top/build}
logs=${LOGS:-$O/check}
cd "$top" || exit 1
. selftests/runner.sh
# shellcheck disable=SC2034 # runner.sh's
installed=$O/kselftest/ktls_ocsp
# ocspd_faults.sh has a thousand when it is asked for by name. As many hang of fewer: else what waits
# for those would not stand out from a busy machine.
[ $# -gt 0 ] || wrap="env MANY=300 EACH=10"
new_logs

# From nothing, so that each file's warnings show. Not every package of headers can do with sparse.
modules()
{
	rm -rf "$O/modules"
	there make modules W=1 ${stock:+C=1} >"$logs/modules.out" 2>&1
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

# The tests wait now and then: what asks about the sources alone has that time.
beside()
{
	nice -n 19 "$@"
}

static_checks()
{
	for target in checkpatch netlink-check syzkaller-check kernel-doc shellcheck analyzer; do
		step "$target" beside make "$target"
	done
	step board-model beside selftests/board_model.sh
	step fuzz beside make -C selftests/fuzz check O="$O"
}

stock=1
[ -z "${KTLS_VM_KERNEL:-}${KTLS_VM_ROOT:-}" ] || stock=

step packages selftests/install-packages.sh
step modules modules
built=$?
step libocsp there make libocsp &&
step tools there make tools &&
step selftests there make kselftest || built=1

[ -z "$stock" ] || static_checks &

whole=
if [ "$built" = 0 ]; then
	if [ $# = 0 ]; then
		whole=1
		# In that order, but that what takes minutes is not left to the end, alone.
		# shellcheck disable=SC2046 # split on purpose
		set -- unload.sh $(sed -n 's/^[^:]*://p' "$O/kselftest/kselftest-list.txt" |
			grep -vx unload.sh)
	fi
	run_all "$@"
	if [ -n "$whole" ]; then
		step reboot selftests/vm/reboot "$installed" &
		step no-module no_module
	fi
else
	echo "the tests did not run: the build failed"
fi

wait
summary
