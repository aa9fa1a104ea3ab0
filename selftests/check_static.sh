#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check_static.sh
#
# The static checks that take too long for "make check", which sets O. Ends as that does.

set -u

top=$(dirname "$(readlink -f "$0")")/..
cd "$top" || exit 1
O=${O:-$PWD/build}
# shellcheck disable=SC2034 # runner.sh's
logs=$O/check-static
. selftests/runner.sh
new_logs

step packages selftests/install-packages.sh
step ksrc make ksrc
step analyzer build_with "$O/analyzer" "-O2 -g -fanalyzer"
step clang-tidy build_with "$O/tidy" "-O2 -g" CC="$PWD/selftests/tidy-cc"
step coccicheck make coccicheck
summary
