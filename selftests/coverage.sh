#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: coverage.sh [TEST]...
#
# Run the tests of the library and the tools (or those that are named), built to count, and report
# the lines and branches that they reached: O/coverage/report/, and its summary on stdout. Called by
# "make coverage", which sets O. Fails if a test does, or below 90 % of the lines.

set -u

top=$(dirname "$(readlink -f "$0")")/..
cd "$top" || exit 1
top=$PWD
O=${O:-$top/build}
logs=$O/check-coverage
. selftests/runner.sh
tree=$O/coverage
installed=$tree/kselftest/ktls_ocsp
least=90

[ $# -gt 0 ] || set -- cert chain verify verify_bytes ocspctl_verify.sh ocspd_parts \
	api api_alloc api_board api_fork api_para api_store api_wait \
	ktls.sh ocspctl.sh ocspctl_add.sh ocspctl_alloc \
	ocspd.sh ocspd_alloc ocspd_conf.sh ocspd_faults.sh ocspd_kill.sh ocspd_proxy.sh \
	ocspd_store.sh ocspd_unit.sh

build()
{
	build_with "$O/coverage" \
		"-O0 -g --coverage -fprofile-update=atomic -include $top/selftests/coverage.h"
}

report()
{
	rm -rf "$tree/report"
	mkdir -p "$tree/report"
	selftests/gcov-parts "$tree" "$logs/counts" "$tree/report" --root "$top" \
		--object-directory "$tree" --filter "$top/libocsp/" --filter "$top/tools/" \
		--exclude-unreachable-branches "$tree/libocsp" "$tree/tools" "$tree/selftests" ||
		return
	set -- --root "$top" --add-tracefile "$tree/report/part.*.json"
	gcovr "$@" --html-details "$tree/report/index.html" \
		--txt "$tree/report/lines.txt" --print-summary --fail-under-line "$least"
	status=$?
	gcovr "$@" --branches --txt "$tree/report/branches.txt"
	return $status
}

new_logs
step packages selftests/install-packages.sh
step modules make modules
step ksrc make ksrc
step build-coverage build || { summary; exit 1; }
vm_timeout=7200
wrap="env KSFT_MACHINE_SLOW=yes $top/selftests/with-counts $logs/counts"
mkdir "$logs/counts"
run_all "$@"
step coverage report
cat "$tree/report/lines.txt"
sed -n '/^lines:/p; /^branches:/p' "$logs/coverage.log"
summary
