#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspd's metrics as Prometheus' own tools see them: its linter finds nothing, and it scrapes them.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ./metrics_lib.sh

ktap_set_plan 3

file=$dir/ocspd.prom
write_conf "metrics_file = $file" "metrics_listen = 127.0.0.1:$port" \
	"[certificate one]" "file = $dir/one-chain.pem"
start_ocspd || ktap_exit_fail_msg "ocspd does not start"
wait_for 20 state one valid

# lints FILE: it has nothing to say, not even a recommendation.
lints()
{
	promtool check metrics < "$1" > "$dir/lint" 2>&1 && [ ! -s "$dir/lint" ] && return
	cat "$dir/lint" >&2
	return 1
}

file_is_clean()
{
	wait_for 5 [ -s "$file" ] && lints "$file"
}
check "promtool check metrics: the file" file_is_clean

endpoint_is_clean()
{
	curl -sS -o "$dir/text" "http://127.0.0.1:$port/metrics" && lints "$dir/text"
}
check "promtool check metrics: the endpoint" endpoint_is_clean

# asks QUERY: Prometheus has a value of it.
asks()
{
	promtool query instant "http://127.0.0.1:9090" "$1" 2>> "$dir/prometheus.log" | grep -q "$2"
}

# It asks for OpenMetrics, which it parses strictly.
is_scraped()
{
	cat > "$dir/prometheus.yml" <<-END
		global:
		  scrape_interval: 1s
		scrape_configs:
		  - job_name: ocspd
		    static_configs:
		      - targets: ["127.0.0.1:$port"]
	END
	prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" \
		--web.listen-address=127.0.0.1:9090 2> "$dir/prometheus.log" &
	prometheus=$!
	wait_for 60 asks 'up{job="ocspd"}' '=> 1 @' &&
	wait_for 20 asks 'ocspd_certificates{state="fresh"}' '=> 1 @' &&
	asks 'ocspd_attempts_total{result="stored"}' '=> 1 @' &&
	asks 'ocspd_request_duration_seconds_count' '=> [1-9]'
	i=$?
	kill "$prometheus"
	wait "$prometheus"
	[ "$i" -eq 0 ] || tail -n 5 "$dir/prometheus.log" >&2
	return "$i"
}
check "Prometheus scrapes the endpoint" is_scraped

stop_ocspd
ktap_finished
