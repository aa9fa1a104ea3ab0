#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocsp-export and HAProxy: it staples what the store has, which it has no entry
# of, and has forgotten at each restart.

export STORE=standin
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspctl.sh

TLS=4433
TLS_COPIES=4434
start_store_test
if ! command -v haproxy > /dev/null; then
	ktap_skip_all "no haproxy"
	exit "$KSFT_SKIP"
fi

# More files than one line of commands has room for, and all of one certificate
make_copies()
{
	mkdir "$dir/copies" || return
	for i in $(seq 100 159); do
		ln -s ../served/other.pem "$dir/copies/$(printf "%0200d" 0)$i.pem" || return
	done
}

# HAProxy chooses by the name, and both are for localhost.
if ! { alt_name=leaf.example make_leaf "$dir" leaf 10 "$url" && answer good leaf && answer new leaf --this 1 --next 90000 &&
       answer revoked leaf --this 2 --next 95000 --status revoked &&
       mkdir "$dir/served" "$dir/files" &&
       cat "$dir/leaf.pem" "$dir/ca.pem" "$dir/leaf.key" > "$dir/served/leaf.pem" &&
       alt_name=other.example make_leaf "$dir" other 11 "$url" && answer other other &&
       cat "$dir/other.pem" "$dir/ca.pem" "$dir/other.key" > "$dir/served/other.pem" &&
       : > "$dir/served/other.pem.ocsp" &&
       make_copies; }; then
	ktap_exit_fail_msg "cannot make certificates and responses"
fi
key=$(key_of leaf)
ktap_set_plan 10

# start_haproxy LEVEL
start_haproxy()
{
	mkdir -p "$dir/run"
	cat > "$dir/haproxy.cfg" <<-END
		global
			stats socket $dir/run/admin.sock level $1
		defaults
			mode http
			timeout connect 5s
			timeout client 5s
			timeout server 5s
		frontend tls
			bind 127.0.0.1:$TLS ssl crt $dir/served/
			bind 127.0.0.1:$TLS_COPIES ssl crt $dir/copies/
			http-request return status 200
	END
	haproxy -db -f "$dir/haproxy.cfg" > "$dir/haproxy.log" 2>&1 &
	haproxy=$!
	listens "$TLS" "$dir/haproxy.log"
}

stop_haproxy()
{
	kill "$haproxy" && wait "$haproxy"
	wait_for 20 port_is_closed "$TLS"
}

cat > "$dir/export.conf" <<-END
	[haproxy one]
	socket = $dir/run/admin.sock
	[directory two]
	path = $dir/files
END
if ! { expect 0 set "$leaf" "$dir/good.der" &&
       expect 0 set "$dir/other-chain.pem" "$dir/other.der"; }; then
	ktap_exit_fail_msg "cannot store responses"
fi
ocsp-export -f "$dir/export.conf" 2> "$dir/export.log" &
export=$!

# staples NAME SERVER_NAME [PORT]: it does, and that is NAME.der.
staples()
{
	timeout 20 openssl s_client -connect "127.0.0.1:${3:-$TLS}" -servername "$2" -status \
		< /dev/null > "$dir/out" 2>&1
	cp "$dir/export.log" "$dir/err"
	[ "$(openssl ocsp -respin "$dir/$1.der" -text -noverify 2> /dev/null |
		grep -m 1 'This Update')" = "$(grep -m 1 'This Update' "$dir/out")" ] &&
	[ "$(openssl ocsp -respin "$dir/$1.der" -text -noverify 2> /dev/null |
		grep -m 1 'Cert Status')" = "$(grep -m 1 'Cert Status' "$dir/out")" ]
}

not_there()
{
	wait_for 10 grep -q "haproxy one: $dir/run/admin.sock: No such file or directory; trying" \
		"$dir/export.log" && wait_for 10 test -e "$dir/files/$key.der"
}
check "without HAProxy it says so, and does the rest" not_there

first()
{
	start_haproxy admin && wait_for 20 staples good leaf.example &&
	wait_for 10 staples other other.example
}
check "HAProxy staples what it had no entry of, and what it had" first
check "a certificate that is in many files" wait_for 10 staples other other.example "$TLS_COPIES"

refreshed()
{
	expect 0 set "$leaf" "$dir/new.der" && wait_for 10 staples new leaf.example &&
	staples other other.example
}
check "a new response" refreshed

revoked()
{
	expect 0 set "$leaf" "$dir/revoked.der" && wait_for 10 staples revoked leaf.example
}
check "a revoked certificate" revoked

restarted()
{
	stop_haproxy && start_haproxy admin && wait_for 20 staples revoked leaf.example &&
	wait_for 10 staples other other.example
}
check "a restart forgets all, and gets all again" restarted

# told_at_once FILE: what is new at the place of the socket, which FILE is or is in, is asked at
# once, and not when HAProxy is looked for again, a second after nobody was there. Not at the
# first try, on a busy machine.
told_at_once()
{
	stop_haproxy
	timeout 60 /usr/bin/python3 - "$dir/run/admin.sock" "$1" "$dir/export.log" <<-'END'
		import os, shutil, socket, sys, time
		path, remove, log = sys.argv[1:]
		def complaints():
		    with open(log) as lines:
		        return lines.read().count("trying again")
		def answer(listener, reply):
		    client = listener.accept()[0]
		    client.recv(1000)
		    client.sendall(reply)
		    client.close()
		took = []
		for pid in range(10):
		    # It does not complain twice of the same.
		    before = complaints() if pid else -1
		    if os.path.isdir(remove):
		        shutil.rmtree(remove)
		    elif os.path.exists(remove):
		        os.unlink(remove)
		    while complaints() <= before:
		        time.sleep(0.01)
		    os.makedirs(os.path.dirname(path), exist_ok=True)
		    listener = socket.socket(socket.AF_UNIX)
		    listener.bind(path)
		    listener.listen()
		    start = time.monotonic()
		    answer(listener, b"Name: HAProxy\nPid: %d\n\n" % (pid + 10))
		    took.append(time.monotonic() - start)
		    answer(listener, b"\n")
		    listener.close()
		    if took[-1] < 0.3:
		        sys.exit(0)
		print("it took", *took, file=sys.stderr)
		sys.exit(1)
	END
	set -- $?
	rm -f "$dir/run/admin.sock"
	start_haproxy admin
	return "$1"
}
check "a new socket: asked at once" told_at_once "$dir/run/admin.sock"
check "the same, in a new directory" told_at_once "$dir/run"

complaints()
{
	grep -c "trying again" "$dir/export.log"
}

# complains_again NUMBER: there are more than that.
complains_again()
{
	[ "$(complaints)" -gt "$1" ]
}

# One complaint does not hide the next one.
not_admin()
{
	set -- "$(complaints)"
	stop_haproxy && wait_for 20 complains_again "$1" && start_haproxy user &&
	wait_for 20 grep -q "is the level of the socket admin" "$dir/export.log" &&
	stop_haproxy && start_haproxy admin && wait_for 20 staples revoked leaf.example
}
check "a socket of another level, and then of this" not_admin

ends()
{
	kill "$export" && wait "$export" && kill "$haproxy" &&
	[ "$(grep -c "is the level of the socket admin" "$dir/export.log")" -eq 1 ] &&
	[ "$(wc -l < "$dir/export.log")" -le 20 ]
}
check "the log is short" ends

ktap_finished
