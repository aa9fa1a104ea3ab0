#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspd with real servers: from the handle that one opens to the staple that its
# client gets, over restarts, renewals and steps of the clock.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspd.sh

start_store_test
load_tls
leaf one 20 "$bad/one/"
leaf two 21 "$bad/two/"
leaf three 22 "$bad/three/"
leaf renewed 23 "$bad/renewed/"
leaf dead 24 http://127.0.0.1:1/
leaf both 25 "http://127.0.0.1:1/,OCSP;URI:$bad/both/"
leaf long 26 "$bad/long/$(printf '%0150d' 0)"
write_conf
start_bad || ktap_exit_fail_msg "no responder"
trap 'unstep_clock; rm -rf "$dir"' EXIT
ktap_set_plan 32

# With nobody to fetch it

open_alone()
{
	local start

	start=$(now_ms)
	serve dead 4401 && [ $(($(now_ms) - start)) -lt $((3000 * SLOW)) ] &&
	state dead pending && stop_servers "$server"
}
check "no ocspd: open returns at once" open_alone


# The first response

first_handshake()
{
	start_ocspd && serve one 4402 && one=$server && staples good 4402 &&
	[ "$(requests one)" -eq 1 ] && state one valid
}
check "the first handshake after an open is stapled" first_handshake

real_responder()
{
	local real

	# openssl's, for the certificate leaf, which names its port
	start_responder "$dir" "$RESPONDER" && serve leaf 4403 &&
	real=$server && staples good 4403 && stop_servers "$real" &&
	stop_responder
}
check "with the responder of openssl" real_responder

open_failing()
{
	local start

	fault three http 503
	start=$(now_ms)
	serve three 4404 && [ $(($(now_ms) - start)) -lt $((4000 * SLOW)) ] &&
	stop_servers "$server" && failed_with three "HTTP 503"
}
check "open returns when ocspd reports a failure, not later" open_failing

one_fetch()
{
	local servers='' port

	for port in 4411 4412 4413; do
		serve two "$port" --workers 4 || return 1
		servers="$servers $server"
	done
	for port in 4411 4412 4413; do
		staples good "$port" || return 1
	done
	[ "$(requests two)" -eq 1 ] || return 1
	# shellcheck disable=SC2086 # split on purpose
	stop_servers $servers
}
check "one fetch for 3 servers of 4 workers" one_fetch

retried()
{
	local before

	before=$(requests three)
	serve three 4404 --async && three=$server && fault three good &&
	wait_for 20 state three valid && staples good 4404 &&
	[ "$(requests three)" -gt "$before" ] && ! failed_with three HTTP
}
check "a failure is retried, and forgotten after a success" retried

several_urls()
{
	serve both 4405 && staples good 4405 && stop_servers "$server" &&
	logged "reason cannot connect: Connection refused"
}
check "the second URL when the first one's responder is down" several_urls

posts()
{
	serve long 4406 && staples good 4406 && stop_servers "$server" &&
	grep -q "^long POST SHA-256" "$dir/requests" &&
	grep -q "^one GET SHA-256" "$dir/requests"
}
check "GET, and POST where the URL would be too long" posts

plain_is_quiet()
{
	expect 5 add "$dir/plain-chain.pem" && ! logged CN=plain
}
check "a certificate without a URL is left alone" plain_is_quiet

# Later ones

refreshed()
{
	local before

	before=$(generation one)
	# half of a day, and a tenth of that
	step_clock 48000 && wait_for 10 newer one "$before" &&
	staples good 4402
}
check "refreshed when the clock comes to half of the validity" refreshed

not_again()
{
	local before

	before=$(requests one)
	step_clock -20000 && step_clock 20000 && sleep 2 &&
	[ "$(requests one)" -eq "$before" ]
}
check "steps of the clock alone cause no request" not_again

revoked()
{
	ocspctl -j monitor > "$dir/events" &
	monitor=$!
	wait_for 20 is_listening "$monitor" && fault one revoked &&
	step_clock 48000 && wait_for 10 status one revoked &&
	staples revoked 4402 &&
	wait_for 5 grep -q '"event": *"revoked"' "$dir/events"
	local result=$?

	kill "$monitor" && wait "$monitor"
	return "$result"
}
check "revoked: published at once, and an event" revoked

not_held()
{
	local before

	# dead's server has gone long ago, and so has two's
	before=$(requests two)
	step_clock 20000 && sleep 2 && [ "$(requests two)" -eq "$before" ]
}
check "what no server holds is not refreshed" not_held

withdrawn()
{
	local before

	before=$(requests three)
	[ -s "$dir/cache/$(key_of three).ocsp" ] &&
	expect 0 del "$dir/three-chain.pem" &&
	wait_for 10 state three valid &&
	[ "$(requests three)" -gt "$before" ]
}
check "what is withdrawn is fetched anew" withdrawn

