// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Whether this machine lets user-mode Linux run: it traces its processes and
 * replaces their system calls, and maps its memory, a file, for them to execute.
 * Says what is forbidden, and exits with 1.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int refuse(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

static int stopped(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status);
}

static int probe_trace(void)
{
	int ret = 0;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return refuse("fork");
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) || raise(SIGSTOP))
			_exit(1);
		for (;;)
			getppid();
	}
	if (!stopped(pid) || ptrace(PTRACE_SYSEMU, pid, 0, 0) || !stopped(pid))
		ret = refuse("ptrace");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret;
}

/* Where it does so: see choose_tempdir() of arch/um. */
static int probe_memory(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int ret = 0;
	void *map;
	int fd;

	snprintf(path, sizeof(path), "%s/ktls-vm.XXXXXX", dir && *dir ? dir : "/dev/shm");
	fd = mkstemp(path);
	if (fd < 0)
		return refuse(path);
	unlink(path);
	if (ftruncate(fd, 4096))
		return refuse(path);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		ret = refuse("mmap of an executable file");
	close(fd);
	return ret;
}

int main(void)
{
	return probe_trace() || probe_memory();
}
