#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: netlink-check.sh KSRC
#
# Generate the uapi header from the netlink spec with the kernel tree's generator, and compare it
# with the one that is committed.

set -eu

top=$(dirname "$(readlink -f "$0")")/..
ksrc=$(readlink -f "$1")
spec=Documentation/netlink/specs/ktls_ocsp.yaml
header=kmod/include/uapi/linux/ktls_ocsp.h

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# The generator takes the place of the spec in a kernel tree, which it knows by MAINTAINERS, for the
# name of its source.
mkdir -p "$tmp/tree/Documentation/netlink/specs"
cp "$ksrc"/Documentation/netlink/*.yaml "$tmp/tree/Documentation/netlink/"
cp "$top/kmod/ktls_ocsp.yaml" "$tmp/tree/$spec"
: >"$tmp/tree/MAINTAINERS"

generator=$ksrc/tools/net/ynl/ynl-gen-c.py
[ -e "$generator" ] || generator=$ksrc/tools/net/ynl/pyynl/ynl_gen_c.py

PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$generator" --mode uapi --header \
	--spec "$tmp/tree/$spec" -o "$tmp/generated.h"

if ! diff -u --label "$header" --label generated "$top/$header" "$tmp/generated.h"; then
	echo "netlink-check: $header is not what kmod/ktls_ocsp.yaml generates" >&2
	exit 1
fi
