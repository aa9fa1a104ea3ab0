// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What a get costs of a cache in user space, over a unix socket. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define SOCKET		"/tmp/ktls_ocsp_bench.memcached"
#define TRIES		600	/* of 50 ms each */

static pid_t start(void)
{
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork", errno);
	if (pid)
		return pid;
	execlp("memcached", "memcached", "-u", "root", "-t", "1", "-s", SOCKET,
	       NULL);
	bench_die("memcached", errno);
	return -1;
}

static int reach(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		bench_die("socket", errno);
	strcpy(address.sun_path, SOCKET);
	for (int i = 0; i < TRIES; i++) {
		if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
			return fd;
		kt_sleep_ms(50);
	}
	bench_die(SOCKET, errno);
	return -1;
}

/* Sends, and reads up to what ends an answer; returns how long that is. */
static size_t ask(int fd, const char *request, size_t len, const char *end)
{
	size_t end_len = strlen(end), got = 0;
	static char answer[32 * 1024];

	if (write(fd, request, len) != (ssize_t)len)
		bench_die("memcached", errno);
	while (got < end_len || memcmp(answer + got - end_len, end, end_len)) {
		ssize_t n = read(fd, answer + got, sizeof(answer) - got);

		if (n <= 0)
			bench_die("memcached ends its answer early", 0);
		got += n;
	}
	return got;
}

static const char get[] = "get response\r\n";

static uint64_t gets(void *arg, unsigned int ops)
{
	uint64_t begin = bench_clock();

	while (ops--)
		ask(*(int *)arg, get, strlen(get), "END\r\n");
	return bench_clock() - begin;
}

static void measure(int fd, size_t len)
{
	char request[64 + 16384 + 2] = { 0 };
	int head = snprintf(request, 64, "set response 0 0 %zu\r\n", len);

	memcpy(request + head + len, "\r\n", 2);
	ask(fd, request, head + len + 2, "STORED\r\n");
	if (ask(fd, get, strlen(get), "END\r\n") < len)
		bench_die("memcached brought another blob", 0);
	bench_measure(gets, &fd, "memcached-get/%zu", len);
}

void bench_memcached(void)
{
	pid_t pid = start();
	int fd = reach();

	for (size_t i = 0; i < bench_sizes_count; i++)
		measure(fd, bench_sizes[i]);
	close(fd);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	unlink(SOCKET);
}
