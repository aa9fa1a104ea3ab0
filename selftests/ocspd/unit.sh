#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# ocspd as systemd runs it: under its own unit, with all that this takes away from
# it. A systemd of the test's is process 1 of namespaces of its own.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/isolated.sh
. ../lib/ocspd.sh

start_store_test
load_tls
SYSTEMD=/lib/systemd/systemd
if [ ! -x "$SYSTEMD" ] || [ ! -w /sys/fs/cgroup/cgroup.procs ]; then
	ktap_skip_all "no systemd, or no cgroup2"
	exit "$KSFT_SKIP"
fi
leaf one 20 "$bad/one/"
start_bad || ktap_exit_fail_msg "no responder"
cgroup=/sys/fs/cgroup/ocspd_unit.$$
trap 'end_systemd; rm -rf "$dir"' EXIT

# Only what is below /run is written, and that is the test's.
make_units()
{
	mkdir -p /run/systemd/system/ocspd.service.d /run/cache /run/bin /run/credstore &&
	echo me:secret > /run/credstore/ocspd.proxy && chmod 600 /run/credstore/ocspd.proxy &&
	mount --bind /run/cache /var/cache &&
	cp ../lib/ocspd /run/bin/ && cp ocspd.service /run/systemd/system/ || return 1
	printf '[ocspd]\nallow = 127.0.0.0/8\nretry = 1\n' > /run/ocspd.conf
	cat > /run/systemd/system/ocspd.service.d/test.conf <<-END
		[Unit]
		DefaultDependencies=no
		[Service]
		ExecStart=
		ExecStart=/run/bin/ocspd -f /run/ocspd.conf
		ExecReload=
		ExecReload=/run/bin/ocspd -f /run/ocspd.conf --check-config --same-user
		ExecReload=kill -HUP \$MAINPID
		StandardError=append:/run/ocspd.log
	END
	cat > /run/systemd/system/test.target <<-END
		[Unit]
		DefaultDependencies=no
		Wants=ocspd.service
	END
}

start_systemd()
{
	mkdir "$cgroup" || return 1
	# What a process of its own mounts for the credentials of a unit is to reach it.
	# shellcheck disable=SC2016 # for the shells in there
	env container=test sh -c 'echo 0 > "$1/cgroup.procs" && shift && exec "$@"' \
		sh "$cgroup" unshare --pid --fork --kill-child --cgroup --mount \
		sh -c 'mount --make-rshared / && mount -t proc proc /proc &&
		umount /sys/fs/cgroup &&
		mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
		exec "$@"' sh "$SYSTEMD" --system --unit=test.target \
			--log-target=console --show-status=no \
		> "$dir/systemd.log" 2>&1 < /dev/null &
	unshare=$!
}

end_systemd()
{
	[ -z "$unshare" ] || { kill -KILL "$unshare"; wait "$unshare"; } 2>/dev/null
	rmdir "$cgroup" 2>/dev/null
}
unshare=

# ctl VERB ...: systemctl, of that systemd
ctl()
{
	# It is the only child of unshare, which stays outside.
	nsenter -t "$(tr -d ' ' < "/proc/$unshare/task/$unshare/children")" \
		--all systemctl "$@"
}

# property NAME: of the service
property()
{
	ctl show -P "$1" ocspd
}

is()
{
	[ "$(property "$1")" = "$2" ]
}

ktap_set_plan 8

ready()
{
	make_units && ln -s /run/ocspd.log "$dir/ocspd.log" && start_systemd &&
	wait_for 30 is ActiveState active && logged "ready, 0" &&
	property StatusText | grep -q "^0 certificates"
}
check "it tells systemd when it is ready" ready || cat "$dir/systemd.log"

# has LINE: of its /proc/PID/status; a pattern
has()
{
	grep -q "^$1\$" "/proc/$(pgrep -x ocspd)/status" && return
	grep "^${1%%:*}:" "/proc/$(pgrep -x ocspd)/status" >&2
	return 1
}

confined()
{
	has "CapEff:[[:space:]]*0*1000" && has "CapBnd:[[:space:]]*0*1000" &&
	has "NoNewPrivs:[[:space:]]*1" && has "Seccomp:[[:space:]]*2" &&
	has "Uid:[[:space:]]*6[0-9]*[[:space:]].*"
}
check "without root, with CAP_NET_ADMIN, under a filter of system calls" \
	confined

fetches()
{
	serve one 4401 && staples good 4401 &&
	[ -s "/run/cache/private/ocspd/$(key_of one).ocsp" ]
}
check "in there it fetches, stores, and writes its cache" fetches

reloads()
{
	ctl reload ocspd && wait_for 10 logged "configuration read again"
}
check "reloaded" reloads

# The unit's own reload is as the test's, but for the paths.
refuses_reload()
{
	grep -q '^ExecReload=.*/ocspd --check-config --same-user$' ocspd.service &&
	echo "colour = blue" >> /run/ocspd.conf && : > /run/ocspd.log &&
	! ctl reload ocspd && is ActiveState active || return 1
	# A certificate that only root may read
	sed -i /colour/d /run/ocspd.conf
	cp "$dir/one-chain.pem" /run/secret.pem && chmod 600 /run/secret.pem &&
	printf '[certificate one]\nfile = /run/secret.pem\n' >> /run/ocspd.conf &&
	! ctl reload ocspd && ! logged "configuration read again" &&
	logged "/run/secret.pem: Permission denied" || return 1
	sed -i /certificate/,\$d /run/ocspd.conf
	ctl reload ocspd && wait_for 10 logged "configuration read again"
}
check "a reload with a bad file fails, and changes nothing" refuses_reload

credential()
{
	nsenter -t "$(pgrep -x ocspd)" --mount cat /run/credentials/ocspd.service/ocspd.proxy |
		grep -q '^me:secret$'
}
check "the password of a proxy comes from a file that only root may read" credential

# restarted PID: there is another one now
restarted()
{
	[ "$(property MainPID)" != "$1" ] && is ActiveState active
}

restarts()
{
	local before

	before=$(property MainPID)
	pkill -KILL -x ocspd && staples good 4401 &&
	wait_for 20 restarted "$before" &&
	logged "ready, 1 response"
}
check "killed: it is started again, and finds what there is" restarts

stops()
{
	ctl stop ocspd && is ActiveState inactive && is Result success &&
	staples good 4401
}
check "stopped: in time, and the kernel goes on" stops

stop_servers "$server"
ktap_finished
