#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# board_race with all of libocsp under ThreadSanitizer and
# AddressSanitizer. They want the address space that they know.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/ktap_helpers.sh

ktap_print_header
if [ "$(id -u)" != 0 ] || ! modprobe ktls_ocsp 2>/dev/null; then
	ktap_skip_all "needs root and the module"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for sanitizer in tsan asan; do
	setarch -R "./board_race_$sanitizer" >"$log" 2>&1
	sed 's/^/# /' "$log"
	if grep -q '^# Totals: .* fail:0 .* skip:0' "$log" &&
		! grep -q Sanitizer "$log"; then
		ktap_test_pass "$sanitizer"
	else
		ktap_test_fail "$sanitizer"
	fi
done
ktap_finished
