#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# How ocspd looks up the names of responders: with name servers that are dead, silent or wrong.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ../lib/isolated.sh
. ../lib/ocspd.sh

SILENT=${SILENT:-300}	# names that nobody answers for
OTHERS=${OTHERS:-100}	# certificates whose responder has a name that is known

# use_servers ADDRESS...: in this order
use_servers()
{
	printf 'nameserver %s\n' "$@" > "$dir/resolv.conf"
}

start_store_test
if ! mount --bind /dev/null /etc/resolv.conf; then
	ktap_skip_all "no /etc/resolv.conf to put another one over"
	exit "$KSFT_SKIP"
fi
umount /etc/resolv.conf
: > "$dir/resolv.conf"
mount --bind "$dir/resolv.conf" /etc/resolv.conf
dns_server 127.0.0.1 "$dir/questions" 2> "$dir/dns.log" &
# One that takes questions, and says nothing
socat -u UDP-RECV:53,bind=127.0.0.3 OPEN:/dev/null &
for name in good none broken both far; do
	leaf "$name" "$((20 + ${#name}))" "http://$name.example:$BAD/$name/"
done
leaf again 40 "http://good.example:$BAD/again/"
start_bad || ktap_exit_fail_msg "no responder"
ktap_set_plan 8

# forget_all: the store is empty
forget_all()
{
	for other in good none broken both far again; do
		ocspctl del "$dir/$other.pem" > /dev/null 2>&1
	done
	rm -rf "$dir/cache"
}

# once NAME [LINE...]: ocspd --once with $dir/NAME-chain.pem pinned
once()
{
	local name=$1

	shift
	forget_all
	: > "$dir/questions"
	write_conf "$@" "[certificate $name]" "file = $dir/$name-chain.pem" &&
	run_ocspd --once
}

asked()
{
	grep -c "^$1.example A\$" "$dir/questions"
}

use_servers 127.0.0.1
found()
{
	once good && status good good && [ "$(asked good)" -eq 1 ]
}
check "a name that has an address" found

not_found()
{
	! once none && failed_with none "the responder's name has no address"
}
check "a name that has none" not_found

not_known()
{
	! once broken && failed_with broken "the responder's name could not be looked up: "
}
check "a name server that fails is not a name without an address" not_known

dead_servers()
{
	local start

	use_servers 127.0.0.3 127.0.0.1
	start=$(now_ms)
	once good || return 1
	echo "# one dead name server: $(($(now_ms) - start)) ms" >&3
	use_servers 127.0.0.3 127.0.0.3 127.0.0.1
	start=$(now_ms)
	once good || return 1
	echo "# two: $(($(now_ms) - start)) ms" >&3
	[ $(($(now_ms) - start)) -lt $((10000 * SLOW)) ]
}
exec 3>&1
check "one or two dead name servers do not cost the first attempt" dead_servers

no_server()
{
	use_servers 127.0.0.9
	! once good && failed_with good "the responder's name could not be looked up: "
}
check "no name server at all" no_server

use_servers 127.0.0.1
rules()
{
	! once far "deny = 192.0.2.0/24" &&
	failed_with far "address 192.0.2.1 is refused (denied)" &&
	once both "deny = 192.0.2.0/24" && status both good
}
check "the rules are for what a name server says: one of two addresses is used" rules

one_lookup()
{
	forget_all
	: > "$dir/questions"
	write_conf "[certificate one]" "file = $dir/good-chain.pem" \
		"[certificate two]" "file = $dir/again-chain.pem" &&
	run_ocspd --once && status good good && status again good && [ "$(asked good)" -eq 1 ]
}
check "two certificates of one host: one lookup" one_lookup

# threads PID, and its address space in kB
threads()
{
	awk '$1 == "Threads:" { print $2 }' "/proc/$1/status"
}

vm_size()
{
	awk '$1 == "VmSize:" { print $2 }' "/proc/$1/status"
}

many_asked()
{
	[ "$(grep -c '^silent' "$dir/questions")" -ge 100 ]
}

silent_names()
{
	local silent seconds size

	forget_all
	write_conf && start_ocspd || return 1
	size=$(vm_size "$ocspd")
	cert_load --ca "$dir/ca.pem" --key "$dir/ca.key" --count "$SILENT" --seconds 600 \
		--url "http://silent%ld.example:$BAD/s/" > "$dir/silent" 2>&1 &
	silent=$!
	wait_for 30 many_asked || return 1
	cert_load --ca "$dir/ca.pem" --key "$dir/ca.key" --count "$OTHERS" --seconds $((60 * SLOW)) \
		--url "http://others%ld.example:$BAD/o/" > "$dir/others" || return 1
	seconds=$(sed -n 's/^valid .* after \([0-9]*\)[0-9.]* s,.*/\1/p' "$dir/others")
	echo "# $SILENT silent names: $OTHERS others after $seconds s, $(threads "$ocspd") threads," \
		"$(($(vm_size "$ocspd") - size)) kB of address space more, of $size" >&3
	[ "$(threads "$ocspd")" -eq 1 ] && [ $(($(vm_size "$ocspd") - size)) -lt 65536 ] &&
	[ "$seconds" -lt $((30 * SLOW)) ]
	seconds=$?
	kill "$silent" && stop_ocspd && return "$seconds"
}
check "$SILENT silent names hold up nobody, and cost no threads" silent_names

ktap_finished
