#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: coccicheck.sh KSRC
#
# Look in the module for what the kernel's semantic patches (scripts/coccinelle) know to be wrong. As
# the kernel's own coccicheck does, but that one wants a whole tree, and its findings do not fail it.
# What is found below a comment "coccicheck: REASON" is none.

set -eu

ksrc=$(readlink -f "$1")
cd "$(dirname "$(readlink -f "$0")")/.."

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# patch FILE: its findings, one a line
patch()
{
	# shellcheck disable=SC2046 # split on purpose
	if ! spatch -D report --very-quiet --no-show-diff --cocci-file "$1" \
		$(sed -n 's,^// Options:,,p' "$1") --include-headers -I kmod/include \
		-I kmod/include/uapi --dir kmod 2>"$tmp/stderr"; then
		echo "coccicheck: ${1##*/} failed:"
		cat "$tmp/stderr"
	fi
}

# suppressed FILE LINE: whether the line above has a reason
suppressed()
{
	sed -n "$(($2 - 1))p" "$1" | grep -q '/\* coccicheck: '
}

# Some patches are partly OCaml, which takes its compiler: one of these is of a single driver, the
# other looks for 0 in place of NULL, as sparse does. Some patches know only how to mend.
count=0
for file in $(find "$ksrc/scripts/coccinelle" -name '*.cocci' | LC_ALL=C sort); do
	if grep -q ':ocaml@' "$file" || ! grep -q '^virtual.*report' "$file"; then
		continue
	fi
	patch "$file" >>"$tmp/found"
	count=$((count + 1))
done

status=0
while IFS=: read -r file line rest; do
	if [ ! -e "$file" ] || ! suppressed "$file" "$line"; then
		echo "$file:$line:$rest"
		status=1
	fi
done <"$tmp/found"
echo "$count semantic patches"
[ "$count" -gt 0 ] || status=1
exit "$status"
