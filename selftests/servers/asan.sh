#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same with the module and libocsp built for AddressSanitizer and UBSan, in
# servers that are not: whatever these find ends the server.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
KSFT_OPENSSL_MODULE=openssl_module_asan exec ./servers.sh "$@"
