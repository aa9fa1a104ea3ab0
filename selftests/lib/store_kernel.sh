# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
#
# The store of a test in shell is the kernel's. See store_standin.sh for the
# other one: both have the same functions.

# unshare_store OPTION... COMMAND...: exec the command in new namespaces.
# Returns where the user may not have any.
unshare_store()
{
	[ "$(id -u)" != 0 ] || exec unshare "$@"
}

# load_store: there is a store in this network namespace
load_store()
{
	modprobe ktls_ocsp
}

# load_store_by COMMAND...: in the network namespace that the command enters.
# The module has one for each.
load_store_by()
{
	:
}

# unload_store: and it is gone, with all that is in it. Fails while it is used.
unload_store()
{
	rmmod ktls_ocsp 2> /dev/null
}

# set_min_validity SECONDS: what is left of a response that is stapled
set_min_validity()
{
	echo "$1" > /proc/sys/net/ktls_ocsp/min_validity
}

# load_tls: what the servers use is there
load_tls()
{
	modprobe tls 2> /dev/null
}

# without_autoload COMMAND...: while the kernel can load no module
without_autoload()
{
	local helper

	helper=$(cat /proc/sys/kernel/modprobe)
	echo /bin/false > /proc/sys/kernel/modprobe
	"$@"
	set -- $?
	echo "$helper" > /proc/sys/kernel/modprobe
	return "$1"
}

# set_clock SECONDS: the wall clock, so much later than it is
set_clock()
{
	date -s "@$(($(date +%s) + $1))" > /dev/null
}

# any_genl COLUMN: more than 0 there, of a generic netlink socket of this namespace
any_genl()
{
	awk -v column="$1" '$2 == 16 && $column > 0 { n++ } END { exit !n }' \
		/proc/net/netlink
}

# has_dropped: a listener of the store lost notices
has_dropped()
{
	any_genl 9
}

# is_drained: no listener of the store has anything left to read
is_drained()
{
	! any_genl 5
}
