#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2154 # what module_files.sh sets
#
# usage: bench.sh COUNT...
#
# How much longer nginx with so many certificates takes to start for our modules, for each certificate.
# Prints figures for bench/report. Needs make_certs of bench/peers in the PATH.
#
# With STORE=standin the store is another process, whose time is part of the time by the clock, and
# not of the processor's time.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/lib.sh
own_namespaces "$0" "$@"
. ./module_files.sh

PATH=$PATH:/usr/sbin:/sbin
built=.
[ "$STORE" = kernel ] || built=standin
installed=$(readlink -f "$built/installed")
dir=$(mktemp -d)
chmod 755 "$dir"

cleanup()
{
	umount -l "$dir/layers" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

fail()
{
	echo "bench.sh: $*" >&2
	exit 1
}

# What ocsp_fill stores is no response. nginx does not mind.
fill()
{
	mkdir "$dir/certs" && make_certs "$dir/certs" "$1" http://127.0.0.1:1/ &&
		find "$dir/certs" -name 'n*.pem' -exec ocsp_fill {} +
}

[ $# -gt 0 ] || fail "with how many certificates?"
if ! { mkdir "$dir/layers" && overlay_trees "$dir/layers" /var; }; then
	fail "no file system of our own"
fi
install_module || fail "no module in $installed"
load_store || fail "no store"
unset LD_PRELOAD
for count; do
	fill "$count" || fail "no certificates"
	python3 start_cost.py "$dir" "$count" "$config" "$modules" || fail "nginx failed"
	rm -r "$dir/certs"
done
