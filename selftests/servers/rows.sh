# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154,SC2317 # what is servers.sh's; rows are called by their names
#
# The rows of servers.sh, which sources it: what is true of a server that runs,
# and staples what is stored. Each row leaves it so.

row_stapled()
{
	leaf_is good 1.2 && leaf_is good 1.3 &&
		openssl_sees_a_staple -tls1_2 && openssl_sees_a_staple -tls1_3
}

# shellcheck disable=SC2086 # options
row_dual()
{
	local version

	for version in 1.2 1.3; do
		staples rsa one.test good "$version" $rsa &&
			staples leaf one.test good "$version" $ecdsa || return 1
	done
}

row_sni()
{
	staples_both two two.test good && leaf_is good
}

row_variable()
{
	staples_both variable.test variable.test good &&
		staples_both variable.test variable.test good
}

# Nobody else has a response; and the store has the first word.
row_own()
{
	store two --status revoked && staples_both two two.test revoked &&
	withdraw two && staples_both two two.test good &&
	store two && comes_back 10 staples_both two two.test good
}

# To test a configuration, or to load one, asks the kernel for nothing.
row_test()
{
	# LeakSanitizer would trace it, too.
	detect_leaks=0
	with_module strace -f -o "$dir/strace" -e trace=socket \
		nginx -t -c "$dir/$server/conf" > "$dir/test.log" 2>&1
	detect_leaks=1
	grep -q 'exited with 0' "$dir/strace" &&
		! grep AF_NETLINK "$dir/strace"
}

row_restart()
{
	restart && leaf_is good
}

row_revoked()
{
	store leaf --status revoked && leaf_is revoked &&
	leaf_is revoked 1.2 && store leaf && leaf_is good
}

# One line when it cannot staple, and one when it can.
row_deleted()
{
	local i

	forget_lines
	withdraw leaf || return 1
	for i in 1 2 3; do
		serves_unstapled && sleep 0.6 || return 1
	done
	store leaf && comes_back 10 leaf_is good &&
	leaf_is good &&
	says 1 "not stapled" && says 1 "stapled from the store again" && says 2 ""
}

# unknown does not come into the store; what ends in less than net.ktls_ocsp.min_validity is not
# stapled.
row_refused()
{
	! store leaf --status unknown && leaf_is good &&
	store leaf --next 500 && serves_unstapled &&
	store leaf && comes_back 10 leaf_is good
}

row_expired()
{
	local status

	set_min_validity 0
	[ "$STORE" = kernel ] || restart || return 1
	store leaf --next 8 && leaf_is good && sleep 9 && serves_unstapled 1.2
	status=$?
	set_min_validity 600
	[ "$STORE" = kernel ] || restart || return 1
	store leaf && comes_back 10 leaf_is good && return "$status"
}

# No handshake is without a staple while the configuration is loaded again.
row_reload()
{
	local i=0 pause=1

	[ -z "$asan" ] || pause=5
	begin_load
	while [ "$i" -lt "$RELOADS" ]; do
		with_module "${server}_reload" > "$dir/reload.log" 2>&1 || break
		# On a busy machine one that starts anew takes longer than the load would last.
		wait_for 30 ask one.test 1.3
		sleep "$pause"
		i=$((i + 1))
	done
	end_load && [ "$i" -eq "$RELOADS" ] && leaf_is good && return
	cat "$dir/reload.log"
	return 1
}

# begin_load: handshakes, one after the other, until end_load: which fails if one was not stapled, or
# if there was none
begin_load()
{
	# shellcheck disable=SC2086 # STARTTLS is an option with its value
	staple_client --count 0 --port "$port" --name one.test $STARTTLS > "$dir/load" &
	load=$!
}

end_load()
{
	kill "$load"
	wait "$load"
	grep -q '^stapled [1-9][0-9]* unstapled 0 ' "$dir/load" && return
	cat "$dir/load"
	return 1
}

# generation: the workers that there are, by their numbers
generation()
{
	pgrep -P "$1" | xargs
}

# reload_often PID N: the next when the one before is done, with a handshake between
reload_often()
{
	local i=0 old

	while [ "$i" -lt "$2" ]; do
		old=$(generation "$1")
		"${server}_reload" && wait_for 30 has_new_generation "$1" "$old" &&
			ask one.test 1.3 || return 1
		i=$((i + 1))
	done
}

has_new_generation()
{
	local worker

	for worker in $2; do
		[ ! -e "/proc/$worker" ] || return 1
	done
	[ -n "$(generation "$1")" ]
}

# has_workers: of the process $pid, which it sets
has_workers()
{
	pid=$("${server}_pid")
	[ -n "$pid" ] && [ -n "$(generation "$pid")" ]
}

