#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#
# One server of servers.sh, that whose name this file has. Where the tests are
# built for AddressSanitizer and UBSan, the module and libocsp are and the server
# is not: whatever these find ends it.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
exec ./servers.sh "$(basename "$0" .sh)"