rights()
{
	grep -q "^CapEff:[[:space:]]*0*1000$" "/proc/$ocspd/status" &&
	grep -q "^CapPrm:[[:space:]]*0*1000$" "/proc/$ocspd/status" &&
	grep -q "^CapBnd:[[:space:]]*0*1000$" "/proc/$ocspd/status" &&
	grep -q "^CapInh:[[:space:]]*0*$" "/proc/$ocspd/status" &&
	grep -q "^NoNewPrivs:[[:space:]]*1$" "/proc/$ocspd/status"
}
check "CAP_NET_ADMIN is all it keeps" rights

# Restarts

restart()
{
	local before

	before=$(generation three)
	stop_ocspd && state three valid && staples good 4404 && start_ocspd &&
	sleep 1 && [ "$(generation three)" -eq "$before" ] &&
	logged "ready, [0-9]* responses"
}
check "stopped and started: what is there stays, and is not fetched" restart

from_disk()
{
	stop_ocspd && stop_bad && stop_servers "$one" "$three" || return 1
	# The kernel forgets all, as it does at a reboot.
	unload_store && load_store && empty_store || return 1
	start_ocspd && serve three 4404 && three=$server &&
	staples good 4404 && logged "source cache" &&
	serve one 4402 && one=$server && staples revoked 4402
}
check "a kernel without memory, a responder that is down: stapled" from_disk

deleted_meanwhile()
{
	local file

	file=$dir/cache/$(key_of three).ocsp
	stop_ocspd && [ -s "$file" ] && stop_servers "$three" && expect 0 del "$dir/three.pem" &&
	start_ocspd && [ ! -e "$file" ] && [ -e "$dir/cache/$(key_of one).ocsp" ] &&
	serve three 4404 --async && three=$server && wait_for 10 state three failed &&
	start_bad && wait_for 20 state three valid && stop_bad
}
check "what is deleted while ocspd is down does not come back from the disk" deleted_meanwhile

damaged_disk()
{
	local file

	file=$dir/cache/$(key_of three).ocsp
	stop_ocspd && stop_servers "$three" && expect 0 del "$dir/three.pem" &&
	rm -r "$dir/run" &&	# as after a reboot
	printf damaged | dd of="$file" bs=1 seek=300 conv=notrunc 2>/dev/null &&
	start_ocspd && serve three 4404 --async && three=$server &&
	wait_for 10 state three failed &&
	logged "cached response refused" && start_bad &&
	wait_for 20 state three valid
}
check "a damaged file is refused, and replaced" damaged_disk

# cache_on OPTIONS: a cache on a file system of its own
cache_on()
{
	umount "$dir/cache" 2>/dev/null
	mount -t tmpfs -o "$1" none "$dir/cache"
}

# refetched NAME: it is withdrawn, and a new one is served although no file of
# it can be written.
refetched()
{
	stop_ocspd && expect 0 del "$dir/$1.pem" && start_ocspd &&
	wait_for 10 state "$1" valid && staples good 4404 &&
	wait_for 10 logged "$2" && [ ! -e "$dir/cache/$(key_of "$1").ocsp" ]
}

full_disk()
{
	cache_on size=4k &&
	dd if=/dev/zero of="$dir/cache/ballast" bs=4096 count=1 2>/dev/null &&
	refetched three "No space left on device"
}
check "a full disk: served all the same" full_disk

read_only_disk()
{
	cache_on ro && refetched three "Read-only file system"
	local result=$?

	umount "$dir/cache"
	return "$result"
}
check "a disk that is read-only: served all the same" read_only_disk

# The configuration

pinned()
{
	stop_ocspd && cp "$dir/two-chain.pem" "$dir/pin.pem" &&
	write_conf "[certificate pin]" "file = $dir/pin.pem" \
		"[certificate plain]" "file = $dir/plain-chain.pem" &&
	start_ocspd && wait_for 10 state two valid &&
	expect 0 show "$dir/two.pem" && prints "handles 1" &&
	logged "certificate plain: n/a"
}
check "a certificate of the configuration is fetched before it is asked for" \
	pinned

renewed()
{
	cp "$dir/renewed-chain.pem" "$dir/pin.new" &&
	mv "$dir/pin.new" "$dir/pin.pem" &&
	wait_for 10 state renewed valid &&
	expect 0 show "$dir/renewed.pem" && prints "handles 1" &&
	expect 0 show "$dir/two.pem" && prints "handles 0"
}
check "a renewed certificate is picked up" renewed

half_written()
{
	head -c 300 "$dir/two-chain.pem" > "$dir/pin.pem" &&
	wait_for 10 logged "certificate pin: .*damaged" &&
	expect 0 show "$dir/renewed.pem" && prints "handles 1"
}
check "half a file changes nothing" half_written

reload()
{
	echo "colour = blue" >> "$dir/ocspd.conf"
	kill -HUP "$ocspd" && wait_for 10 logged "stays in use" &&
	logged "colour: unknown setting of" &&
	expect 0 show "$dir/renewed.pem" && prints "handles 1" || return 1
	cp "$dir/two-chain.pem" "$dir/pin.pem"
	write_conf "[certificate pin]" "file = $dir/two.pem" \
		"issuer = $dir/ca.pem" &&
	kill -HUP "$ocspd" && wait_for 10 logged "configuration read again" &&
	expect 0 show "$dir/two.pem" && prints "handles 1" &&
	expect 0 show "$dir/renewed.pem" && prints "handles 0"
}
check "SIGHUP: a new configuration, unless it is at fault" reload

