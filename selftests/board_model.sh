#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: board_model.sh [OPTION]...
#
# Check the model of the board, board.pml: as it is, it has to hold; with each of the defects that
# it knows, it must not. The options are spin's: -DGETS=2 -DBLOBS=3 takes minutes, not seconds.

set -eu

model=$(dirname "$(readlink -f "$0")")/board.pml
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp"
cp "$model" .

# explore OPTION...: what the search says
explore()
{
	spin -a "$@" board.pml >spin.log 2>&1 || { cat spin.log >&2; exit 1; }
	# -w: spin's code, not ours
	${CC:-cc} -O2 -w -DSAFETY -DCOLLAPSE -DMEMLIM=4000 -o pan pan.c
	./pan -m20000 >pan.log 2>&1 || true
}

fail()
{
	cat pan.log >&2
	echo "board_model.sh: $*" >&2
	exit 1
}

explore "$@"
if ! grep -q 'errors: 0' pan.log || grep -qE 'max search depth too small|out of memory' pan.log; then
	fail "the model does not hold"
fi
sed -n 's/^ *\([0-9.e+]*\) states, stored.*/holds in \1 states/p' pan.log

for defect in RELAXED BOARD_FIRST NO_GRACE NO_REF NO_COMPARE; do
	explore -D"$defect"
	grep -q 'assertion violated' pan.log || fail "the model does not see the defect $defect"
	echo "$defect: seen"
done
