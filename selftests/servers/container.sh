#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2317 # what is sourced reads them; tests are called by their names
#
# A container: a user, network, mount and PID namespace, with this root, a /run of its own, and the socket of
# ocsp-broker mounted in. The nginx in it, Debian's with the module for it, staples from the store of the host,
# which it never sees otherwise: its master adds the certificates, its workers get the responses, and they can do
# no more.
#
# It needs the kernel's store: that has one for each network namespace.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/lib.sh
own_namespaces "$0" "$@"
. ../lib/ktap_helpers.sh
. ./handshakes.sh
. ./configure.sh
. ./module_files.sh

port=4433
first_id=100000
STARTTLS=
installed=$(readlink -f installed)
PATH=$PATH:/usr/sbin:/sbin
dir=$(mktemp -d)
chmod 755 "$dir"
broker=
container=

cleanup()
{
	[ -z "$container" ] || kill "$container"
	[ -z "$broker" ] || kill "$broker"
	umount -l "$dir/layers" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

ktap_print_header
if ! load_store 2>/dev/null; then
	ktap_skip_all "no ktls_ocsp module"
	exit "$KSFT_SKIP"
fi

# What is done in it, as its root, who has no power outside: "sleep" has lost what it could do, since it was
# executed before there was a root.
# shellcheck disable=SC2016 # expanded in it
set_up='mount -t proc proc /proc && mount -t tmpfs -o mode=755 run /run && mkdir /run/ktls-ocsp /run/lock &&
	mount -t tmpfs -o mode=755 nginx /var/lib/nginx &&
	mount --bind "$1/broker" /run/ktls-ocsp && ip link set lo up'

start_container()
{
	unshare --user --net --mount --pid --fork --kill-child sleep 1000 &
	container=$!
	wait_for 20 other_user_namespace &&
	echo "0 $first_id 65536" > "/proc/$container/uid_map" &&
	echo "0 $first_id 65536" > "/proc/$container/gid_map" &&
	contained sh -c "$set_up" sh "$dir"
}

other_user_namespace()
{
	[ "$(readlink "/proc/$container/ns/user")" != "$(readlink /proc/self/ns/user)" ] &&
		inside_pid
}

# The first process of the PID namespace, the child of unshare(1)
inside_pid()
{
	inside=$(cat "/proc/$container/task/$container/children")
	inside=${inside% }
	[ -n "$inside" ]
}

# contained COMMAND...: in the container, as its root
contained()
{
	nsenter --target "$inside" --user --net --mount --pid --setuid 0 --setgid 0 "$@"
}

# The client, too: the port is of its loopback.
staple_client()
{
	contained "$PWD/staple_client" "$@"
}

make_pki()
{
	make_ca "$dir" && alt_name=one.test make_leaf "$dir" leaf 10 http://127.0.0.1:8889/ &&
	alt_name=one.test new_key=rsa:2048 make_leaf "$dir" rsa 11 http://127.0.0.1:8889/ &&
	alt_name=two.test make_leaf "$dir" two 12 http://127.0.0.1:8889/ &&
	sign two own.der --this -3600 && chmod 644 "$dir"/*.key
}

start_broker()
{
	mkdir "$dir/broker"
	ocsp-broker --listen "$dir/broker/session.sock" --group nogroup 2> "$dir/broker.log" &
	broker=$!
	wait_for 20 test -S "$dir/broker/session.sock" && chgrp "$first_id" "$dir/broker/session.sock"
}

# The socket is for the master's group. The workers are another user of the container's, www-data.
start_nginx()
{
	contained nginx -c "$dir/nginxmodule/conf" -g 'daemon on; master_process on;' &&
		wait_for 20 contained_port_is_open
}

contained_port_is_open()
{
	[ -n "$(contained ss -Hltn "sport = :$port")" ]
}

contained_port_is_closed()
{
	! contained_port_is_open
}

stop_nginx()
{
	contained kill "$(cat "$dir/nginxmodule/pid")" && wait_for 20 contained_port_is_closed
}

is_stored()
{
	[ "$(ocspctl -j show | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')" -eq "$1" ]
}

# all_are STATUS: by whichever of the workers. One that found no response asks again after a while.
all_are()
{
	for _ in 1 2 3 4 5 6; do
		leaf_is "$1" || return
	done
}

# Nothing is stored: its certificates are added to the host's store.
test_opens()
{
	start_nginx && wait_for 10 is_stored 3 && serves_unstapled &&
	grep -q "session for user $first_id, group" "$dir/broker.log" &&
	store leaf && wait_for 20 all_are good && leaf_is good 1.2
}

test_revoked()
{
	store leaf --status revoked && leaf_is revoked && leaf_is revoked 1.2 && store leaf && leaf_is good
}

test_withdrawn()
{
	withdraw leaf && serves_unstapled && store leaf && wait_for 10 leaf_is good
}

test_restart()
{
	stop_nginx && start_nginx && leaf_is good && leaf_is good 1.2
}

# Its own store is empty, and it cannot write into the host's, with or without the socket.
test_no_more()
{
	max=/proc/sys/net/ktls_ocsp/max_entries
	key=$(openssl x509 -in "$dir/leaf.pem" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)
	contained env PATH="$PATH" ocspctl -j show > "$dir/own" && [ "$(cat "$dir/own")" = "[]" ] &&
	contained env PATH="$PATH" broker_client write /run/ktls-ocsp/session.sock "$key" > "$dir/out" &&
	grep -q "^get: done" "$dir/out" && grep -q "^set: .*CAP_NET_ADMIN" "$dir/out" &&
	grep -q "^del: .*CAP_NET_ADMIN" "$dir/out" &&
	! contained env PATH="$PATH" ocspctl del "$dir/leaf-chain.pem" > "$dir/out" 2>&1 &&
	limit=$(cat "$max") && { contained sh -c "echo 1 > $max" 2> /dev/null || :; } &&
	[ "$(cat "$max")" = "$limit" ] && [ "$limit" -gt 3 ] &&
	is_stored 3 && leaf_is good
}

# No socket, no staple: and nothing else.
test_no_socket()
{
	stop_nginx && kill "$broker" && wait "$broker"
	broker=
	rm "$dir/broker/session.sock"
	start_nginx && serves_unstapled && serves_unstapled 1.2
}

# check TEST DESCRIPTION
check()
{
	if "test_$1" > "$dir/why" 2>&1; then
		ktap_test_pass "$2"
		return
	fi
	tail -n 5 "$dir/nginxmodule/log" >> "$dir/why" 2>/dev/null
	sed 's/^/#   /' "$dir/why"
	ktap_test_fail "$2"
}

prepare()
{
	make_pki && install_module && start_broker && mkdir "$dir/nginxmodule" && nginxmodule_configure || return 1
	chown -R "$first_id:$first_id" "$dir/nginxmodule"
	start_container
}

prepare > "$dir/why" 2>&1 || ktap_exit_fail_msg "no container: $(cat "$dir/why")"
ktap_set_plan 6
check opens "adds its certificates to the host's store, and staples"
check revoked "revoked in the next handshake"
check withdrawn "withdrawn: none"
check restart "the first handshake after a restart"
check no_more "can open and get, and no more"
check no_socket "without the socket it serves"
ktap_finished
