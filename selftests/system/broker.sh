#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2086 # who runs a command is split on purpose
#
# ocsp-broker: servers without privileges and in containers have sessions from it,
# and not more than their share.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspctl.sh

start_store_test
sock=$dir/sock
nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
stranger="setpriv --reuid=1234 --regid=1234 --clear-groups"
if ! $nobody timeout 60 ocspctl help > /dev/null 2>&1; then
	ktap_skip_all "other users cannot run the programs"
	exit "$KSFT_SKIP"
fi
# Whose end of standard input lets go what they have
mkfifo "$dir/hold"
exec 9<> "$dir/hold"
trap 'kill $broker 2> /dev/null; rm -rf "$dir"' EXIT

broker=
start_broker()
{
	ocsp-broker --listen "$sock" --group nogroup "$@" 2> "$dir/broker.log" &
	broker=$!
	wait_for 10 test -S "$sock" &&
	wait_for 10 test "$(stat -c %a "$sock")" = 660
}

stop_broker()
{
	kill "$broker" && wait "$broker"
	rm -f "$sock"
}

logged()
{
	grep -q -- "$1" "$dir/broker.log"
}

# opens USER...: the leaf's entry, and lets go of it
opens()
{
	"$@" broker_client open "$leaf" < /dev/null > "$dir/out"
}

gets()
{
	"$@" broker_client ask "$sock" < /dev/null > "$dir/out"
}

# is_told opens|gets TEXT USER...: it fails, with that text
is_told()
{
	local how=$1 text=$2

	shift 2
	! "$how" "$@" && grep -q -- "$text" "$dir/out"
}

ktap_set_plan 13

who_may_enter()
{
	start_broker &&
	[ "$(stat -c '%a %G' "$sock")" = "660 nogroup" ]
}
check "the socket is for its group alone" who_may_enter

without()
{
	export KTLS_OCSP_SOCKET=/nowhere
	is_told opens CAP_NET_ADMIN $nobody
}
check "without it, a user may add no entry" without

export KTLS_OCSP_SOCKET="$sock"

with()
{
	opens $nobody && logged "session for user 65534, group 65534" &&
	expect 0 -j show && json 'len(j) == 1'
}
check "with it, he may" with

not_a_member()
{
	ocspctl del "$leaf" && is_told opens CAP_NET_ADMIN $stranger &&
	! logged "user 1234"
}
check "who may not enter is left with what he may himself" not_a_member

# By its ids it may enter.
set_id()
{
	install -o 65534 -g 65534 -m 6755 "$(command -v broker_client)" "$dir/set_id" &&
	: > "$dir/broker.log" &&
	! "$dir/set_id" open "$leaf" < /dev/null > "$dir/out" &&
	grep -q CAP_NET_ADMIN "$dir/out" && ! [ -s "$dir/broker.log" ]
}
case $(findmnt -n -o OPTIONS -T "$dir") in
*nosuid*)
	ktap_test_skip "a set-user-id program does not go by the environment" ;;
*)
	check "a set-user-id program does not go by the environment" set_id ;;
esac

writes_nothing()
{
	answer good leaf && expect 0 set "$leaf" "$dir/good.der" &&
	$nobody broker_client write "$sock" "$key" > "$dir/out" &&
	grep -q "^get: done" "$dir/out" &&
	grep -q "^set: .*CAP_NET_ADMIN" "$dir/out" &&
	grep -q "^del: .*CAP_NET_ADMIN" "$dir/out"
}
check "who has a session from it reads, and stores nothing" writes_nothing

# Who takes nothing has his places, and leaves the others theirs.
hanging()
{
	$nobody broker_client hang "$sock" 20 < "$dir/hold" > "$dir/hung" &
	hang=$!
	wait_for 10 grep -q hanging "$dir/hung" &&
	wait_for 10 logged "no session for user 65534.*waiting to be taken" &&
	is_told gets "waiting to be taken" $nobody &&
	[ "$(grep -c "session for user 65534, " "$dir/broker.log")" = 16 ] &&
	gets env
}

