#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-all.sh GOAL...
#
# Make each goal, whatever comes of the one before, with what it prints in O/check-all/GOAL.log.
# Called by "make check-all". Ends with one line for each, with its own sum where it makes one, and one
# for all: "N passed, N failed".

set -u

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/..")
O=${O:-$top/build}
logs=$O/check-all

cd "$top" || exit 1
mkdir -p "$logs"
rm -f "$logs"/*.log "$logs/summary"
# Each has processes of its own: those of this make are not handed on.
unset MFLAGS MAKELEVEL MAKEFLAGS

passed=0
failed=0
for goal; do
	echo "$goal, see $logs/$goal.log"
	start=$(date +%s)
	if make "$goal" O="$O" >"$logs/$goal.log" 2>&1 </dev/null; then
		verdict=ok
		passed=$((passed + 1))
	else
		verdict=FAIL
		failed=$((failed + 1))
	fi
	sum=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$logs/$goal.log" | tail -n 1)
	printf '%-5s %-18s %6d s  %s\n' "$verdict" "$goal" $(($(date +%s) - start)) "$sum" \
		>>"$logs/summary"
done

cat "$logs/summary"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
