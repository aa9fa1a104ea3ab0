#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2119,SC2154,SC2317 # rows are called by their names; units.sh has the units
#
# usage: systemd.sh [SERVER]...
#
# A systemd of its own, process 1 of a PID namespace, on this machine's root with
# a tmpfs on top. It runs the commands of the README, from "make install" to an
# nginx that staples, as they are written there; then each server that has a
# drop-in, or else a file that does the same, is started by its package's unit
# and configuration: those of units.sh by default.
#
# What the units ask of systemd holds here: the sandbox of ocspd.service, seccomp
# (RestrictAddressFamilies=, SystemCallFilter=), the mount namespaces of
# PrivateTmp=, PrivateDevices= and ProtectSystem=, DynamicUser=. What a kernel
# without BPF for control groups leaves undone, as user-mode Linux's does, is
# DevicePolicy= and IPAddressDeny=: PrivateDevices= still hides the devices.

cd "$(dirname "$(readlink -f "$0")")" || exit 1
. ../lib/lib.sh
own_namespaces "$0" "$@"
. ../lib/ktap_helpers.sh
. ../lib/systemd.sh
. ./handshakes.sh
. ./units.sh

port=443
responder=8889
share=/usr/local/share/ktls-ocsp/systemd
units=/etc/systemd/system
dir=$(mktemp -d /run/ktls-ocsp.XXXXXX)
chmod 755 "$dir"
PATH=$PATH:/usr/sbin:/sbin
responder_pid=

cleanup()
{
	[ -z "$systemd" ] || kill -KILL "$systemd" 2>/dev/null
	[ -z "$responder_pid" ] || stop_responder
	[ -z "$group" ] || wait_for 10 remove_groups
	# The layers go with the namespace.
	umount -l "$dir/layers" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

# What is installed here ends with the test.
writable_root()
{
	mkdir "$dir/layers" && overlay_trees "$dir/layers" /etc /usr/local /var
}

# Nothing of this machine but what the units of the servers need, and no file
# system but those that are mounted
only_servers()
{
	rm -rf "$units"/*.wants "$units"/*.service.d /usr/local/*/ktls-ocsp /etc/ktls-ocsp
	quiet_units "$units"
}

# The commands of the README. What "make" and "make modules_install" make is in
# the kernel that runs; "make install" was run for this test, with DESTDIR. It
# leaves a configuration that is there.

make_make()
{
	mkdir "$dir/bin" && cat > "$dir/bin/make" <<-END
		#!/bin/sh
		case \$* in
		install)	cp /etc/ocspd.conf "$dir/kept" && cp -R -d "$PWD/installed/." / &&
				cp "$dir/kept" /etc/ocspd.conf ;;
		''|modules_install) ;;
		*)	exit 2 ;;
		esac
	END
	chmod 755 "$dir/bin/make"
}

# command N: that line of the README, as it is there
command_runs()
{
	local line

	line=$(sed -n "$1p" readme_commands)
	[ -n "$line" ] || return 1
	echo "$line"
	inside sh -ec "$line" < /dev/null
}

# What they take for granted: a certificate, its responder, and a server that
# has it. The URL of the responder is on loopback here.
test_first()
{
	make_ca "$dir" && alt_name=one.test make_leaf "$dir" leaf 10 "http://127.0.0.1:$responder/" &&
		chmod 644 "$dir/leaf.key" && start_responder "$dir" "$responder" &&
		printf '[ocspd]\nallow = 127.0.0.0/8\n' > /etc/ocspd.conf &&
		nginx_site && inside systemctl start nginx.service && command_runs 1 && inside systemctl is-active ocspd.service
}

test_second()
{
	command_runs 2 && ocspctl show && [ "$(ocspctl show | grep -c good)" -eq 1 ]
}

test_third()
{
	[ "$(wc -l < readme_commands)" -eq 3 ] && command_runs 3 && leaf_is good && leaf_is good 1.2
}

