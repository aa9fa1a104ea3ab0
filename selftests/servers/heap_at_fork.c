// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Preloaded into a server, it appends to the file that KSFT_HEAP names, whenever
 * a process forks, how many bytes it has allocated and not freed. For servers
 * whose process that stays forks new workers at each reload.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int fd = -1;

static void tell(void)
{
	struct mallinfo2 heap = mallinfo2();

	dprintf(fd, "%zu\n", heap.uordblks + heap.hblkhd);
}

__attribute__((constructor))
static void init(void)
{
	const char *path = getenv("KSFT_HEAP");

	fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
	if (fd >= 0)
		pthread_atfork(tell, NULL, NULL);
}
