#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: fuzz_kernel.sh
#
# Fuzz the netlink family on the kernel of debug/config.kasan, with the module instrumented: what a
# message reaches for the first time is built on. Prints which lines of kmod/ were reached. Fails if
# the fuzzer finds anything wrong, if the kernel's log tells of a defect, if memory leaked, or if the
# module cannot be unloaded. Called by "make fuzz-kernel", which sets O.
#
# Environment: MESSAGES, how many (1000000); SEED, what they follow from (another one each time).

set -u

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/..")
O=${O:-$top/build}
logs=$O/fuzz-kernel
MESSAGES=${MESSAGES:-1000000}
SEED=${SEED:-$(date +%s)}
cd "$top" || exit 1

# In the guest
if [ "${1:-}" = --guest ]; then
	modprobe ktls_ocsp || exit 1
	selftests/vm/leaks >/dev/null
	# The harness counts seconds for a machine that is not emulated.
	(cd "$2" && KSFT_MACHINE_SLOW=yes ./kfuzz)
	status=$?
	modprobe -r ktls_ocsp || status=1
	selftests/vm/leaks || status=1
	exit $status
fi

. selftests/debug/guest.sh
selftests/install-packages.sh && make -s kselftest && build_for kasan || exit 1
rm -rf "$logs"
options=$(guest_of kasan)
# shellcheck disable=SC2086 # split on purpose
selftests/vm/run $options --timeout $((1800 + MESSAGES / 50)) --share "$logs" -- \
	selftests/debug/save-gcov "$logs/counts" env MESSAGES="$MESSAGES" SEED="$SEED" \
	selftests/fuzz_kernel.sh --guest "$O/kselftest/ktls_ocsp"
status=$?
selftests/debug/report-gcov "$modules" "$logs/counts" "$logs/report" 0 || status=1
exit $status
