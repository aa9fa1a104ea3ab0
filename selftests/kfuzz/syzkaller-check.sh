#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: syzkaller-check.sh
#
# Compare the description for syzkaller with what the netlink spec generates.

set -eu

cd "$(dirname "$(readlink -f "$0")")"

if ! ./generate.py syzkaller ../../kmod/ktls_ocsp.yaml |
	diff -u --label ktls_ocsp.txt --label generated ktls_ocsp.txt -; then
	echo "syzkaller-check: selftests/kfuzz/ktls_ocsp.txt is not what the spec generates: make syzkaller" >&2
	exit 1
fi
