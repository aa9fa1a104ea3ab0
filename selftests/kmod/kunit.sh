#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# The cases of kunit/, which run when their module is loaded. It has the store's
# own sources: two stores' caches of one name are a defect to the kernel, so the
# other module goes first.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/ktap_helpers.sh

module=ktls_ocsp_kunit
results=/sys/kernel/debug/kunit/ktls_ocsp_store/results

if [ "$(id -u)" != 0 ] || ! modprobe -q -n "$module"; then
	ktap_print_header
	ktap_skip_all "needs root and $module, of a kernel with CONFIG_KUNIT"
	exit "$KSFT_SKIP"
fi
modprobe -r ktls_ocsp && modprobe "$module" && cat "$results" || exit 1
modprobe -r "$module"
