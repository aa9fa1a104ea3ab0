#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# usage: bench.sh [COUNT]
#
# What it costs ocspd to fetch the responses of so many certificates (10,000)
# from one responder on this machine. Prints figures for bench/report; with
# STORE=standin, those of ocspd alone.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspd.sh

count=${1:-10000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail()
{
	echo "bench.sh: $*" >&2
	tail -n 5 "$dir/ocspd.log" >&2
	exit 1
}

case $STORE in
kernel)		name=ocspd ;;
*)		name=ocspd-$STORE ;;
esac

# figure NAME UNIT VALUE
figure()
{
	printf '%s/%s/%s\t%s\t%s\n' "$name" "$count" "$1" "$2" "$3"
}

# cpu_ms PID: what it used, its own and the kernel's for it
cpu_ms()
{
	awk -v hz="$(getconf CLK_TCK)" \
		'{ print int(($14 + $15) * 1000 / hz) }' "/proc/$1/stat"
}

rss_bytes()
{
	awk '$1 == "VmRSS:" { print $2 * 1024 }' "/proc/$1/status"
}

# use_processor N: for what is started from here on. The kernel's store runs on the processor of whoever
# calls it: so does the stand-in, or another one had to be woken up for each call.
use_processor()
{
	[ "$STORE" = kernel ] || taskset -cp "$1" $$ > /dev/null 2>&1
}

use_processor 0
load_store 2> /dev/null
use_processor 1
if ! { make_ca "$dir" && write_conf && start_bad; }; then
	fail "no responder"
fi
use_processor 0
OCSPD=ocspd OCSPD_PREFIX='' start_ocspd || fail "it does not start"
rss=$(rss_bytes "$ocspd")
cpu=$(cpu_ms "$ocspd")
use_processor 1
cert_load --ca "$dir/ca.pem" --key "$dir/ca.key" --count "$count" \
	--url "$bad/r/" --seconds 3000 > "$dir/load" || fail "$(cat "$dir/load")"
seconds=$(sed -n 's/^valid .* after \([0-9.]*\) s,.*/\1/p' "$dir/load")
requests=$(wc -l < "$dir/requests")

figure seconds s "$seconds"
figure requests requests "$requests"
figure requests-per-second 1/s "$(awk "BEGIN { print $requests / $seconds }")"
figure cpu-per-response ms \
	"$(awk "BEGIN { print ($(cpu_ms "$ocspd") - $cpu) / $count }")"
figure rss B "$(rss_bytes "$ocspd")"
figure rss-per-certificate B \
	"$((($(rss_bytes "$ocspd") - rss) / count))"
stop_ocspd || fail "it does not stop"
