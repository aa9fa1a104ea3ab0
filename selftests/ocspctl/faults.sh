#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspctl and a store that fails, as only the stand-in does when it is told to:
# one line that says what and why, status 1, and the store is what it was.

export STORE=standin
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspctl.sh

start_store_test
if ! { answer good leaf && answer new leaf --this 1 --next 90000 &&
       ocspctl set "$leaf" "$dir/good.der" > "$dir/out"; }; then
	ktap_exit_fail_msg "cannot store a response"
fi
ktap_set_plan 12

# fails OP ERRNO TEXT ARGUMENT...: ocspctl does when that operation does.
fails()
{
	local op=$1 errno=$2 text=$3

	shift 3
	snapshot before
	standin fail "$op" "$errno" && refuses 1 "$text" "$@" || return 1
	snapshot after
	cmp "$dir/before" "$dir/after" >> "$dir/err" 2>&1
}

memory="Cannot allocate memory"
check "show: no memory for the list" fails dump ENOMEM "no memory" show
check "show: no memory for one" fails get ENOMEM "$memory" show "$leaf"
check "get: no memory" fails get ENOMEM "$memory" get "$leaf"
check "set: no memory" fails set ENOMEM "$memory" set "$leaf" "$dir/new.der"
check "set: no right" fails set EPERM "this needs CAP_NET_ADMIN" \
	set "$leaf" "$dir/new.der"
check "del: no memory" fails del ENOMEM "$memory" del "$leaf"
check "add: no session" fails session ENOSPC "No space left" add "$leaf"
check "add: not opened" fails open ENOMEM "$memory" add "$leaf"
check "add: cannot listen" fails listen ENOBUFS "buffer ran over" add "$leaf"
check "monitor: cannot listen" fails listen ENOMEM "$memory" monitor

at_limit()
{
	standin limit max_entries 1 && expect 0 show "$leaf" &&
	refuses 1 "the user is at its limit of sessions" add "$other"
	set -- $?
	standin limit max_sessions_of_user 100
	return "$1"
}
standin limit max_sessions_of_user 0
check "add at a limit: which" at_limit

# A list that others change all the time is shown, with a warning.
unsettled()
{
	standin unsettle 1000 && expect 0 show && prints "CN=leaf" &&
	standin unsettle 0 && [ -s "$dir/err" ] && expect 0 show && quiet
}
check "show while others change the store: a note" unsettled

ktap_finished
