#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: coverage_kernel.sh [TEST]...
#
# Run the tests of the module (or those that are named) on the kernel of debug/config.kasan, with the
# module built to count, and report the lines of kmod/ that they reached. Called by "make
# coverage-kernel", which sets O. Fails if a test does, or below 90 % of the lines.

# shellcheck disable=SC2034 # runner.sh's

set -u

top=$(readlink -f "$(dirname "$(readlink -f "$0")")/..")
O=${O:-$top/build}
logs=$O/coverage-kernel
least=90
cd "$top" || exit 1
. selftests/runner.sh
. selftests/debug/guest.sh
. selftests/debug/instrument.sh

[ $# -gt 0 ] || set -- board board_life consumer dump events fail_nth kfuzz limits netns perms \
	policy.py protocol refs refuse stress time unload.sh userns users

# As check-debug.sh does
guests=1
timeout=$((timeout * 4))
vm_timeout=28800
vm_options=$(guest_of kasan)
wrap="env KSFT_MACHINE_SLOW=yes selftests/debug/save-gcov $logs/counts"
installed=$O/kselftest/ktls_ocsp

new_logs
selftests/install-packages.sh && make -s kselftest && instrument || exit 1
mkdir "$logs/counts"
(O=$instrumented && export O && run_tests "$@")
step coverage selftests/debug/report-gcov "$instrumented" "$logs/counts" "$least"
cat "$logs/coverage.log"
summary
