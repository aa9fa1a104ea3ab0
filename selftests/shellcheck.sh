#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: shellcheck.sh KSRC
#
# Run the shell's linter over all shell of the project.

set -eu

ksrc=$(readlink -f "$1")
cd "$(dirname "$(readlink -f "$0")")/.."

# A script is known by its first line, a file to be sourced by its name.
dialect()
{
	case $(head -c 100 "$1" | tr -d '\0' | sed -n 1p) in
	'#!'*busybox*)			echo dash ;;
	'#!'*sh|'#!'*'sh '*)		echo script ;;
	*)	case $1 in *.sh)	echo script ;; esac ;;
	esac
}

status=0
for file in $(find .ci libocsp tools selftests -type f | LC_ALL=C sort); do
	# What a script sources lies beside it, or is the kernel's. It does not see that a function
	# whose name is an argument is called (SC2317).
	set -- -x -e SC2317 -P SCRIPTDIR -P "$ksrc/tools/testing/selftests/kselftest"
	case $(dialect "$file") in
	'')	continue ;;
	dash)	set -- "$@" -s dash ;;
	esac
	shellcheck "$@" "$file" || status=1
done
exit $status
