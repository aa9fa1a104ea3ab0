#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# No client of ocspd's metrics slows it down, or keeps others out for long.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ./metrics_lib.sh

ktap_set_plan 4

write_conf "metrics_listen = 127.0.0.1:$port" "[certificate one]" "file = $dir/one-chain.pem"
start_ocspd || ktap_exit_fail_msg "ocspd does not start"
wait_for 20 state one valid

gets_in()
{
	get /metrics
}

# connections COUNT: of clients that say nothing; $pids
connections()
{
	local i=0

	pids=
	while [ "$i" -lt "$1" ]; do
		sleep 60 | socat -t 60 - "TCP:127.0.0.1:$port" > /dev/null 2>&1 &
		pids="$pids $!"
		i=$((i + 1))
	done
}

is_bounded()
{
	local start

	connections 20
	sleep 1
	start=$(now_ms)
	! timeout 3 sh -c "printf 'GET /metrics HTTP/1.0\r\n\r\n' | socat -t 2 - TCP:127.0.0.1:$port" | grep -q ocspd_ready &&
	# The control socket is as quick as ever.
	control '{"request": "status"}' && answers '"ready":true' &&
	wait_for 40 gets_in && [ $(($(now_ms) - start)) -gt 5000 ]
	i=$?
	# shellcheck disable=SC2086 # split on purpose
	kill $pids 2> /dev/null
	return "$i"
}
check "clients that send nothing are disconnected, others get in then" is_bounded

# As many as are taken, whose time is over when ocspd has time for them
all_at_once()
{
	connections 8
	sleep 1
	kill -STOP "$ocspd" && sleep 11 && kill -CONT "$ocspd" && wait_for 5 gets_in
	i=$?
	# shellcheck disable=SC2086 # split on purpose
	kill $pids 2> /dev/null
	return "$i"
}
check "clients that are all disconnected at once" all_at_once

# One byte a second, for which each of libmicrohttpd's own timeouts waits
drips()
{
	{
		i=0
		while [ "$i" -lt 40 ]; do
			printf G || break
			sleep 1
			i=$((i + 1))
		done
	} | socat -u - "TCP:127.0.0.1:$port" 2> /dev/null
}

is_cut_off()
{
	local start

	start=$(now_ms)
	drips
	[ $(($(now_ms) - start)) -lt $((16000 * SLOW)) ]
}
check "a client that sends one byte a second is disconnected in time" is_cut_off

cpu_ticks()
{
	awk '{ print $14 + $15 }' "/proc/$ocspd/stat"
}

# flood: how many answers a client gets that asks as fast as it can for 3 seconds
flood()
{
	/usr/bin/python3 - <<-END
		import socket, time
		answers, end = 0, time.monotonic() + 3
		while time.monotonic() < end:
		    with socket.create_connection(("127.0.0.1", $port), timeout=2) as s:
		        s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
		        while data := s.recv(65536):
		            answers += b"ocspd_ready 1" in data
		print(answers)
	END
}

# Of 200 turns a second, of which an answer takes two or more
is_limited()
{
	local before used

	flood > "$dir/flood" &
	pids=$!
	before=$(cpu_ticks)
	control "{\"request\": \"refresh\", \"key\": \"$(key_of one)\", \"wait\": true}" &&
	answers '"result":"stored"' && wait "$pids" || return 1
	used=$(($(cpu_ticks) - before))
	echo "$(cat "$dir/flood") answers, $used ticks" >&2
	[ "$(cat "$dir/flood")" -gt 20 ] && [ "$(cat "$dir/flood")" -le 350 ] && [ "$used" -lt $((60 * SLOW)) ]
}
check "clients that ask all the time slow nothing down" is_limited

ktap_finished
