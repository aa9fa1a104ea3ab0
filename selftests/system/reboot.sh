#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# usage: reboot.sh DIR
#
# Run in one machine and then in the next, with the same DIR: in the first one
# ocspd fetches a response; in the second one, where the kernel knows nothing and
# the responder is down, a server staples it. vm/reboot runs it so.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/lib.sh
[ $# -eq 1 ] || {
	echo "usage: $0 DIR" >&2
	exit 2
}
own_namespaces "$0" "$@"
. ../lib/ocspd.sh
dir=$1

fail()
{
	echo "reboot.sh: $*" >&2
	tail -n 20 "$dir/ocspd.log" "$dir/client" >&2
	exit 1
}

modprobe ktls_ocsp || fail "no module"
load_tls

before()
{
	make_ca "$dir" && make_leaf "$dir" one 20 "$bad/one/" && write_conf &&
	start_bad && start_ocspd && serve one 4401 && staples good 4401 &&
	wait_for 10 test -s "$dir/cache/$(key_of one).ocsp"
}

after()
{
	[ "$(ocspctl -j show | tr -d ' \n')" = "[]" ] || fail "there is a response"
	start_ocspd && serve one 4401 && staples good 4401 &&
	logged "source cache" && port_is_closed "$BAD"
}

if [ ! -e "$dir/one.pem" ]; then
	before || fail "nothing stapled before the machine stops"
	echo "before: stapled, from the responder"
else
	after || fail "nothing stapled after the machine came up again"
	echo "after: stapled, and the responder is down"
fi
