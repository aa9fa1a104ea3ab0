// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the commands and the store cost: see bench.h.
 *
 * usage: bench [PART]...		as root, on cgroup v2
 */
#include <errno.h>
#include <stdio.h>
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
	{ "scale", bench_scale },	/* last: leaves most to clean up */
};

static bool chosen(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc < 2;
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

	uname(&host);
	printf("# kernel %s\n", host.release);
	join_cgroup();
	bench_calibrate();
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!chosen(parts[i].name, argc, argv))
			continue;
		fprintf(stderr, "bench: %s\n", parts[i].name);
		parts[i].run();
	}
	return 0;
}
