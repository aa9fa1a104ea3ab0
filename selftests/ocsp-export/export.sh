#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocsp-export: the directory, its command, the responder, and that what is in
# them is what the store serves, whatever happens to the store.

export STORE=standin
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspctl.sh

PORT=8889
start_store_test
files=$dir/files
if ! { answer good leaf && answer new leaf --this 1 --next 90000 &&
       answer other other && answer soon other --this 2 --next 604 &&
       answer revoked leaf --this 3 --next 95000 --status revoked &&
       make_leaf "$dir" third 33 "$url" && make_leaf "$dir" again 10 "$url" && mkdir "$files" "$dir/sha1"; }; then
	ktap_exit_fail_msg "cannot make certificates and responses"
fi
other_key=$(key_of other)
again_key=$(key_of again)
ktap_set_plan 17

write_conf()
{
	cat > "$dir/export.conf" <<-END
		# of the test
		[directory one]
		path = $files
		command = echo ran >> $dir/ran
		interval = 2

		[directory two]
		path = $dir/sha1
		names = sha1

		[responder java]
		listen = 127.0.0.1:$PORT
	END
}

start_export()
{
	ocsp-export -f "$dir/export.conf" 2>> "$dir/export.log" &
	export=$!
	listens "$PORT" "$dir/export.log"
}

stop_export()
{
	kill "$export" && wait "$export"
}

# has NAME KEY: within 10 seconds the file of the key is what NAME.der is.
has()
{
	wait_for 10 cmp -s "$dir/$1.der" "$files/$2.der"
}

has_files()
{
	[ "$(find "$files" -type f | wc -l)" -eq "$1" ]
}

lacks()
{
	wait_for 10 test ! -e "$files/$1.der"
}

bad_conf()
{
	local text=$1

	shift
	printf '%s\n' "$@" > "$dir/bad.conf"
	ocsp-export -f "$dir/bad.conf" --check-config 2> "$dir/err"
	[ $? -eq 1 ] && [ "$(wc -l < "$dir/err")" -eq 1 ] && grep -qF -e "$text" "$dir/err"
}

refuses_conf()
{
	write_conf
	ocsp-export -f "$dir/export.conf" --check-config &&
	bad_conf "bad.conf: it names no target" "" &&
	bad_conf "bad.conf:2: [haproxy] has no setting \"path\"" "[haproxy x]" "path = /x" &&
	bad_conf "neither [directory NAME]" "[file x]" "path = /x" &&
	bad_conf "its path is missing" "[directory x]" "names = sha1" &&
	bad_conf "its path is not absolute" "[directory x]" "path = x" &&
	bad_conf "names are sha256 or sha1" "[directory x]" "path = /x" "names = md5" &&
	bad_conf "interval = 1m: not a number" "[directory x]" "path = /x" "interval = 1m" &&
	printf '%s\n' "[directory x]" "path = $files" "command = $(printf '%05000d' 0)" \
		> "$dir/long.conf" && ocsp-export -f "$dir/long.conf" --check-config &&
	bad_conf "bad.conf:2: path: it takes one value, but goes on in line 3" "[directory x]" \
		"path = /x" " names = sha1" &&
	bad_conf "bad.conf:3: path was given before" "[directory x]" "path = /x" "path = /y" &&
	bad_conf "[responder x] has no \"listen\"" "[responder x]" "[directory x]" "path = /x" &&
	bad_conf "[responder x] has no \"listen\"" "[directory x]" "path = /x" "[responder x]" &&
	bad_conf "neither [section] nor name" "nonsense" &&
	bad_conf "path has no value" "[directory x]" "path =" &&
	for address in 0.0.0.0:80 "[::]:80" 10.0.0.1:80 127.0.0.1 127.0.0.1:0 "[::1]" localhost:80 \
		127.0.0.1:80x 127.0.0.1:65616 127.0.0.1:-1; do
		bad_conf "not a loopback address and a port" "[responder x]" "listen = $address" ||
			return 1
	done
	ocsp-export -f "$dir/none" 2> "$dir/err"
	[ $? -eq 1 ] && grep -q "No such file" "$dir/err"
}
check "a faulty configuration: why, and where" refuses_conf

not_startable()
{
	printf '[directory x]\npath = %s\n' "$dir/none" > "$dir/bad.conf"
	timeout 10 ocsp-export -f "$dir/bad.conf" 2> "$dir/err"
	[ $? -eq 1 ] && grep -q "$dir/none: No such file" "$dir/err"
}
check "a directory that is not there: 1" not_startable

at_start()
{
	echo mine > "$files/notes.der"
	echo old > "$files/$(printf '%064d' 7).der"
	echo old > "$files/$(printf '%064d' 7).der.abcdef"
	expect 0 set "$leaf" "$dir/good.der" && expect 0 set "$other" "$dir/other.der" &&
	start_export && has good "$key" && has other "$other_key" &&
	wait_for 10 has_files 3 && [ "$(cat "$files/notes.der")" = mine ] &&
	sha1=$(openssl x509 -in "$dir/leaf.pem" -outform DER | sha1sum | cut -c 1-40) &&
	cmp "$dir/sha1/$sha1.der" "$dir/good.der" && wait_for 10 test -s "$dir/ran"
}
check "at the start all is there, and nothing from before" at_start

new_one()
{
	expect 0 set "$leaf" "$dir/new.der" && has new "$key" &&
	has_files 3
}
check "a new response replaces the file" new_one

revoked()
{
	expect 0 set "$leaf" "$dir/revoked.der" && has revoked "$key"
}
check "so does that of a revoked certificate" revoked

withdrawn()
{
	expect 0 del "$leaf" && lacks "$key" && expect 0 set "$leaf" "$dir/good.der" &&
	has good "$key"
}
check "a file goes with its response" withdrawn

