#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: install-packages.sh [--guest]
#
# Install the packages of selftests/packages that are missing. Without root: name them and the
# command that installs them, and fail. With --guest only those that building and testing take in the
# root of a guest: not the sections of the list that say "host".

set -eu

here=$(dirname "$(readlink -f "$0")")
leave_out='^$'
[ "${1:-}" != --guest ] || leave_out='^# host: '

installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Known to apt, and with something to install behind the name?
available()
{
	apt-cache policy "$1" | grep -q '^  Candidate: [^(]'
}

# One line of alternatives for each need that nothing installed fills
missing()
{
	awk -v leave_out="$leave_out" '
		/^# / { left_out = $0 ~ leave_out }
		!left_out
	' "$here/packages" | sed 's/#.*//; s/|/ /g' | while read -r names; do
		for name in $names; do
			installed "$name" && continue 2
		done
		[ -z "$names" ] || echo "$names"
	done
}

# The first alternative that apt knows, or else the first
choose()
{
	while read -r names; do
		for name in $names; do
			available "$name" && break
			name=
		done
		echo "${name:-${names%% *}}"
	done
}

if [ ! -r "$here/packages" ]; then
	echo "install-packages.sh: cannot read $here/packages" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	echo "install-packages.sh: no apt-get here: install what selftests/packages lists" >&2
	exit 1
fi

needs=$(missing)
[ -n "$needs" ] || exit 0

# Some are servers. The tests start their own: nothing is to run here that did not before, neither
# now (a policy of ours, where the machine has none) nor after a reboot.
install_quietly()
{
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		trap 'rm -f "$policy"' EXIT
		trap 'exit 1' HUP INT TERM
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$@"
	for name; do
		[ ! -e "/etc/init.d/$name" ] || update-rc.d "$name" disable
	done
}

if [ "$(id -u)" = 0 ]; then
	apt-get -q update
	# shellcheck disable=SC2046 # split on purpose
	install_quietly $(echo "$needs" | choose)
	exit
fi

wanted=$(echo "$needs" | choose | tr '\n' ' ')
echo "install-packages.sh: missing: $wanted" >&2
echo "install-packages.sh: as root, run: apt-get update && apt-get install --no-install-recommends $wanted" >&2
exit 1