# Those for units that are not installed tell nothing.
test_dropins()
{
	local file names=

	cp -r "$share"/*.service.d "$units/" && inside systemctl daemon-reload || return 1
	for file in "$share"/*.service.d; do
		file=$(basename "$file" .d)
		[ ! -e "/lib/systemd/system/$file" ] || names="$names $(echo "$file" | sed 's/@/@one/')"
	done
	# shellcheck disable=SC2086 # words
	inside systemd-analyze verify $names > "$dir/verify" 2>&1
	# What systemd has to say of others' units is not ours.
	! grep -F ktls-ocsp.conf "$dir/verify" && [ -n "$names" ]
}

# In the order in which systemd starts them, ocspd is ready before nginx starts.
test_order()
{
	inside systemctl show -P After nginx.service | grep -qw ocspd.service &&
		inside systemctl show -P Wants nginx.service | grep -qw ocspd.service &&
		! inside systemctl show -P Requires nginx.service | grep -w ocspd.service
}

# Neither ocspd, which cannot be started, nor the responder: what is stapled is in the kernel.
test_alone()
{
	inside systemctl mask --runtime --now ocspd.service && stop_responder &&
		inside systemctl restart nginx.service && leaf_is good && leaf_is good 1.2 &&
		! inside systemctl is-active ocspd.service
}

# The servers

# begins NAME: only its unit runs, anew.
begins()
{
	STARTTLS=
	port=$((port + 1))
	"$1_unit" && "$1_site" && { [ "$dropin" = none ] || [ -e "$units/$dropin/ktls-ocsp.conf" ]; } &&
		inside systemctl restart "$unit" && wait_for 30 port_is_open "$port" && return
	inside systemctl status --no-pager "$unit"
	return 1
}

test_unit()
{
	begins "$1" && leaf_is good && leaf_is good 1.2 && inside systemctl is-active "$unit"
}

# said NUMBER TEXT: in the journal, by the unit
said()
{
	[ "$(inside journalctl -q -o cat "_SYSTEMD_UNIT=$unit" |
		grep -c "^ktls_ocsp: .*$2")" -eq "$1" ]
}

says()
{
	wait_for 10 said "$@" && return
	echo "not $1 lines with \"$2\" in the journal:"
	inside journalctl -q -n 20 "_SYSTEMD_UNIT=$unit"
	return 1
}

test_journal()
{
	withdraw leaf && serves_unstapled && serves_unstapled && says 1 "not stapled" &&
		store leaf && wait_for 10 leaf_is good && says 1 "stapled from the store again" &&
		says 2 ""
}

# restricted COMMAND...: with the address families that lighttpd and hitch have in other suites
restricted()
{
	local status

	mkdir -p "$units/$unit.d" || return 1
	printf '[Service]\nRestrictAddressFamilies=%s\n' "AF_UNIX AF_INET AF_INET6" \
		> "$units/$unit.d/00-families.conf"
	inside systemctl daemon-reload && inside systemctl restart "$unit" &&
		wait_for 30 port_is_open "$port" && "$@"
	status=$?
	rm "$units/$unit.d/00-families.conf"
	return "$status"
}

# The drop-in adds AF_NETLINK; without its line there is none.
test_families()
{
	local status

	restricted leaf_is good || return 1
	sed -i '/^RestrictAddressFamilies/d' "$units/$dropin/ktls-ocsp.conf" &&
		restricted serves_unstapled && says 1 "Address family not supported"
	status=$?
	cp "$share/$dropin/ktls-ocsp.conf" "$units/$dropin/" && inside systemctl daemon-reload &&
		return "$status"
}

# check TEST DESCRIPTION [ARGUMENT]
check()
{
	if "test_$1" "${3:-}" > "$dir/why" 2>&1; then
		ktap_test_pass "$2"
	else
		sed 's/^/#   /' "$dir/why"
		ktap_test_fail "$2"
	fi
}

ktap_print_header
modprobe ktls_ocsp 2>/dev/null
if ! ocspctl show >/dev/null 2>&1; then
	ktap_skip_all "no ktls_ocsp module"
	exit "$KSFT_SKIP"
fi
if ! writable_root > "$dir/why" 2>&1 || ! only_servers >> "$dir/why" 2>&1 || ! make_make ||
	! start_systemd >> "$dir/why" 2>&1; then
	ktap_exit_fail_msg "no systemd: $(cat "$dir/why")"
fi
STARTTLS=
# shellcheck disable=SC2086 # words
[ $# -gt 0 ] || set -- $SERVERS
ktap_set_plan $((6 + 2 * $# + $(printf '%s\n' "$@" | grep -cE '^(lighttpd|hitch)$')))
check first "README: installed, and ocspd is running"
check second "README: ocspd fetches what ocspctl adds"
check third "README: nginx staples after \"ocspctl server enable nginx\""
check order "nginx is started after ocspd, if that can be started"
check alone "nginx staples from its first handshake on, without ocspd"
check dropins "systemd takes the drop-ins"
port=4433
for server; do
	check unit "$server: staples, started by its unit" "$server"
	check journal "$server: one line in the journal of its unit, and one when it is over"
	case $server in
	lighttpd|hitch)	check families "$server: the drop-in lets it use AF_NETLINK" ;;
	esac
	inside systemctl stop "$unit"
done
ktap_finished
