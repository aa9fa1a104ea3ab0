# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # bad and server are the caller's, dir is
#
# For the tests of ocspd, with what those of ocspctl have: run it against a
# responder that does what it is told to.

. ../lib/ocspctl.sh

BAD=8890		# port of the bad responder
bad=http://127.0.0.1:$BAD

# control REQUEST: what ocspd answers on its control socket
control()
{
	printf '%s\n' "$1" | socat -t 60 - "UNIX-CONNECT:$OCSPD_SOCKET" > "$dir/answer"
}

# answers REGEX...: a line of the answer matches each of them.
answers()
{
	local regex

	for regex; do
		grep -q -e "$regex" "$dir/answer" && continue
		sed 's/^/answer: /' "$dir/answer" >&2
		return 1
	done
}

# write_conf [LINE...]: $dir/ocspd.conf, which these lines end.
# shellcheck disable=SC2120 # most have none
write_conf()
{
	{
		cat <<-END
			[ocspd]
			cache = $dir/cache
			allow = 127.0.0.0/8 ::1
			retry = 1
		END
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} > "$dir/ocspd.conf"
}

# The program to test, and what to run it with.
: "${OCSPD:=ocspd}" "${OCSPD_PREFIX:=}"

# run_ocspd ARGUMENT...: until it ends; what it said is in $dir/ocspd.log.
run_ocspd()
{
	# shellcheck disable=SC2086 # split on purpose
	$OCSPD_PREFIX "$OCSPD" -f "$dir/ocspd.conf" "$@" > "$dir/ocspd.out" \
		2> "$dir/ocspd.log"
}

# leaf NAME SERIAL URL: a certificate, see make_leaf; without it there is no test.
leaf()
{
	make_leaf "$dir" "$@" || ktap_exit_fail_msg "cannot make certificates"
}

# launch_ocspd: in the background
launch_ocspd()
{
	export OCSPD_SOCKET="$dir/ocspd.sock" STATE_DIRECTORY="$dir/state"
	export RUNTIME_DIRECTORY="$dir/run"
	: > "$dir/ocspd.log"
	# shellcheck disable=SC2086 # split on purpose
	$OCSPD_PREFIX "$OCSPD" -v -f "$dir/ocspd.conf" 2>> "$dir/ocspd.log" &
	ocspd=$!
}

# start_ocspd: in the background, until it is ready.
start_ocspd()
{
	launch_ocspd
	wait_for 60 logged "ready, " && return
	cat "$dir/ocspd.log" >&2
	return 1
}

logged()
{
	grep -q -e "$1" "$dir/ocspd.log"
}

# stop_ocspd: it has a second.
stop_ocspd()
{
	local start

	start=$(now_ms)
	kill "$ocspd" && wait "$ocspd" || return 1
	[ $(($(now_ms) - start)) -lt $((1000 * SLOW)) ] && return
	echo "it took $(($(now_ms) - start)) ms to stop" >&2
	return 1
}

kill_ocspd()
{
	kill -KILL "$ocspd" && wait "$ocspd"
	return 0
}

# start_bad: the responder, for the CA in $dir
start_bad()
{
	mkdir -p "$dir/faults"
	bad_responder --port "$BAD" --ca "$dir/ca.pem" --key "$dir/ca.key" \
		--faults "$dir/faults" --log "$dir/requests" \
		2> "$dir/bad_responder.log" &
	bad_pid=$!
	: > "$dir/requests"
	listens "$BAD" "$dir/bad_responder.log"
}

stop_bad()
{
	kill "$bad_pid"
	wait "$bad_pid" 2>/dev/null
	wait_for 10 port_is_closed "$BAD"
}

# fault NAME FAULT [ARGUMENT...]: what it answers to $bad/NAME/ from now on
fault()
{
	local name=$1

	shift
	echo "$*" > "$dir/faults/.$name"
	mv "$dir/faults/.$name" "$dir/faults/$name"
}

# requests NAME: how many it got
requests()
{
	grep -c "^$1 " "$dir/requests"
}

# state NAME VALUE: what the store says of the certificate $dir/NAME.pem
state()
{
	ocspctl show "$dir/$1.pem" 2>/dev/null |
		grep -q "^  state $2\\( \\|\$\\)"
}

status()
{
	ocspctl show "$dir/$1.pem" 2>/dev/null | grep -q " status $2 "
}

# reason NAME: of the last failure
reason()
{
	ocspctl -j show "$dir/$1.pem" | sed -n 's/^ *"failure": "\(.*\)",*$/\1/p'
}

failed_with()
{
	reason "$1" | grep -qF -e "$2"
}

generation()
{
	ocspctl -j show "$dir/$1.pem" |
		sed -n 's/^ *"generation": \([0-9]*\),*$/\1/p'
}

# newer NAME GENERATION: it has another response than that one
newer()
{
	[ "$(generation "$1")" -gt "$2" ]
}

# step_clock SECONDS: the wall clock; unstep_clock puts it where it was.
stepped=0
step_clock()
{
	set_clock "$1"
	stepped=$((stepped + $1))
}

unstep_clock()
{
	[ "$stepped" -eq 0 ] || step_clock $((-stepped))
}

# serve NAME PORT [OPTION...]: a TLS server of that certificate, which runs when
# this returns. Its number is in $server.
serve()
{
	local name=$1 port=$2

	shift 2
	ktls_server --cert "$dir/$name-chain.pem" --key "$dir/$name.key" \
		--port "$port" --workers 1 "$@" 2>> "$dir/server.log" &
	server=$!
	wait_for 20 port_is_open "$port"
}

# stop_servers NUMBER...
stop_servers()
{
	kill "$@" && wait "$@"
}

# staples STATUS PORT: what the server hands to a client
staples()
{
	printf 'GET / HTTP/1.0\r\n\r\n' |
		timeout $((30 * SLOW)) openssl s_client -connect "127.0.0.1:$2" -status \
			-ign_eof -CAfile "$dir/ca.pem" > "$dir/client" 2>&1
	grep -q "Cert Status: $1\$" "$dir/client"
}

# check DESCRIPTION COMMAND...: as that of ocspctl.sh, with more to see.
check()
{
	local description="$1"

	shift
	: > "$dir/log"
	if "$@" 2>> "$dir/log"; then
		ktap_test_pass "$description"
		return
	fi
	{
		cat "$dir/log"
		tail -n 8 "$dir/out" "$dir/err" "$dir/requests"
		tail -n 15 "$dir/ocspd.log"
		ocspctl show | head -n 20
	} 2>/dev/null | cut -c 1-200 | sed 's/^/#   /'
	ktap_test_fail "$description"
}
