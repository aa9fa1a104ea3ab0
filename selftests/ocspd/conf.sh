#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspd's command line and configuration, and what the settings do.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ../lib/isolated.sh
. ../lib/ocspd.sh

start_store_test
leaf far 20 http://127.0.0.1:1/
leaf near 21 "$bad/near/"
leaf nameless 22 http://nowhere.invalid/
leaf own 24 "http://192.0.2.77:$BAD/own/"
leaf local 23 "http://localhost:$BAD/local/"
start_bad || ktap_exit_fail_msg "no responder"
ktap_set_plan 23

# The command line

# ends STATUS TEXT ARGUMENT...: ocspd does at once, and says TEXT.
ends()
{
	local status=$1 text=$2

	shift 2
	timeout 60 "$OCSPD" "$@" > "$dir/ocspd.out" 2> "$dir/ocspd.log"
	[ $? -eq "$status" ] && cat "$dir/ocspd.out" "$dir/ocspd.log" |
		grep -qF -e "$text"
}

informs()
{
	ends 0 "usage: ocspd" --help && [ ! -s "$dir/ocspd.log" ] &&
	ends 0 "ocspd " --version && [ ! -s "$dir/ocspd.log" ]
}
check "--help and --version" informs

refuses_arguments()
{
	ends 1 "See ocspd --help" --colour && ends 1 "usage: ocspd" file &&
	ends 1 "usage: ocspd" --once --check-config &&
	ends 1 "requires an argument" -f
}
check "what it does not know is refused" refuses_arguments

no_file()
{
	ends 1 "$dir/none.conf: No such file" -f "$dir/none.conf" &&
	ends 1 "$dir/none.conf: No such file" --check-config --same-user \
		-f "$dir/none.conf" || return 1
	[ -e /etc/ktls-ocsp/ocspd.conf ] ||
		ends 0 "not there, which is in order" --check-config
}
check "a file that is named must be there, the usual one need not" no_file

# The file

# check_config: what it says is in ocspd.log, too. Not as another user, who cannot read $dir.
check_config()
{
	run_ocspd --check-config --same-user
	local status=$?

	cat "$dir/ocspd.out" >> "$dir/ocspd.log"
	return "$status"
}

# faulty LINE TEXT: a configuration with that line in [ocspd] is refused.
faulty()
{
	printf '[ocspd]\n%s\n' "$1" > "$dir/ocspd.conf"
	! check_config && logged "ocspd.conf:2: $2"
}

bad_settings()
{
	faulty "cache = here" "cache: 'here' is no absolute path" &&
	faulty "timeout = 0" "timeout: '0' is no number from 1 to 300" &&
	faulty "timeout = 301" "timeout: '301' is no number" &&
	faulty "retry = 5s" "retry: '5s' is no number from 1 to 86400" &&
	faulty "transfers = 99999999999999999999" "transfers: '9*' is no" &&
	faulty "deny = 10.0.0.0/33" "deny: '10.0.0.0/33' is no address and no" &&
	faulty "allow = [::1]" "allow: '\[::1\]' is no address" &&
	faulty "proxy =" "proxy: nothing is set" &&
	faulty "proxy = htp:/x" "proxy: 'htp:/x' is no URL" &&
	faulty "responder = http://" "responder: 'http://' is no http or https URL" &&
	faulty "method = put" "method: 'put' is not \"auto\", \"get\" or \"post\"" &&
	faulty "digest = md5" "digest: 'md5' is not \"auto\", \"sha1\" or \"sha256\"" &&
	faulty "ca_file = $dir/none.pem" "ca_file: $dir/none.pem: No such file" &&
	faulty "refresh = 30" "refresh: '30' is no number from 60 to" &&
	faulty "refresh_max = 60" "refresh_max: '60' is no number from 3600 to" &&
	faulty "colour = blue" "colour: unknown setting of \[ocspd\]" &&
	faulty "colour" "neither \[section\] nor name = value" &&
	faulty " timeout = 3" "the line is indented, but continues no setting" &&
	faulty "[ocspd" "']' is missing" && faulty "[]" "the section has no name" &&
	faulty "[colour]" "unknown section \[colour\]" &&
	faulty "[ocspd x]" "unknown section" && faulty "[certificate]" "unknown section" || return 1
	echo "timeout = 3" > "$dir/ocspd.conf"
	! check_config && logged ":1: 'timeout' is in no section" || return 1
	printf '[ocspd]\ncache = /x\0/y\n' > "$dir/ocspd.conf"
	! check_config && logged ":2: there is a NUL byte in the line"
}
check "settings of [ocspd] that cannot be, each with its line" bad_settings

