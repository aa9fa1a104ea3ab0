# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2154 # what is servers.sh's
#
# Servers whose packages would remove each other, or those of the host: install_packages has unpacked them,
# and here they are in /usr and /etc, in this mount namespace.

unpacked=/var/cache/ktls-ocsp/unpacked

# The packages of those that are tested here: proftpd-core has no line of its own.
wanted_unpacked()
{
	local name package

	for name in $wanted; do
		package=$(line_of "$name" | awk '{ print $1 }')
		case $package in
		proftpd-*)	package="proftpd-core $package" ;;
		esac
		for package in $package; do
			[ ! -d "$unpacked/$package" ] || echo "$package"
		done
	done
}

# To be called before anything is mounted over /var
mount_unpacked()
{
	local package layers=

	for package in $(wanted_unpacked); do
		layers=$layers$unpacked/$package/usr:
	done
	[ -z "$layers" ] || mount -t overlay -o "lowerdir=$layers/usr" overlay /usr
}

# What the packages have below /etc, and the users that they would add. To be called when /etc is our own.
configure_unpacked()
{
	local package

	for package in $(wanted_unpacked); do
		[ ! -d "$unpacked/$package/etc" ] || cp -r "$unpacked/$package/etc/." /etc/ || return 1
		case $package in
		postfix)
			groupadd --force --system postdrop && add_user postfix
			;;
		proftpd-core)
			add_user proftpd
			;;
		esac || return 1
	done
}

add_user()
{
	id "$1" > /dev/null 2>&1 || useradd --system --user-group --no-create-home --home-dir /nonexistent \
		--shell /usr/sbin/nologin "$1"
}

has_package()
{
	[ "$1" = - ] || [ -d "$unpacked/$1" ] || dpkg-query -s "$1" > /dev/null 2>&1
}
