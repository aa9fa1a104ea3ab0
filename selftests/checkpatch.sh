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
# Windows (and too long to wrap at their parenthesis), a message for people is not broken up, and a
# signal handler's flag is volatile.
user=CAMELCASE,NEW_TYPEDEFS,PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,ARRAY_SIZE
user=$user,BIT_MACRO,OPEN_ENDED_LINE,LONG_LINE_STRING,EMBEDDED_FUNCTION_NAME,VOLATILE,STRCPY

# A table of test cases is built of macros that are no expressions.
tables=COMPLEX_MACRO,MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE

# The one place for what differs between kernels.
compat=LINUX_VERSION_CODE,CONSTANT_COMPARISON

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# OpenSSL's STACK_OF(X509) is a type, as are the harness' FIXTURE_DATA(name) and queue(7)'s
# TAILQ_ENTRY(type), which checkpatch takes for functions: it is shown another name of the same
# length. Windows' types are in capitals.
printf '%s\n' 'STACK_OF_\w+' 'FIXTURE_DATA_\w+' 'TAILQ_ENTRY_\w+' X509 >"$tmp/types"
echo '[A-Z][A-Z0-9_]{2,}' >"$tmp/windows-types"

for file in $(find kmod libocsp tools selftests -name '*.[ch]' | LC_ALL=C sort); do
	if grep -q 'YNL-GEN' "$file"; then
		continue
	fi
	case $file in
	kmod/compat.h)		group=compat ;;
	kmod/*)			group=kmod ;;
	libocsp/include/*)	group=windows ;;
	selftests/*)		group=selftests ;;
	*)			group=user ;;
	esac
	mkdir -p "$tmp/$(dirname "$file")"
	sed 's/\(STACK_OF\|FIXTURE_DATA\|TAILQ_ENTRY\)(\(\w*\))/\1_\2_/g' "$file" >"$tmp/$file"
	echo "$file" >>"$tmp/$group.list"
done

# check GROUP [OPTION]...
check()
{
	list=$tmp/$1.list
	shift
	[ -e "$list" ] || return 0
	# Without a tree it still looks for one, to learn the kernel's mixed-case names.
	(cd "$tmp" && LC_ALL=C xargs perl "$ksrc/scripts/checkpatch.pl" --no-tree --strict --quiet \
		--no-summary --show-types "$@" -f <"$list" 2>"$tmp/stderr") || status=1
	grep -v -e "find: .*/include': No such file" \
		-e "uninitialized value \$root" "$tmp/stderr" >&2 || true
}

status=0
check compat --ignore "$compat"
check kmod
check windows --ignore "$user" --typedefsfile "$tmp/windows-types"
check selftests --ignore "$user,$tables" --typedefsfile "$tmp/types"
check user --ignore "$user" --typedefsfile "$tmp/types"
exit $status
