#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# Ten hosts, each a network namespace with a store, an ocspd and a TLS server of
# its own, behind one caching HTTP proxy: the responder gets one request for
# all of them at each refresh.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ../lib/isolated.sh
. ../lib/ocspd.sh

HOSTS=10
PROXY=3128

start_store_test
load_tls
if ! command -v squid > /dev/null; then
	ktap_skip_all "no squid"
	exit "$KSFT_SKIP"
fi
# squid becomes another user.
if awk '$3 > 1 { many = 1 } END { exit many }' /proc/self/uid_map; then
	ktap_skip_all "needs root"
	exit "$KSFT_SKIP"
fi
mkdir /run/netns
bad=http://10.9.0.1:$BAD
leaf one 20 "$bad/one/"
start_bad || ktap_exit_fail_msg "no responder"
trap 'unstep_clock; kill $(jobs -p) 2>/dev/null; rm -rf "$dir"' EXIT
ktap_set_plan 6

# The network: a bridge, with one end of each host's cable in it.
make_hosts()
{
	local i=1

	ip link add lan type bridge && ip addr add 10.9.0.1/24 dev lan &&
	ip link set lan up || return 1
	while [ "$i" -le "$HOSTS" ]; do
		ip netns add "host$i" &&
		ip link add "cable$i" type veth peer name eth0 netns "host$i" &&
		ip link set "cable$i" master lan up &&
		ip -n "host$i" link set lo up &&
		ip -n "host$i" addr add "10.9.0.$((10 + i))/24" dev eth0 &&
		ip -n "host$i" link set eth0 up || return 1
		i=$((i + 1))
	done
}

# What an ordinary proxy does, and one thing for us: who asks while it asks the
# responder waits for that answer.
start_squid()
{
	chmod 755 "$dir"
	cat > "$dir/squid.conf" <<-END
		http_port $PROXY
		http_access allow all
		cache_mem 16 MB
		collapsed_forwarding on
		pid_filename none
		access_log stdio:$dir/squid.access
		cache_log $dir/squid.log
		logfile_rotate 0
		coredump_dir $dir
		pinger_enable off
		shutdown_lifetime 0 seconds
		visible_hostname proxy
	END
	touch "$dir/squid.log" "$dir/squid.access" &&
	chmod 666 "$dir/squid.log" "$dir/squid.access"
	squid -N -f "$dir/squid.conf" > "$dir/squid.out" 2>&1 &
	wait_for 30 port_is_open "$PROXY"
}

# on N COMMAND...: on the host of that number
on()
{
	local host=host$1

	shift
	ip netns exec "$host" "$@"
}

# for_all COMMAND...: COMMAND N for each host N
for_all()
{
	local i=1

	while [ "$i" -le "$HOSTS" ]; do
		"$@" "$i" || return 1
		i=$((i + 1))
	done
}

start_host()
{
	sed "s|^cache = .*|cache = $dir/cache$1|" "$dir/ocspd.conf" \
		> "$dir/ocspd$1.conf"
	load_store_by on "$1" || return 1
	on "$1" ocspd -v -f "$dir/ocspd$1.conf" 2> "$dir/ocspd$1.log" &
	wait_for 20 grep -q "ready, " "$dir/ocspd$1.log"
}

serve_on()
{
	on "$1" ktls_server --cert "$dir/one-chain.pem" --key "$dir/one.key" \
		--port 4433 --workers 1 --async 2>> "$dir/server.log" &
}

# stored_on THISUPDATE N: the host has a response of then or later
stored_on()
{
	local found

	on "$2" ocspctl -j show > "$dir/host.json" &&
	grep -q '"state": "valid"' "$dir/host.json" || return 1
	found=$(sed -n 's/^ *"this_update": \([0-9]*\),*$/\1/p' "$dir/host.json")
	[ "$found" -ge "$1" ] && return
	cp "$dir/ocspd$2.log" "$dir/ocspd.log"		# for who looks why
	return 1
}

all_stored()
{
	for_all stored_on "$1"
}

network()
{
	make_hosts && start_squid
}
if ! network; then
	cat "$dir/squid.out" "$dir/squid.log" >&2
	ktap_exit_fail_msg "no network, or no proxy"
fi

together()
{
	# As responders do: it may be kept for an hour.
	fault one max-age 3600
	write_conf "proxy = http://10.9.0.1:$PROXY"
	for_all start_host || return 1
	fetched=$(date +%s)
	for_all serve_on &&
	wait_for 40 all_stored 0 && [ "$(requests one)" -eq 1 ]
}
check "10 hosts, one request to the responder" together

# Each host comes at a moment of its own in the 10 % behind the hour. The first
# one is looked for in small steps: of those that a step of the clock wakes
# together the proxy may send on more than one.
refresh()
{
	local before i=0

	before=$(requests one)
	step_clock $((fetched + 3590 - $(date +%s)))
	while [ "$(requests one)" -eq "$before" ]; do
		i=$((i + 1))
		[ "$i" -lt 120 ] || return 1
		step_clock 4
		sleep 0.3
	done
	fetched=$(date +%s)
	step_clock 400
	# The one before is an hour older.
	wait_for 40 all_stored $((fetched - 1800)) &&
	[ "$(requests one)" -eq $((before + 1)) ]
}
check "a refresh: one more" refresh
check "and the next one" refresh

staple_on()
{
	printf 'GET / HTTP/1.0\r\n\r\n' | on "$1" timeout $((30 * SLOW)) openssl s_client \
		-connect 127.0.0.1:4433 -status -ign_eof \
		-CAfile "$dir/ca.pem" > "$dir/client" 2>&1
	grep -q "Cert Status: good$" "$dir/client"
}

all_staple()
{
	for_all staple_on
}
check "each of them staples it" all_staple

environment()
{
	local before

	write_conf
	before=$(requests one)
	http_proxy=http://10.9.0.1:$PROXY run_ocspd_on 1 &&
	[ "$(requests one)" -eq "$before" ] &&
	no_proxy=10.9.0.0 HTTP_PROXY=http://10.9.0.1:1 run_ocspd_on 1 &&
	return 1
	no_proxy=10.9.0.1 HTTP_PROXY=http://10.9.0.1:1 run_ocspd_on 1 &&
	[ "$(requests one)" -eq $((before + 1)) ]
}

run_ocspd_on()
{
	on "$1" ocspd -f "$dir/ocspd.conf" --once > "$dir/out" \
		2> "$dir/ocspd.log"
}
check "http_proxy and no_proxy of the environment" environment

# The proxy is the administrator's, whatever its address; what a certificate
# names is not.
literal()
{
	fault one redirect "http://169.254.169.254/"
	write_conf "proxy = http://10.9.0.1:$PROXY" "deny = 10.9.0.0/16"
	! run_ocspd_on 2 && logged "address 10.9.0.1 is refused (denied)"
	write_conf "proxy = http://10.9.0.1:$PROXY"
	step_clock 4300
	! run_ocspd_on 2 &&
	logged "address 169.254.169.254 is refused (link-local)"
}
check "through a proxy too, no address that is refused" literal

ktap_finished