bad_certificates()
{
	write_conf "[certificate one]" "file = near.pem" \
		"issuer = ca.pem" "responder = ftp://127.0.0.1/" "key = x" \
		"[certificate two]" "issuer = $dir/ca.pem" &&
	! check_config &&
	logged ":6: file: 'near.pem' is no absolute path" &&
	logged ":7: issuer: 'ca.pem' is no absolute path" &&
	logged ":8: responder: 'ftp:.*' is no http or https URL" &&
	logged ":9: key: unknown setting of \[certificate NAME\]" &&
	logged ":10: \[certificate two\] has none of \"file\", \"files\" and" || return 1
	write_conf "[certificate one]" "file = $dir/near-chain.pem" "max_files = 3" \
		"[certificate two]" "file = /x" "files = /y/*" "[issuer three]" "method = get" \
		"[certificate four]" "fingerprint = 00:11" &&
	! check_config &&
	logged ":5: \[certificate one\]: \"max_files\" and \"max_bytes\" go with" &&
	logged ":8: \[certificate two\] has more than one of" &&
	logged ":11: \[issuer three\] has no \"file\"" &&
	logged ":14: fingerprint: '00:11' is no SHA-256 fingerprint"
}
check "settings of certificates that cannot be" bad_certificates

# What the settings do

# fetches NAME: started with the configuration that is there, ocspd comes to
# have a response for it.
fetches()
{
	start_ocspd && wait_for 20 state "$1" valid
}

other_responder()
{
	write_conf "[certificate far]" "file = $dir/far-chain.pem" \
		"responder = $bad/near/" && fetches far &&
	[ "$(requests near)" -eq 1 ] && status far good && stop_ocspd
}
check "a responder instead of that in the certificate" other_responder

given_responder()
{
	write_conf "[certificate plain]" "file = $dir/plain.pem" \
		"issuer = $dir/ca.pem" "responder = $bad/near/" &&
	fetches plain && status plain good && stop_ocspd
}
check "a responder for a certificate that names none" given_responder

# refused NAME TEXT: with the configuration that is there, nobody is asked.
refused()
{
	: > "$dir/requests"
	! run_ocspd --once && failed_with "$1" "$2" && [ ! -s "$dir/requests" ]
}

not_allowed()
{
	local at="file = $dir/near-chain.pem"

	printf '%s\n' "[ocspd]" "cache = none" "[certificate near]" "$at" \
		"[certificate local]" "file = $dir/local-chain.pem" \
		> "$dir/ocspd.conf"
	expect 0 del "$dir/far.pem" && expect 0 del "$dir/plain.pem" &&
	refused near "address 127.0.0.1 is refused (loopback)" &&
	failed_with local "is refused (loopback)" &&
	printf '%s\n' "[ocspd]" "cache = none" "allow = 127.0.0.0/8" \
		"deny = 127.0.0.1" "[certificate near]" "$at" \
		> "$dir/ocspd.conf" && expect 0 del "$dir/local.pem" &&
	refused near "address 127.0.0.1 is refused (denied)"
}
check "an address that is not allowed, or denied, is not asked" not_allowed

no_address()
{
	write_conf "[certificate nameless]" \
		"file = $dir/nameless-chain.pem" && ! run_ocspd --once &&
	failed_with nameless "the responder's name could not be looked up: " &&
	expect 0 del "$dir/nameless.pem"
}
check "a responder whose name nobody can look up" no_address

no_cache()
{
	rm -rf "$dir/cache"
	write_conf "[certificate near]" "file = $dir/near-chain.pem" &&
	sed -i 's/^cache = .*/cache = none/' "$dir/ocspd.conf" &&
	fetches near && stop_ocspd && [ ! -e "$dir/cache" ] || return 1
	# systemd's, where the file says nothing
	sed -i /^cache/d "$dir/ocspd.conf"
	CACHE_DIRECTORY=$dir/cache run_ocspd --once &&
	[ -s "$dir/cache/$(key_of near).ocsp" ]
}
check "cache = none, and the cache that systemd names" no_cache

no_directory()
{
	write_conf && sed -i "s,^cache = .*,cache = $dir/not/here," \
		"$dir/ocspd.conf" && start_ocspd &&
	logged "cache $dir/not/here: No such file or directory" &&
	stop_ocspd
}
check "no directory for the cache: said, and no harm" no_directory

