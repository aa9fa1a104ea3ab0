# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
# shellcheck shell=dash
# shellcheck disable=SC2154 # dir is the caller's
#
# A systemd of a test's own, process 1 of a PID namespace. $systemd and $group are for the caller's
# cleanup.
systemd=
group=

# quiet_units DIR: in that directory of units, what a machine without hardware of its own does without
quiet_units()
{
	local unit

	: > /etc/fstab
	for unit in systemd-remount-fs systemd-sysctl systemd-modules-load \
		systemd-tmpfiles-setup-dev systemd-update-utmp systemd-random-seed \
		systemd-journal-flush; do
		ln -sf /dev/null "$1/$unit.service"
	done
	# What waits for it asks no systemctl, which has work enough.
	cat > "$1/booted.service" <<-END
		[Service]
		Type=oneshot
		ExecStart=/bin/touch $dir/booted
	END
}

# It is a container to systemd, which then has no hardware to set up.
start_systemd()
{
	group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/${dir##*/}
	mkdir "$group" || return 1
	(
		echo 0 > "$group/cgroup.procs" &&
		exec unshare --cgroup --pid --mount --ipc --uts --fork --kill-child sh -c '
			mount -t proc proc /proc &&
			umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
			mount -t tmpfs -o mode=1777 tmp /tmp &&
			exec env -i container=selftest /lib/systemd/systemd \
				--unit=booted.service --log-target=console'
	) < /dev/null > "$dir/systemd.log" 2>&1 &
	systemd=$!
	wait_for 300 test -e "$dir/booted" && return
	cat "$dir/systemd.log"
	inside systemctl --no-pager list-jobs
	return 1
}

# inside COMMAND...: where systemd is process 1, with the PATH of a login
inside()
{
	nsenter -t "$(pgrep -P "$systemd")" --mount --pid --cgroup --ipc --uts \
		env -i "PATH=$dir/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$@"
}

remove_groups()
{
	find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
	[ ! -d "$group" ]
}