let_go()
{
	kill "$hang"
	wait_for 10 gets $nobody
}
stop_broker
start_broker
check "peers that hang hold up nobody else" hanging
check "and when they are gone, their user may again" let_go

# Of 10 a minute one comes back in 6 seconds.
until_refused()
{
	for _ in $(seq 100); do
		gets $nobody || return 0
		given=$((given + 1))
	done
	return 1
}

too_many()
{
	stop_broker
	given=0
	start_broker --rate 10 && until_refused && [ "$given" -ge 10 ] &&
	grep -q "this user asks for too many sessions" "$dir/out" &&
	gets env && logged "no session for user 65534" &&
	wait_for 20 gets $nobody
}
check "a user has so many in a minute" too_many

charged()
{
	stop_broker
	start_broker && set_limit max_sessions_of_user 1 || return
	$nobody broker_client ask "$sock" < "$dir/hold" > "$dir/first" &
	first=$!
	wait_for 10 grep -q session "$dir/first" &&
	is_told gets "the user is at its limit of sessions" $nobody &&
	gets $stranger_in_group
	set -- $?
	kill "$first"
	set_limit max_sessions_of_user 2048
	return "$1"
}
stranger_in_group="setpriv --reuid=1234 --regid=65534 --clear-groups"
set_limit()
{
	if [ "$STORE" = standin ]; then
		standin limit "$@"
	else
		echo "$2" > "/proc/sys/net/ktls_ocsp/$1"
	fi
}
check "a session is charged to who asked for it" charged

activated()
{
	stop_broker
	broker_client activate "$sock" ocsp-broker 2> "$dir/broker.log" &
	broker=$!
	wait_for 10 test -S "$sock" && gets env &&
	ocsp-broker 2> "$dir/out"
	[ $? -eq 1 ] && grep -q "no socket was passed" "$dir/out"
}
check "systemd may listen for it" activated

arguments()
{
	local bad

	for bad in "--rate 0" "--rate x" "--rate 100001" "--group nogroup" more; do
		# shellcheck disable=SC2086 # split on purpose
		ocsp-broker $bad 2> "$dir/out"
		[ $? -eq 2 ] && [ -s "$dir/out" ] || return
	done
	ocsp-broker --listen "$dir/x" --group none-such 2> "$dir/out"
	[ $? -eq 1 ] && grep -q 'no group "none-such"' "$dir/out" &&
	ocsp-broker --listen "$leaf" 2> "$dir/out"
	[ $? -eq 1 ] && grep -q "in use" "$dir/out" && [ -f "$leaf" ]
}
check "what it cannot start with is said" arguments

# A user, network and mount namespace, with the socket mounted in: the host's
# store, and nothing else of it
in_container()
{
	# shellcheck disable=SC2016 # expanded there
	$nobody unshare --user --map-root-user --net --mount sh -c '
		mount --bind "$1" "$2/mounted" && mount -t tmpfs none /run &&
		mkdir -p /run/ktls-ocsp && : > /run/ktls-ocsp/session.sock &&
		mount --bind "$2/mounted" /run/ktls-ocsp/session.sock || exit 1
		unset KTLS_OCSP_SOCKET
		broker_client open "$3" < /dev/null &&
		echo "its own store: $(ocspctl -j show)" &&
		broker_client write /run/ktls-ocsp/session.sock "$4"
		' - "$sock" "$dir" "$leaf" "$key" > "$dir/out" 2>&1 &&
	grep -q "^attached" "$dir/out" && grep -q "^its own store: \[\]" "$dir/out" &&
	grep -q "^get: done" "$dir/out" && grep -q "^set: .*CAP_NET_ADMIN" "$dir/out" &&
	grep -q "^del: .*CAP_NET_ADMIN" "$dir/out" &&
	expect 0 -j show && json 'len(j) == 1'
}
stop_broker
start_broker
: > "$dir/mounted"
chmod 644 "$dir/mounted"
if [ "$STORE" = standin ]; then
	ktap_test_skip "in a container: the stand-in's store is of one network namespace"
else
	check "in a container it leads to the host's store" in_container
fi

ktap_finished
