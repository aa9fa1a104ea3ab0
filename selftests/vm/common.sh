# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # some of these are for those who source it, or theirs
#
# For those who start a guest, run and uml/run, which source it. They set $here (this directory),
# $top (of this tree) and $O, and $tmp, a directory of the guest's own.

die()
{
	echo "run: $*" >&2
	exit 125
}

number()
{
	case $2 in
	''|*[!0-9]*|0*)	die "$1: $2 is not a number above 0" ;;
	esac
}

# For the shell to read again.
quote()
{
	printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}

# make_modules DIR: a tree of its own for each run: those that DIR has for $release, where it is not "",
# and ours under updates/.
make_modules()
{
	tree=$tmp/modules/lib/modules/$release
	mkdir -p "$tree"
	if [ -n "$1" ]; then
		for f in "$1"/modules.builtin* "$1"/modules.order; do
			[ ! -e "$f" ] || cp "$f" "$tree/"
		done
		ln -s "$1/kernel" "$tree/kernel"
	else
		touch "$tree/modules.order" "$tree/modules.builtin" "$tree/modules.builtin.modinfo"
	fi
	[ -n "$module" ] || module=$O/modules/$release/kmod/ktls_ocsp.ko
	if [ "$module" != none ] && [ -e "$module" ]; then
		vermagic=$(modinfo -F vermagic "$module")
		[ "${vermagic%% *}" = "$release" ] ||
			die "$module: built for ${vermagic%% *}, the guest runs $release"
		mkdir "$tree/updates"
		cp "$module" "$tree/updates/ktls_ocsp.ko"
		# Those of the tests, where they were built
		find "$O/modules/$release/selftests" -name '*.ko' \
			-exec cp {} "$tree/updates/" \; 2>/dev/null || true
	fi
	depmod -b "$tmp/modules" "$release"
}

# Where the guest's root is not ours, it lacks what it is to run: one directory a line.
find_trees()
{
	trees=
	[ "$root" != / ] || return 0
	for dir in "$top" "$O" "$kernel"; do
		case $dir/ in
		"$top"/?*) ;;
		*)	trees="$trees$dir
" ;;
		esac
	done
}

# write_job COMMAND...: with $shares, one directory a line, and $slow, how many times as long as on this
# machine a test may take there
write_job()
{
	mkdir "$tmp/ctl"
	{
		echo "release=$(quote "$release")"
		echo "guest=$(quote "$here/guest")"
		echo "modules=$(quote "$tmp/modules")"
		echo "cwd=$(quote "$(pwd)")"
		echo "shares=$(quote "$shares")"
		echo "trees=$(quote "$trees")"
		echo "slow=$slow"
		echo "keep=$(quote "$top
$O")"
	} >"$tmp/ctl/job"
	for arg; do
		printf '%s ' "$(quote "$arg")"
	done >"$tmp/ctl/command"
}

# watch_boot PID: end a guest that does not come as far as to the command.
watch_boot()
{
	i=0
	while [ "$i" -lt "$boot_timeout" ] && kill -0 "$1" 2>/dev/null; do
		[ ! -e "$tmp/ctl/started" ] || return
		sleep 1
		i=$((i + 1))
	done
	kill "$1" 2>/dev/null
}

# How the guest and the command ended, as the exit status. $ended is that of the guest, and
# console_tail tells what it said last.
verdict()
{
	if [ ! -e "$tmp/ctl/status" ]; then
		console_tail
		if [ "$ended" = 124 ] || [ "$ended" = 137 ]; then
			echo "run: not done after $timeout seconds" >&2
			exit 124
		fi
		echo "run: the guest died before the command ended" >&2
		exit 125
	fi
	status=$(cat "$tmp/ctl/status")
	if [ -n "$scan" ] && ! "$here/dmesg_scan" "ktls-vm: command starts" \
		<"$tmp/ctl/dmesg" >"$tmp/defects"; then
		echo "run: the kernel's log tells of a defect:" >&2
		cat "$tmp/defects" >&2
		[ "$status" != 0 ] || status=1
	fi
	exit "$status"
}
