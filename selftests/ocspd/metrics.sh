#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspd's metrics: the file for node_exporter and the endpoint.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ./metrics_lib.sh

leaf two 21 "$bad/two/"
leaf far 22 http://127.0.0.1:1/
ktap_set_plan 14

file=$dir/metrics/ocspd.prom
mkdir "$dir/metrics"

# configure LINE...: these certificates, and those lines of [ocspd]
configure()
{
	write_conf "$@" "[certificate one]" "file = $dir/one-chain.pem" \
		"[certificate two]" "file = $dir/two-chain.pem" \
		"[certificate far]" "file = $dir/far-chain.pem"
}

header()
{
	grep -qi "^$1:.*$2" "$dir/headers"
}

configure
start_ocspd || ktap_exit_fail_msg "ocspd does not start"
wait_for 20 state one valid
wait_for 20 state two valid
wait_for 20 failed_with far "cannot connect"

is_off()
{
	[ "$(ss -Hltn | wc -l)" -eq 1 ] && port_is_open "$BAD" && ! get /metrics && [ -z "$(ls "$dir/metrics")" ]
}
check "by itself there is neither a file nor a port" is_off

is_written()
{
	configure "metrics_file = $file" "metrics_listen = 127.0.0.1:$port" && reload &&
	wait_for 5 [ -s "$file" ] && text=$file has 'ocspd_ready{} 1' \
		'ocspd_certificates{state="fresh"} 2' \
		'ocspd_certificates_failing{} 1' 'ocspd_certificates_unserved{} 1' \
		'ocspd_certificates_pinned{} 3' 'ocspd_certificates_kept{} 0' \
		'ocspd_attempts_total{result="stored"} 2' \
		'ocspd_config_last_reload_successful{} 1' 'ocspd_store_entries{} 3' \
		'ocspd_store_responses_set_total{} 2' 'ocspd_request_duration_seconds_bucket{le="+Inf"} [1-9][0-9]*' &&
	[ "$(stat -c %a "$file")" = 644 ] && [ "$(ls "$dir/metrics")" = ocspd.prom ]
}
check "a file, from a reload on" is_written

# sample NAME: its value in the text
sample()
{
	./metrics_check.py prometheus "$dir/text" | awk -v name="$1" '$1 == name { print $2 }'
}

answers_text()
{
	get /metrics && header content-type "text/plain; version=0.0.4; charset=utf-8" &&
	! grep -q EOF "$dir/text" && grep -qx '# TYPE ocspd_requests_total counter' "$dir/text" &&
	has 'ocspd_certificates{state="fresh"} 2' 'ocspd_build_info{version="[0-9.]*"} 1'
}
check "the endpoint, in Prometheus' format" answers_text

answers_openmetrics()
{
	get /metrics -H "Accept: application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1" &&
	header content-type "application/openmetrics-text; version=1.0.0; charset=utf-8" &&
	[ "$(tail -n 1 "$dir/text")" = "# EOF" ] &&
	grep -qx '# TYPE ocspd_requests counter' "$dir/text" &&
	grep -qx '# UNIT ocspd_store_bytes bytes' "$dir/text" &&
	format=openmetrics has 'ocspd_certificates{state="fresh"} 2' 'ocspd_certificates_pinned{} 3'
}
check "the endpoint, in OpenMetrics" answers_openmetrics

# What the store has of it, in seconds since the epoch
next_update()
{
	ocspctl -j show "$dir/$1.pem" | sed -n 's/^ *"next_update": \([0-9]*\),*$/\1/p'
}

tells_times()
{
	local first now

	first=$(next_update one) && now=$(date +%s) && sleep 1.1 && get /metrics &&
	[ "$(sample 'ocspd_first_next_update_timestamp_seconds{}')" -le "$first" ] &&
	[ "$(sample 'ocspd_first_next_update_timestamp_seconds{}')" -gt "$now" ] &&
	[ "$(sample 'ocspd_last_success_timestamp_seconds{}')" -le "$now" ] &&
	[ "$(sample 'ocspd_last_success_timestamp_seconds{}')" -ge "$(sample 'ocspd_start_time_seconds{}')" ]
}
check "times are those of the store" tells_times

# counted LABEL: requests that failed for that
counted()
{
	sleep 1.1
	get /metrics && sample "ocspd_request_failures_total{reason=\"$1\"}"
}

