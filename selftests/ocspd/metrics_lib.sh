# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # some of these are those of lib/
#
# For the tests of ocspd's metrics, which source it first: a certificate "one", and its responder.

. ../lib/isolated.sh
. ../lib/ocspd.sh

start_store_test
leaf one 20 "$bad/one/"
start_bad || ktap_exit_fail_msg "no responder"
port=9642

# reload: until that is done
reload()
{
	: > "$dir/ocspd.log"
	kill -HUP "$ocspd" && wait_for 20 logged "configuration"
}

# get PATH [OPTION...]: from the port
get()
{
	local path=$1

	shift
	curl -sS --max-time $((5 * SLOW)) -o "$dir/text" -D "$dir/headers" "$@" "http://127.0.0.1:$port$path" 2> "$dir/curl"
}

# has LINE...: the samples of the text, as its checker prints them
has()
{
	local line

	./metrics_check.py "${format:-prometheus}" "${text:-$dir/text}" > "$dir/samples" || return 1
	for line; do
		grep -qx -e "$line" "$dir/samples" && continue
		echo "no sample $line in" >&2
		cat "$dir/samples" >&2
		return 1
	done
}
