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
cd "$top" || exit 1
. selftests/runner.sh
# shellcheck disable=SC2034 # runner.sh's
installed=$O/kselftest/ktls_ocsp
new_logs

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
step analyzer make analyzer
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

summary
