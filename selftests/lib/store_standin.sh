# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2154 # dir is the caller's
#
# The store of a test in shell is the stand-in for the kernel's, see standin.h.
# The programs that use a store are linked with its client, in a directory of
# their own. The wall clock is the test's own, see standin_clock.c.
lib=$(readlink -f ../lib)
PATH=$PWD/standin:$lib/standin:$PATH

# Neither the machine's clock nor its modules are a test's to change.
unshare_store()
{
	if [ "$(id -u)" = 0 ]; then
		exec setpriv --bounding-set=-sys_time,-sys_module,-sys_boot \
			unshare "$@"
	fi
	unshare --user --map-root-user true 2> /dev/null || return
	exec unshare --user --map-root-user "$@"
}

# The clock, and the sysctl that ocspctl reads. The mount namespace is our own.
surround()
{
	STANDIN_CLOCK=$dir/clock
	head -c 8 /dev/zero > "$STANDIN_CLOCK" &&
	mount -t tmpfs none /proc/sys/net && mkdir /proc/sys/net/ktls_ocsp &&
	echo 600 > /proc/sys/net/ktls_ocsp/min_validity || return 1
	export STANDIN_CLOCK LD_PRELOAD="$lib/standin/standin_clock.so"
	# It does not mind coming first.
	export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
}

load_store()
{
	if [ -z "${STANDIN_CLOCK:-}" ]; then
		surround || return 1
	fi
	standin start
}

# load_store_by COMMAND...: in the network namespace that the command enters
load_store_by()
{
	"$@" standin start
}

unload_store()
{
	standin stop 2> /dev/null
}

# Sessions that are there keep theirs.
set_min_validity()
{
	standin limit min_validity "$1"
}

# The servers do without.
load_tls()
{
	:
}

# It loads nothing by itself.
without_autoload()
{
	"$@"
}

set_clock()
{
	standin step "$1"
}

has_dropped()
{
	[ "$(standin count | cut -d ' ' -f 2)" -gt 0 ]
}

is_drained()
{
	[ "$(standin count | cut -d ' ' -f 1)" -eq 0 ]
}