# A worker that is killed closes nothing. The next one staples, and sees what is new.
row_killed()
{
	local pid old i=0

	wait_for 10 has_workers || return 1
	while [ "$i" -lt 3 ]; do
		old=$(generation "$pid")
		# shellcheck disable=SC2086 # words
		kill -KILL $old && wait_for 20 has_new_generation "$pid" "$old" &&
			wait_for 10 ask one.test 1.3 && leaf_is good && leaf_is good 1.2 || return 1
		i=$((i + 1))
	done
	store leaf --status revoked && leaf_is revoked && leaf_is revoked 1.2 && store leaf && leaf_is good
}

# refresh N [OPTION]...: of many, each newer than the one before, without waiting for a second to pass
refresh()
{
	local age=$((3600 - $1))

	shift
	sign leaf leaf.der --this "-$age" "$@" &&
		ocspctl set "$dir/leaf-chain.pem" "$dir/leaf.der" > "$dir/ocspctl" 2>&1
}

refresh_often()
{
	local i=1

	while [ "$i" -lt "$REFRESHES" ]; do
		refresh "$i" && sleep 0.2 || return 1
		i=$((i + 1))
	done
	refresh "$i" --status revoked
}

# Its response is refreshed while it becomes a daemon, drops its privileges and serves.
row_refreshed()
{
	local refreshing status

	stop && withdraw leaf && wait_for 10 lacks_entry leaf && refresh 0 || return 1
	refresh_often &
	refreshing=$!
	start && begin_load
	wait "$refreshing"
	status=$?
	leaf_is revoked || status=1
	end_load && store_all && comes_back 10 leaf_is good && return "$status"
}

plainly()
{
	"$@"
}

# growth COMMAND: of what the process that stays has allocated, in bytes, over
# $MEMORY_RELOADS reloads, when COMMAND starts it
growth()
{
	local pid before

	stop || return 1
	: > "$dir/heap"
	(
		export KSFT_HEAP="$dir/heap" LD_PRELOAD="$PWD/heap_at_fork.so"
		"$1" "${server}_start"
	) && wait_for 30 port_is_open "$port" || return 1
	pid=$("${server}_pid")
	reload_often "$pid" 40 || return 1
	before=$(tail -n 1 "$dir/heap")
	reload_often "$pid" "$MEMORY_RELOADS" || return 1
	growth=$(($(tail -n 1 "$dir/heap") - before))
}

# nginx itself grows for its first dozens of reloads, and by 8 KiB more or
# less from one to the other: what the module adds is to be less than that.
row_memory()
{
	local with without status

	growth with_module && with=$growth && leaf_is good && growth plainly && without=$growth
	status=$?
	restart && leaf_is good && [ "$status" = 0 ] || return 1
	echo "$MEMORY_RELOADS reloads: $with bytes more with the module, $without without"
	echo "# $(tail -n 1 "$dir/why")" >&3
	[ $((with - without)) -le $((12000 + 16 * MEMORY_RELOADS)) ]
}

# Without privilege nothing is added to the store. What somebody else adds is
# found, after a back-off.
row_absent()
{
	stop && empty_store || return 1
	forget_lines
	start && serves_unstapled && serves_unstapled 1.2 &&
	says 1 "not stapled" && says 1 CAP_NET_ADMIN &&
	store_all && comes_back 60 leaf_is good && says 1 "again"
}

store_is_empty()
{
	[ -z "$(ocspctl show)" ]
}

# What nobody holds goes with its response.
empty_store()
{
	local name

	for name in leaf rsa two variable.test; do
		withdraw "$name"
	done
	wait_for 10 store_is_empty
}

# A server may have its port open before it loads certificates.
has_entry()
{
	ocspctl show | grep -q "$(fingerprint "$1")"
}

lacks_entry()
{
	! has_entry "$1"
}

fingerprint()
{
	openssl x509 -in "$dir/$1.pem" -noout -fingerprint -sha256 |
		sed 's/.*=//; s/://g' | tr A-F a-f | cut -c 1-16
}

# Not in the store: the server adds what it has when it starts, and there is one line.
row_opened()
{
	stop && empty_store || return 1
	forget_lines
	start && wait_for 10 has_entry leaf && wait_for 10 has_entry two && serves_unstapled && serves_unstapled 1.2 &&
	says 1 "not stapled" &&
	store_all && comes_back 10 leaf_is good && says 1 "again"
}

# state_is STATE: the server tells so of the last connection, or of its certificate
state_is()
{
	wait_for 10 "${server}_tells" "$1" && return
	echo "the server does not tell \"$1\""
	return 1
}