no_proxy()
{
	# Of the environment nothing is left by "none"; nobody listens there.
	write_conf "proxy = http://127.0.0.1:2/" "no_proxy = none" \
		"retry_max = 1" "[certificate near]" \
		"file = $dir/near-chain.pem" &&
	! no_proxy='*' run_ocspd --once &&
	failed_with near "cannot connect" &&
	sed -i '/_proxy/d' "$dir/ocspd.conf" && no_proxy='*' run_ocspd --once
}
check "no_proxy = none, whatever the environment says" no_proxy

# What libcurl, or the file's reader, would take for something else in silence
misunderstood()
{
	write_conf "proxy = htp:/x" "cache = $dir/other" "deny = 10.0.0.0/8" \
		"[certificate x]" "file = $dir/near-chain.pem" "responder = http://" &&
	! check_config && logged "ocspd.conf:5: proxy: 'htp:/x' is no URL" &&
	logged "ocspd.conf:6: cache: it was given before in this file" &&
	logged "ocspd.conf:10: responder: 'http://' is no http or https URL" || return 1
	write_conf "timeout = 5" "timeout = 6" "connect_timeout = 3" "  retry = 7" &&
	! check_config && logged "ocspd.conf:6: timeout: it was given before" &&
	logged "ocspd.conf:7: connect_timeout: it takes one value, but goes on in line 8"
}
check "URLs that are none, and a second value, are named" misunderstood

# An editor's mark of UTF-8, lines that Windows ends, a comment, and a long line
accepted()
{
	printf '\357\273\277[ocspd]\r\ncache = none ; of mine\r\n\r\n  # none\r\n; none\r\n' \
		> "$dir/ocspd.conf"
	echo "no_proxy = $(printf '%05000d.example ' $(seq 20))" >> "$dir/ocspd.conf"
	printf 'timeout = 5' >> "$dir/ocspd.conf"
	check_config && logged "in order, 0 certificates"
}
check "what a file may have" accepted

# Each file of the directory, in the order of their names, after the one that is named
conf_d()
{
	local d=$dir/ocspd.conf.d

	mkdir "$d" && write_conf "no_proxy = a.example" "[certificate near]" \
		"file = $dir/near-chain.pem" &&
	printf '%s\n' "[ocspd]" "cache = none" "timeout = 0" > "$d/20-b.conf" &&
	printf '%s\n' "[certificate near]" "method = get" "[certificate far]" \
		"file = $dir/far-chain.pem" > "$d/10-a.conf" &&
	echo nonsense > "$d/30.conf.bak" && echo nonsense > "$d/.hidden.conf" &&
	! check_config && logged "^.*ocspd.conf.d/20-b.conf:3: timeout: '0' is no number" &&
	[ "$(wc -l < "$dir/ocspd.log")" -eq 1 ] &&
	sed -i /timeout/d "$d/20-b.conf" && check_config && logged "in order, 2 certificates" &&
	rm "$d/20-b.conf" "$d/10-a.conf" && chmod 0 "$d" && ! check_config &&
	logged "ocspd.conf: .d: Permission denied"
	local result=$?

	chmod 755 "$d"
	rm -r "$d"
	return "$result"
}
check "further files of a directory" conf_d

no_proxy_lines()
{
	write_conf "proxy = http://127.0.0.1:2/" "no_proxy = a.example" \
		"  b.example" "no_proxy = 127.0.0.0/8" "retry_max = 1" \
		"[certificate near]" "file = $dir/near-chain.pem" &&
	run_ocspd --once
}
check "no_proxy in several lines, with a prefix" no_proxy_lines

# authorized: a proxy gets the user and the password
authorized()
{
	socat -u TCP-LISTEN:3199,bind=127.0.0.1,reuseaddr "CREATE:$dir/proxied" &
	local socat=$!

	wait_for 10 listens_on 3199 && ! run_ocspd --once &&
	wait_for 10 grep -q "^Proxy-Authorization: Basic $(printf me:secret | base64)" \
		"$dir/proxied" && ! logged secret
	local result=$?

	kill "$socat" 2>/dev/null
	wait "$socat"
	rm -f "$dir/proxied"
	return "$result"
}

listens_on()
{
	ss -Hltn "sport = :$1" | grep -q LISTEN
}

