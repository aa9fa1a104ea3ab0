// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What the commands and the store cost: see bench.h.
 *
 * usage: bench [PART]...		as root, on cgroup v2
 *        bench --reads N
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "bench.h"

#define CGROUPS	"/sys/fs/cgroup"
#define CGROUP	CGROUPS "/ktls_ocsp_bench"

const size_t bench_sizes[] = { 471, 1435, 16000 };
const size_t bench_sizes_count = sizeof(bench_sizes) / sizeof(bench_sizes[0]);

static const struct {
	const char *name;
	void (*run)(void);
} parts[] = {
	{ "baseline", bench_baseline },
	{ "commands", bench_commands },
	{ "client", bench_client },
	{ "memory", bench_memory },
	{ "memcached", bench_memcached },
	{ "reads", bench_reads },
	{ "seen", bench_seen },
	{ "handshakes", bench_handshakes },
	{ "nginx", bench_nginx },
	{ "workers", bench_workers },
	{ "many", bench_many },
	{ "scale", bench_scale },	/* last: leaves most to clean up */
	{ "threads", bench_threads },	/* these run only when they are named */
	{ "contention", bench_contention },
	{ "crowd", bench_crowd },
	{ "crowd-10000", bench_crowd_10_000 },
	{ "mixed", bench_mixed },
	{ "waits", bench_waits },
	{ "memory-of-one", bench_memory_of_one },
};

/* Those that "threads" begins */
static bool is_only_by_name(size_t part)
{
	size_t first = 0;

	while (parts[first].run != bench_threads)
		first++;
	return part >= first;
}

static bool chosen(size_t part, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], parts[part].name))
			return true;
	/* With one processor, as under -icount, some say nothing. */
	return argc < 2 && !is_only_by_name(part);
}

/*
 * A service runs in a memory cgroup. There the kernel charges all that is
 * allocated for it, and remembers for each object whose it is.
 */
static void join_cgroup(void)
{
	bench_write(CGROUPS "/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		bench_die(CGROUP, errno);
	bench_write(CGROUP "/cgroup.procs", "0");
}

int main(int argc, char **argv)
{
	struct utsname host;

	if (argc == 3 && !strcmp(argv[1], "--reads")) {
		bench_reads_only(strtoul(argv[2], NULL, 10));
		return 0;
	}
	uname(&host);
	printf("# kernel %s\n", host.release);
	join_cgroup();
	bench_calibrate();
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!chosen(i, argc, argv))
			continue;
		fprintf(stderr, "bench: %s\n", parts[i].name);
		parts[i].run();
	}
	return 0;
}