counts_faults()
{
	local http response

	http=$(counted http) response=$(counted response) && fault one http 500 && fault two bad-signature &&
	control "{\"request\": \"refresh\", \"key\": \"$(key_of one)\", \"wait\": true}" &&
	control "{\"request\": \"refresh\", \"key\": \"$(key_of two)\", \"wait\": true}" &&
	[ "$(counted http)" -gt "$http" ] && [ "$(counted response)" -gt "$response" ] &&
	[ "$(counted connection)" -gt 0 ] && has 'ocspd_request_failures_total{reason="name"} 0' \
		'ocspd_certificates_failing{} 3' && fault one good && fault two good
}
check "failures by reason" counts_faults

knows_reloads()
{
	local taken

	get /metrics && taken=$(sample 'ocspd_config_last_reload_success_timestamp_seconds{}') &&
	echo "nonsense = 1" >> "$dir/ocspd.conf" && reload && sleep 1.1 && get /metrics &&
	has 'ocspd_config_last_reload_successful{} 0' &&
	[ "$(sample 'ocspd_config_last_reload_success_timestamp_seconds{}')" = "$taken" ] &&
	configure "metrics_file = $file" "metrics_listen = 127.0.0.1:$port" && reload && sleep 1.1 &&
	get /metrics && has 'ocspd_config_last_reload_successful{} 1'
}
check "a reload that failed" knows_reloads

status_is()
{
	grep -q "^HTTP/1.1 $1" "$dir/headers"
}

refuses()
{
	get / && status_is 404 && get /metrics/x && status_is 404 &&
	get /metrics -X DELETE && status_is 405 && get /metrics --head && status_is 200 &&
	! get /metrics --data-binary "@$dir/one-chain.pem" &&
	! get "/$(printf '%09000d' 0)" -f && get /metrics && status_is 200
}
check "requests for something else" refuses

is_updated()
{
	rm -f "$file"
	wait_for 20 [ -s "$file" ] && text=$file has 'ocspd_ready{} 1'
}
check "the file is written again within 15 seconds" is_updated

by_socket()
{
	configure "metrics_file = $file" "metrics_listen = $dir/run/metrics.sock" && reload &&
	wait_for 5 [ -S "$dir/run/metrics.sock" ] &&
	curl -sS --max-time $((5 * SLOW)) --unix-socket "$dir/run/metrics.sock" -o "$dir/text" http://localhost/metrics &&
	has 'ocspd_ready{} 1' && [ "$(stat -c %a "$dir/run/metrics.sock")" = 666 ] && ! get /metrics
}
check "a Unix socket, from a reload on; the port is closed then" by_socket

moves()
{
	configure "metrics_file = $dir/metrics/other.prom" && reload &&
	wait_for 5 [ -s "$dir/metrics/other.prom" ] && [ ! -e "$file" ] &&
	[ ! -e "$dir/run/metrics.sock" ]
}
check "a file of another name; the old one and the socket are removed" moves

# Told once, and no reason to end
cannot_write()
{
	configure "metrics_file = $dir/nowhere/ocspd.prom" "metrics_listen = 127.0.0.1:$BAD" && reload &&
	wait_for 5 logged "metrics_file $dir/nowhere/ocspd.prom: No such file or directory" &&
	logged "metrics_listen 127.0.0.1:$BAD: Address already in use" &&
	configure "metrics_file = $dir/nowhere/ocspd.prom" "metrics_listen = $dir/one.pem" && reload &&
	wait_for 5 logged "metrics_listen $dir/one.pem: Address already in use" && [ -s "$dir/one.pem" ] &&
	control '{"request": "status"}' && answers '"ready":true' && mkdir "$dir/nowhere" &&
	wait_for 20 logged "metrics_file $dir/nowhere/ocspd.prom: can be written again"
}
check "what cannot be written or listened to is told, and changes nothing else" cannot_write

refuses_values()
{
	for value in "metrics_file = /tmp/ocspd.txt" "metrics_file = ocspd.prom" "metrics_listen = 0.0.0.0:9642" \
			"metrics_listen = 127.0.0.1" "metrics_listen = [::]:9642" "metrics_listen = 127.0.0.1:99999" \
			"metrics_listen = localhost:9642" "metrics_listen = /$(printf '%0200d' 0)"; do
		write_conf "$value"
		! run_ocspd --check-config --same-user &&
			grep -qF "ocspd.conf:5: ${value%% =*}: '${value#* = }'" "$dir/ocspd.log" && continue
		echo "accepted: $value" >&2
		return 1
	done
	write_conf "metrics_listen = [::1]:$port" "metrics_file = none" && run_ocspd --check-config --same-user
}
check "values that are none" refuses_values

is_removed()
{
	stop_ocspd && [ ! -e "$dir/nowhere/ocspd.prom" ]
}
check "at the end the file is removed" is_removed

ktap_finished
