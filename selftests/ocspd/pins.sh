#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspd holds the certificates that a pattern matches, and reads many of them without holding up
# anything else.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
: "${STORE:=standin}"
. ../lib/isolated.sh
. ../lib/ocspd.sh

start_store_test
leaf one 20 "$bad/one/"
leaf two 21 "$bad/two/"
leaf three 22 "$bad/three/"
start_bad || ktap_exit_fail_msg "no responder"
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$dir"' EXIT
pins=$dir/pins
mkdir -p "$pins"
ktap_set_plan 10

# held NAME COUNT: so many handles are open on its response
held()
{
	ocspctl show "$dir/$1.pem" 2>/dev/null | grep -q " handles $2\$"
}

pattern()
{
	cp "$dir/one-chain.pem" "$pins/one.pem" && cp "$dir/two-chain.pem" "$pins/two.pem" &&
	echo "no certificate" > "$pins/notes.txt" && mkdir "$pins/sub.pem" &&
	write_conf "[certificate all]" "files = $pins/*.pem" && start_ocspd &&
	wait_for 20 state one valid && wait_for 20 state two valid &&
	held one 1 && held two 1 && ! logged "certificate all"
}
check "the files that a pattern matches are held" pattern

follows()
{
	cp "$dir/three-chain.pem" "$pins/new" && mv "$pins/new" "$pins/three.pem" &&
	wait_for 10 held three 1 && rm "$pins/one.pem" &&
	wait_for 10 held one 0 && held two 1
}
check "a new file is held, one that is gone is let go" follows

# Its files are still there, as far as anybody can tell.
unreadable_directory()
{
	chmod 0 "$pins" && kill -HUP "$ocspd" &&
	wait_for 20 logged "read again" && held two 1 && held three 1 &&
	logged "certificate all.*Permission denied"
	local result=$?

	chmod 755 "$pins"
	stop_ocspd && return "$result"
}
check "a directory that may not be read for a while: all stays held" unreadable_directory

limits()
{
	write_conf "[certificate all]" "files = $pins" "max_files = 2" &&
	cp "$dir/one-chain.pem" "$pins/a.pem" && start_ocspd &&
	logged "certificate all\\]: $pins: it matches 5 files, of which \"max_files\" takes the first 2" &&
	held one 1 && ! held two 1 && ! held three 1 && stop_ocspd || return 1
	rm -rf "$pins/notes.txt" "$pins/sub.pem"
	head -c 70000 /dev/zero | tr '\0' '\n' | cat "$dir/one-chain.pem" - > "$pins/a.pem"
	write_conf "[certificate all]" "files = $pins" && start_ocspd &&
	logged "$pins/a.pem: it has 7[0-9]* bytes, more than \"max_bytes\"" &&
	held two 1 && held three 1 && ! held one 1 && stop_ocspd &&
	write_conf "[certificate all]" "files = $pins" "max_bytes = 100000" && start_ocspd &&
	held one 1 && stop_ocspd
}
check "a directory, with its limits: how many files, how large" limits

own_section()
{
	: > "$dir/requests"
	write_conf "[certificate all]" "files = $pins" "max_bytes = 100000" "[certificate two]" \
		"file = $pins/two.pem" "responder = $bad/special/" && expect 0 del "$dir/two.pem" &&
	rm -rf "$dir/cache" && start_ocspd && wait_for 20 state two valid &&
	[ "$(requests special)" -eq 1 ] && held two 1 && held three 1 && stop_ocspd
}
check "a file with a section of its own is that section's" own_section

# pinned NAME true|false: is it ocspd's own wish to hold it?
pinned()
{
	control "{\"request\": \"list\", \"key\": \"$(key_of "$1")\"}" && answers "\"pinned\":$2"
}

twice()
{
	write_conf "[certificate a]" "file = $dir/one-chain.pem" "[certificate b]" \
		"file = $pins/a.pem" && start_ocspd && held one 1 || return 1
	write_conf "[certificate b]" "file = $pins/a.pem" &&
	: > "$dir/ocspd.log" && kill -HUP "$ocspd" &&
	wait_for 20 logged "read again" && held one 1 && pinned one true &&
	write_conf && : > "$dir/ocspd.log" && kill -HUP "$ocspd" &&
	wait_for 20 logged "read again" && held one 0 && pinned one false && stop_ocspd
}
check "a certificate that is in two files" twice

checked()
{
	write_conf "[certificate all]" "files = $pins" &&
	! run_ocspd --check-config --same-user && logged "max_bytes" &&
	write_conf "[certificate all]" "files = $pins" "max_bytes = 100000" &&
	run_ocspd --check-config --same-user && grep -q "in order, 3 cert" "$dir/ocspd.out"
}
check "--check-config reads them all" checked

# As root, who may read what ocspd.service may not
as_root()
{
	[ "$(id -u)" = 0 ] || return 1
	chmod 755 "$dir" "$pins" && chmod 600 "$pins/three.pem" &&
	run_ocspd --check-config --same-user || return 1
	! run_ocspd --check-config && logged "three.pem: Permission denied" &&
	chmod 644 "$pins/three.pem" && run_ocspd --check-config
}
if awk '$3 > 1 { many = 1 } END { exit !many }' /proc/self/uid_map; then
	check "root finds what only root may read" as_root
else
	ktap_test_skip "root finds what only root may read"
fi

# Each is read, parsed, and its issuer's signature verified: 0.7 ms or so.
MANY=2000

make_many()
{
	local i=0

	rm -rf "$pins" && mkdir "$pins" || return 1
	while [ "$i" -lt "$MANY" ]; do
		ln "$dir/two-chain.pem" "$pins/$i.pem" || return 1
		i=$((i + 1))
	done
}

# slowest COMMAND...: ms of processor time that ocspd took to answer "status" at most, until the
# command is true
slowest()
{
	/usr/bin/python3 - "$OCSPD_SOCKET" "$ocspd" "$@" <<-'END'
		import socket, subprocess, sys, time
		clock = ~int(sys.argv[2]) << 3 | 2      # that of the process, see clock_getcpuclockid(3)
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		f = s.makefile("rw")
		slowest = 0
		end = time.monotonic() + 300
		while time.monotonic() < end:
		    for _ in range(20):
		        begin = time.clock_gettime(clock)
		        f.write('{"request": "status"}\n')
		        f.flush()
		        f.readline()
		        slowest = max(slowest, time.clock_gettime(clock) - begin)
		        time.sleep(0.005)
		    if not subprocess.call(sys.argv[3:]):
		        break
		print(int(slowest * 1000))
	END
}

at_reload()
{
	local ms

	make_many && write_conf && start_ocspd &&
	write_conf "[certificate many]" "files = $pins/*.pem" "max_files = $MANY" &&
	kill -HUP "$ocspd" && ms=$(slowest grep -q "read again" "$dir/ocspd.log") &&
	held two 1 || return 1
	echo "# $MANY files in a reload: the loop answers within $ms ms"
	[ "$ms" -lt $((150 * SLOW)) ]
}
check "a reload with many files: the loop goes on" at_reload

let_go()
{
	local ms

	: > "$dir/ocspd.log"
	write_conf && kill -HUP "$ocspd" && ms=$(slowest grep -q "read again" "$dir/ocspd.log") &&
	held two 0 && stop_ocspd || return 1
	echo "# $MANY files let go: the loop answers within $ms ms"
	[ "$ms" -lt $((150 * SLOW)) ]
}
check "and one without them" let_go

ktap_finished