row_state()
{
	leaf_is good && state_is good &&
	store leaf --status revoked && leaf_is revoked && state_is revoked &&
	withdraw leaf && serves_unstapled && state_is none &&
	store leaf && comes_back 10 leaf_is good
}

row_stream()
{
	local port=$((port + 1))

	leaf_is good && leaf_is good 1.2
}

row_unloaded()
{
	local i

	stop && wait_for 30 unload_store || return 1
	forget_lines
	start || return 1
	for i in 1.3 1.2 1.3 1.2; do
		serves_unstapled "$i" || return 1
	done
	says 1 "not loaded" && says 1 "" &&
	load_store && store_all && comes_back 60 leaf_is good &&
	says 1 "loaded now"
}

row_missing()
{
	local status

	stop && mv "$module" "$module.away" || return 1
	start && serves_unstapled 1.2 && serves_unstapled 1.3
	status=$?
	mv "$module.away" "$module"
	restart && leaf_is good && return "$status"
}

# Left out where nobody says otherwise, it serves; and nothing of ours is there.
row_excluded()
{
	local default=$dir/module/etc/ktls-ocsp/openssl.cnf status

	stop || return 1
	forget_lines
	config=$default
	start && serves_unstapled && serves_unstapled 1.2 && says 0 ""
	status=$?
	config=$dir/everybody.cnf
	restart && leaf_is good && return "$status"
}

# Because of SIGHUP it executes itself, which is a setuid program: ld.so drops what was preloaded.
row_setuid()
{
	local status

	leaf_is good && hangup && wait_for 20 serves_unstapled && serves_unstapled 1.2 && says 0 "not stapled"
	status=$?
	restart && leaf_is good && return "$status"
}

# Soon what the store has is what it staples.
row_follows()
{
	leaf_is good && store leaf --status revoked && wait_for 10 leaf_is revoked && leaf_is revoked 1.2 &&
	withdraw leaf && wait_for 10 serves_unstapled && serves_unstapled 1.2 &&
	store leaf && wait_for 10 leaf_is good && leaf_is good 1.2
}

# It stays without what is gone, and without ocsp-export.
row_unexported()
{
	withdraw leaf && wait_for 10 serves_unstapled && stop_export && serves_unstapled &&
	stop && store leaf && start && wait_for 10 leaf_is good
}

# vsftpd's default: each connection has a network namespace, where there is no store.
row_isolated()
{
	local status

	stop && sed -i '/^isolate_network=/d' "$dir/$server/conf" && start &&
		serves_unstapled 1.2 && serves_unstapled
	status=$?
	echo isolate_network=NO >> "$dir/$server/conf"
	restart && leaf_is good && return "$status"
}

# What the sanitizer has to say when the processes end, see our_reports()
row_leaks()
{
	leaf_is good && restart && leaf_is good
}

# One row is one result.

describe()
{
	case $1 in
	stapled)	echo "staples, with TLS 1.2 and 1.3" ;;
	dual)		echo "RSA and ECDSA for one name, each with its staple" ;;
	sni)		echo "another name's certificate, with its staple" ;;
	variable)	echo "certificates that are loaded for each connection" ;;
	own)		echo "its own staple where the store has none" ;;
	test)		echo "testing the configuration opens no netlink socket" ;;
	memory)		echo "memory after $MEMORY_RELOADS reloads" ;;
	setuid)		echo "after SIGHUP it serves, without our library" ;;
	follows)	echo "staples what the store has, soon" ;;
	unexported)	echo "without ocsp-export it serves" ;;
	isolated)	echo "in a network namespace of its own it serves" ;;
	excluded)	echo "left out by default, it serves" ;;
	restart)	echo "the first handshake after a restart" ;;
	revoked)	echo "revoked in the next handshake" ;;
	deleted)	echo "deleted: none, and one line in the log; and back again" ;;
	refused)	echo "unknown: none is stored; near its end: none" ;;
	expired)	echo "stapled until it expires, then none" ;;
	killed)		echo "workers that are killed; those that follow staple" ;;
	refreshed)	echo "$REFRESHES refreshes while it becomes a daemon and serves, each handshake stapled" ;;
	reload)		echo "$RELOADS reloads under load, each handshake stapled" ;;
	opened)		echo "not in the store: it is added by root; one line; stapled when there is a response" ;;
	state)		echo "tells what it stapled" ;;
	stream)		echo "staples in a stream server" ;;
	absent)		echo "not in the store: one line; stapled when it is" ;;
	unloaded)	echo "no kernel module: serves, one line; stapled when it is loaded" ;;
	leaks)		echo "ends without a leak of the module" ;;
	missing)	echo "no ktls_ocsp.so: serves" ;;
	esac
}