proxy_login()
{
	mkdir -p "$dir/credentials" && echo me:secret > "$dir/credentials/ocspd.proxy" &&
	chmod 400 "$dir/credentials/ocspd.proxy" && expect 0 del "$dir/near.pem" &&
	rm -rf "$dir/cache" && write_conf "proxy = http://127.0.0.1:3199/" "timeout = 1" \
		"[certificate near]" "file = $dir/near-chain.pem" &&
	CREDENTIALS_DIRECTORY=$dir/credentials authorized || return 1
	sed -i "s,^timeout,proxy_credentials = $dir/credentials/ocspd.proxy\n&," "$dir/ocspd.conf" &&
	authorized && echo secret > "$dir/login" &&
	printf '[ocspd]\nproxy_credentials = %s\n' "$dir/login" > "$dir/ocspd.conf" &&
	! check_config &&
	logged "proxy_credentials: $dir/login is not one line with USER:PASSWORD"
}
check "the user and password of a proxy, from a file or from systemd" proxy_login

# last_status REGEX: what it told the service manager last
last_status()
{
	tr '\0' '\n' < "$dir/notified" | sed -n 's/.*STATUS=//p' | tail -n 1 | grep -q "$1"
}

bad_reload()
{
	socat -u "UNIX-RECV:$dir/notify" "CREATE:$dir/notified" &
	local socat=$!

	wait_for 10 test -S "$dir/notify" && write_conf &&
	NOTIFY_SOCKET=$dir/notify start_ocspd && wait_for 10 last_status "^[0-9]* certificates" &&
	echo "colour = blue" >> "$dir/ocspd.conf" && kill -HUP "$ocspd" &&
	wait_for 10 last_status "the previous one stays in use: .*ocspd.conf:5: colour: unknown setting" &&
	logged "the previous configuration stays in use" && write_conf && kill -HUP "$ocspd" &&
	wait_for 10 last_status "^[0-9]* certificates" && stop_ocspd
	local result=$?

	kill "$socat"
	wait "$socat"
	return "$result"
}
check "a bad file at SIGHUP: said in the log and in the status" bad_reload

# The notice is lost, and so is the reading of the store that replaces it.
dump_fails()
{
	write_conf && expect 0 del "$dir/near.pem" && rm -rf "$dir/cache" &&
	start_ocspd && standin lose 1 && standin fail dump ENOMEM 1 &&
	expect 0 add --no-wait "$dir/near-chain.pem" &&
	wait_for 20 logged "reading the store: .*; trying again" &&
	wait_for 20 state near valid && stop_ocspd
}
if [ "$STORE" = standin ]; then
	check "a reading of the store that fails is repeated" dump_fails
else
	ktap_test_skip "a reading of the store that fails is repeated"
fi

# Files that cannot be read for a while: ocspd has no right to read what its mode forbids.

readable_later()
{
	write_conf "[certificate near]" "file = $dir/pin.pem" &&
	cp "$dir/near-chain.pem" "$dir/pin.pem" && chmod 0 "$dir/pin.pem" &&
	expect 0 del "$dir/near.pem" && start_ocspd && logged "pin.pem: Permission denied" &&
	! state near valid && chmod 644 "$dir/pin.pem" &&
	wait_for 20 state near valid
}
check "a file that may be read later is" readable_later

unreadable_at_reload()
{
	chmod 0 "$dir/pin.pem" &&
	wait_for 20 logged "pin.pem: Permission denied" && : > "$dir/ocspd.log" &&
	kill -HUP "$ocspd" && wait_for 20 logged "configuration read again" &&
	expect 0 show "$dir/near.pem" && prints "handles 1" &&
	chmod 644 "$dir/pin.pem" && kill -HUP "$ocspd" && sleep 2 &&
	expect 0 show "$dir/near.pem" && prints "handles 1" && stop_ocspd
}
check "SIGHUP while a file may not be read: its hold stays" unreadable_at_reload

# Not pinned: nobody but the timer would look at it again.
allowed_by_reload()
{
	write_conf "retry = 600" && sed -i "/^retry = 1/d;/^allow/d" "$dir/ocspd.conf" &&
	expect 0 del "$dir/near.pem" && rm -rf "$dir/cache" && start_ocspd &&
	expect 6 add "$dir/near-chain.pem" && says "is refused (loopback)" &&
	write_conf "retry = 600" && sed -i "/^retry = 1\$/d" "$dir/ocspd.conf" &&
	kill -HUP "$ocspd" && wait_for 20 state near valid
}
check "what failed is tried again after SIGHUP" allowed_by_reload

own_address()
{
	ip address add 192.0.2.77/32 dev lo &&
	expect 6 add "$dir/own-chain.pem" &&
	says "address 192.0.2.77 is refused (this-host)" && stop_ocspd &&
	write_conf "allow = 192.0.2.77" && start_ocspd &&
	wait_for 20 state own valid && stop_ocspd
}
check "an address of this host is refused, unless it is allowed" own_address

ktap_finished