unknown()
{
	expect 0 del "$leaf" && lacks "$key" && ocsp_fill --status unknown "$leaf" &&
	expect 0 set "$other" "$dir/soon.der" && has soon "$other_key" && lacks "$key" &&
	expect 0 del "$leaf" && expect 0 set "$leaf" "$dir/good.der" && has good "$key"
}
check "unknown is not exported" unknown

# It was stored with 604 seconds, of which 600 are too few to be served.
ends()
{
	lacks "$other_key" && cmp "$dir/good.der" "$files/$key.der"
}
check "a file goes when too little of its response is left" ends

rate()
{
	sleep 3
	: > "$dir/ran"
	for _ in 1 2 3 4 5 6; do
		expect 0 del "$leaf" && expect 0 set "$leaf" "$dir/good.der" || return 1
		sleep 0.5
	done
	sleep 3
	ran=$(wc -l < "$dir/ran")
	[ "$ran" -ge 2 ] && [ "$ran" -le 4 ]
}
check "the command runs after changes, and not too often" rate

# asked NAME CERT [OPTION...]: what the responder answers is NAME.der.
asked()
{
	local name=$1 cert=$2

	shift 2
	openssl_quiet ocsp -issuer "$dir/ca.pem" "$@" -cert "$dir/$cert.pem" -no_nonce \
		-reqout "$dir/request.der" &&
	curl -s -m 10 -D "$dir/headers" -o "$dir/got" --data-binary "@$dir/request.der" \
		-H "Content-Type: application/ocsp-request" "http://127.0.0.1:$PORT/" &&
	cmp "$dir/got" "$dir/$name.der" &&
	curl -s -m 10 -D "$dir/headers" -o "$dir/got" \
		"http://127.0.0.1:$PORT/$(base64 -w 0 < "$dir/request.der" | sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g')" &&
	cmp "$dir/got" "$dir/$name.der"
}

responds()
{
	asked good leaf && grep -qi '^content-type: application/ocsp-response' "$dir/headers" &&
	grep -qi '^cache-control: max-age=8[0-9]*, public' "$dir/headers" &&
	asked good leaf -sha256 && fetch "$dir" leaf "$PORT" && cmp "$dir/leaf.der" "$dir/good.der"
}
check "the responder: GET and POST, SHA-1 and SHA-256" responds

unauthorized()
{
	printf '\060\003\012\001\006' > "$dir/unauthorized.der"
	asked unauthorized third && asked unauthorized other &&
	grep -qi '^cache-control: no-store' "$dir/headers"
}
check "the responder has no response: unauthorized" unauthorized

# Whichever of the two it has found before
same_serial()
{
	expect 0 set "$dir/again-chain.pem" "$dir/good.der" && has good "$again_key" && asked good leaf &&
	expect 0 del "$leaf" && lacks "$key" && asked good leaf &&
	expect 0 set "$leaf" "$dir/good.der" && has good "$key" &&
	expect 0 del "$dir/again-chain.pem" && lacks "$again_key" && asked good leaf
}
check "two certificates with one serial number" same_serial

status_of()
{
	local want=$1

	shift
	[ "$(curl -s -m 10 -o "$dir/got" -w '%{http_code}' "$@")" = "$want" ]
}

nonsense()
{
	head -c 5000 /dev/zero > "$dir/zero"
	status_of 400 "http://127.0.0.1:$PORT/" && status_of 400 "http://127.0.0.1:$PORT/x" &&
	status_of 405 -X PUT --data x "http://127.0.0.1:$PORT/" &&
	status_of 413 --data-binary "@$dir/zero" "http://127.0.0.1:$PORT/" &&
	status_of 200 --data nonsense "http://127.0.0.1:$PORT/" &&
	cmp "$dir/got" "$dir/unauthorized.der" &&
	status_of 200 "http://127.0.0.1:$PORT/AAAA" && asked good leaf
}
check "the responder and nonsense" nonsense

# Clients that say nothing take connections, and time.
silent()
{
	for _ in 1 2 3 4 5 6 7 8; do
		socat -u OPEN:/dev/null,ignoreeof "TCP:127.0.0.1:$PORT" 2> /dev/null &
		pids="$pids $!"
	done
	asked good leaf && expect 0 set "$leaf" "$dir/new.der" && has new "$key" && asked new leaf
	set -- $?
	# shellcheck disable=SC2086 # numbers
	kill $pids
	return "$1"
}
pids=
check "clients that say nothing hold nothing up" silent

gap()
{
	expect 0 del "$other" && standin lose 1 && expect 0 del "$leaf" &&
	expect 0 set "$other" "$dir/other.der" && has other "$other_key" &&
	lacks "$key" && grep -q "events were lost" "$dir/export.log" &&
	expect 0 set "$leaf" "$dir/good.der" && has good "$key"
}
check "lost events: it reads the store again" gap

no_store()
{
	unload_store && wait_for 10 grep -q "store: .*; trying again" "$dir/export.log" &&
	cmp "$dir/good.der" "$files/$key.der" && load_store && lacks "$key" &&
	expect 0 set "$leaf" "$dir/good.der" && has good "$key" &&
	wait_for 10 grep -q "store: available" "$dir/export.log" &&
	[ "$(grep -c "trying again" "$dir/export.log")" -eq 1 ]
}
check "the store goes and comes back" no_store

ends_and_starts()
{
	stop_export && cmp "$dir/good.der" "$files/$key.der" && sleep 1 && : > "$dir/ran" &&
	start_export && asked good leaf && sleep 2 && ! [ -s "$dir/ran" ] && stop_export
}
check "a restart changes nothing, and runs no command" ends_and_starts

ktap_finished
