#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One server of servers.sh, that whose name this file has. With "_asan" behind
# it the module and libocsp are built for AddressSanitizer and UBSan, and the
# server is not: whatever these find ends it.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
name=$(basename "$0" .sh)
[ "$name" = "${name%_asan}" ] || export KSFT_INSTALLED=installed_asan
exec ./servers.sh "${name%_asan}"
