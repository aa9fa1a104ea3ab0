#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: checkpatch.sh KSRC
#
# The kernel's style check over all C of the project, except what is generated.

set -eu

ksrc=$(readlink -f "$1")
cd "$(dirname "$(readlink -f "$0")")/.."

# Outside of the kernel its types and macros are not there, libocsp's public names are those of
# Windows (and too long to wrap at their parenthesis), and a message for people is not broken up.
user=CAMELCASE,NEW_TYPEDEFS,PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,ARRAY_SIZE
user=$user,BIT_MACRO,OPEN_ENDED_LINE,LONG_LINE_STRING,EMBEDDED_FUNCTION_NAME

# A table of test cases is built of macros that are no expressions.
tables=COMPLEX_MACRO,MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE

# The one place for what differs between kernels.
compat=LINUX_VERSION_CODE,CONSTANT_COMPARISON

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# OpenSSL's STACK_OF(X509) is a type, as is the harness' FIXTURE_DATA(name), which checkpatch takes
# for a function: it is shown another name of the same length. Windows' types are in capitals.
printf '%s\n' 'STACK_OF_\w+' 'FIXTURE_DATA_\w+' >"$tmp/types"
echo '[A-Z][A-Z0-9_]{2,}' >"$tmp/windows-types"

status=0
for file in $(find kmod libocsp tools selftests -name '*.[ch]' | LC_ALL=C sort); do
	if grep -q 'YNL-GEN' "$file"; then
		continue
	fi
	mkdir -p "$tmp/$(dirname "$file")"
	sed 's/\(STACK_OF\|FIXTURE_DATA\)(\(\w*\))/\1_\2_/g' "$file" >"$tmp/$file"
	case $file in
	kmod/compat.h)	set -- --ignore "$compat" ;;
	kmod/*)		set -- ;;
	libocsp/include/*)
			set -- --ignore "$user" --typedefsfile "$tmp/windows-types" ;;
	selftests/*)	set -- --ignore "$user,$tables" --typedefsfile "$tmp/types" ;;
	*)		set -- --ignore "$user" --typedefsfile "$tmp/types" ;;
	esac
	(cd "$tmp" && perl "$ksrc/scripts/checkpatch.pl" --no-tree --strict --quiet --no-summary \
		--show-types "$@" -f "$file") || status=1
done
exit $status
