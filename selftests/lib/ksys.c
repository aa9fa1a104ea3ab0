// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Processes, namespaces, sysctls and clocks for the tests: see ktest.h. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "ktest.h"

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "# %s: %s\n", what, strerror(errno));
	exit(1);
}

static int write_file(const char *path, const char *text)
{
	ssize_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != len)
		err = -errno;
	close(fd);
	return err;
}

const struct kt_tunable kt_tunables[] = {
	{ "max_entries", 16384 },
	{ "max_bytes", 64 << 20 },
	{ "max_sessions", 16384 },
	{ "max_handles", 262144 },
	{ "max_entries_of_user", 2048 },
	{ "max_bytes_of_user", 8 << 20 },
	{ "max_sessions_of_user", 2048 },
	{ "max_handles_of_user", 32768 },
	{ "min_validity", 600 },
	{ "linger", 3600 },
	{ NULL, 0 }
};

static void sysctl_path(char path[128], const char *name)
{
	snprintf(path, 128, "/proc/sys/net/ktls_ocsp/%s", name);
}

int kt_sysctl(const char *name, long value)
{
	char path[128], text[32];

	sysctl_path(path, name);
	snprintf(text, sizeof(text), "%ld\n", value);
	return write_file(path, text);
}

long kt_sysctl_get(const char *name)
{
	char path[128], text[32] = "";
	ssize_t len;
	int fd;

	sysctl_path(path, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	return len > 0 ? strtol(text, NULL, 10) : -EIO;
}

void kt_new_netns(void)
{
	need(!unshare(CLONE_NEWNET), "unshare(CLONE_NEWNET)");
}

void kt_become_nobody(void)
{
	need(!setgroups(0, NULL), "setgroups");
	need(!setresgid(KT_NOBODY, KT_NOBODY, KT_NOBODY), "setresgid");
	need(!setresuid(KT_NOBODY, KT_NOBODY, KT_NOBODY), "setresuid");
}

void kt_become_userns_root(void)
{
	char map[32];

	kt_become_nobody();
	/* setresuid() gave /proc/self to root. */
	need(!prctl(PR_SET_DUMPABLE, 1), "PR_SET_DUMPABLE");
	need(!unshare(CLONE_NEWUSER | CLONE_NEWNET),
	     "unshare(CLONE_NEWUSER | CLONE_NEWNET)");
	snprintf(map, sizeof(map), "0 %d 1\n", KT_NOBODY);
	need(!write_file("/proc/self/uid_map", map), "uid_map");
	need(!write_file("/proc/self/setgroups", "deny"), "setgroups");
	need(!write_file("/proc/self/gid_map", map), "gid_map");
}

int kt_child_status(pid_t pid)
{
	int status;

	/* -1 is of a fork() that failed: not "any child". */
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

void *kt_shared(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	need(mem != MAP_FAILED, "mmap");
	return mem;
}

int64_t kt_now(void)
{
	return clock_ns(CLOCK_REALTIME) / NS_PER_S;
}

int64_t kt_uptime_ms(void)
{
	return clock_ns(CLOCK_BOOTTIME) / NS_PER_MS;
}

void kt_sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* One processor is raced for only where it changes hands: a fifth shows that as well. */
int kt_races(int most)
{
	return sysconf(_SC_NPROCESSORS_ONLN) > 1 ? most : most / 5;
}

union fd_cmsg {
	struct cmsghdr hdr;
	char room[CMSG_SPACE(sizeof(int))];
};

static void fd_message(struct msghdr *mh, struct iovec *iov, char *byte,
		       union fd_cmsg *control)
{
	*iov = (struct iovec){ byte, 1 };
	memset(control, 0, sizeof(*control));
	*mh = (struct msghdr){
		.msg_iov = iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(*control),
	};
}

void kt_send_fd(int unix_fd, int fd)
{
	union fd_cmsg control;
	struct msghdr mh;
	struct iovec iov;
	char byte = 0;

	fd_message(&mh, &iov, &byte, &control);
	control.hdr.cmsg_level = SOL_SOCKET;
	control.hdr.cmsg_type = SCM_RIGHTS;
	control.hdr.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.hdr), &fd, sizeof(fd));
	need(sendmsg(unix_fd, &mh, 0) == 1, "sendmsg(SCM_RIGHTS)");
}

int kt_recv_fd(int unix_fd)
{
	union fd_cmsg control;
	struct msghdr mh;
	struct iovec iov;
	char byte;
	int fd;

	fd_message(&mh, &iov, &byte, &control);
	need(recvmsg(unix_fd, &mh, MSG_CMSG_CLOEXEC) == 1 &&
	     control.hdr.cmsg_type == SCM_RIGHTS, "recvmsg(SCM_RIGHTS)");
	memcpy(&fd, CMSG_DATA(&control.hdr), sizeof(fd));
	return fd;
}

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	remove(path);
	return 0;
}

void kt_remove_tree(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