check_conf()
{
	run_ocspd --check-config --same-user && grep -q "in order, 1 cert" "$dir/ocspd.out" &&
	write_conf "timeout = soon" "allow = here" "[certificate x]" \
		"file = $dir/nothing.pem" "[other]" "a = b" "no" &&
	! run_ocspd --check-config --same-user && logged "ocspd.conf:5: timeout: 'soon'" &&
	logged "ocspd.conf:6: allow: 'here' is no address" &&
	logged "ocspd.conf:9: unknown section \[other\]" &&
	logged "ocspd.conf:11: .*neither" &&
	write_conf "[certificate x]" "file = $dir/nothing.pem" &&
	! run_ocspd --check-config --same-user &&
	logged "certificate x: $dir/nothing.pem: No such file"
}
check "--check-config finds what is wrong, and where" check_conf

once()
{
	stop_ocspd && write_conf || return 1
	fault three good
	run_ocspd --once && logged "done, stored [1-9][0-9]*, failed 0" ||
		return 1
	fault three http 500
	! run_ocspd --once && logged "failed 1" && failed_with three "HTTP 500"
}
check "--once fetches all, and says whether that went well" once

progress()
{
	fault three good
	script -qec "ocspd -f $dir/ocspd.conf --once" /dev/null \
		> "$dir/terminal" 2>&1 < /dev/null
	cp "$dir/terminal" "$dir/out"
	grep -q "[0-9] of [1-9][0-9]* fetched, [0-9]* failed" "$dir/terminal" &&
	grep -q "[0-9] done, stored [1-9]" "$dir/terminal"
}
check "--once shows its progress on a terminal" progress

# Its surroundings

# The test's own journal: entries as the protocol of its socket has them.
journal()
{
	local socat result

	mkdir -p /run/systemd/journal || return 1
	socat -u UNIX-RECV:/run/systemd/journal/socket "CREATE:$dir/journal" &
	socat=$!
	wait_for 10 test -S /run/systemd/journal/socket
	fault three good
	: > "$dir/ocspd.log"
	JOURNAL_STREAM=$(stat -c %d:%i "$dir/ocspd.log") run_ocspd --once &&
	[ ! -s "$dir/ocspd.log" ] && wait_for 10 has_fields PRIORITY=6 CERTIFICATE=CN=three \
		STATUS=good "RESPONDER=$bad/three/" NEXT_UPDATE=2 "KEY=$(key_of three)" \
		"MESSAGE=stored, certificate CN=three"
	result=$?
	kill "$socat"
	umount /run
	return "$result"
}

has_fields()
{
	local field

	for field; do
		grep -a -q -e "^$field" "$dir/journal" || return 1
	done
	# Each ID has its text.
	grep -a '^MESSAGE_ID=' "$dir/journal" | sort -u | while IFS='=' read -r _ field; do
		grep -q -e "^-- $field\$" ocspd.catalog || return 1
	done
}
check "fields of an event for the journal, which the catalog knows" journal

catalog()
{
	command -v journalctl > /dev/null || return 0
	mkdir -p "$dir/root/usr/lib/systemd/catalog" "$dir/root/var/lib/systemd/catalog" &&
	cp ocspd.catalog "$dir/root/usr/lib/systemd/catalog/" &&
	journalctl --root="$dir/root" --update-catalog 2> "$dir/err" && [ ! -s "$dir/err" ] &&
	[ "$(journalctl --root="$dir/root" --list-catalog | grep -c ktls-ocsp)" -eq 6 ]
}
check "the catalog is one" catalog

# cpu_ticks: of processor time that ocspd has used
cpu_ticks()
{
	awk '{ print $14 + $15 }' "/proc/$ocspd/stat"
}

# What waits for a moment that has passed ends at once, again and again.
after_2038()
{
	local before result

	start_ocspd && step_clock $((15 * 365 * 86400)) && before=$(cpu_ticks) && sleep 4 &&
	[ $(($(cpu_ticks) - before)) -lt 200 ]
	result=$?
	unstep_clock
	stop_ocspd
	return "$result"
}
check "no timer runs all the time after the year 2038" after_2038

notifies()
{
	socat -u "UNIX-RECV:$dir/notify" "CREATE:$dir/notified" &
	local socat=$!

	wait_for 10 test -S "$dir/notify" || return 1
	NOTIFY_SOCKET=$dir/notify start_ocspd &&
	wait_for 10 grep -q READY=1 "$dir/notified" && stop_ocspd &&
	wait_for 10 grep -q STOPPING=1 "$dir/notified" &&
	grep -q "STATUS=[0-9]* certificates" "$dir/notified"
	local result=$?

	kill "$socat"
	wait "$socat"
	return "$result"
}
check "tells the service manager when it is ready and when it stops" notifies

stop_servers "$one" "$three"
ktap_finished
