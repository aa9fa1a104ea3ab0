// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * How long a writer waits at most while another process opens entries at the
 * limit of its memory cgroup, where each allocation may have to wait until
 * memory was written to a slow swap device; and, to compare, while that process
 * has no such limit. A writer that waits for the other's memory is one that
 * waits for the store's lock.
 *
 *	selftests/vm/run --smp 2 -- build/bench/bench waits
 *
 * Measured by the clock: the figures are upper bounds on a busy machine.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define GROUP		"/sys/fs/cgroup/ktls_ocsp_bench_opener"
#define LIMIT		(12 << 20)
#define HOG		(3 * LIMIT)
#define ENTRIES		4000
#define SECONDS		30

/* A disk of memory that takes 2 ms for each request; older kernels name it by its index */
static const char make_swap[] =
	"set -e\n"
	"modprobe null_blk nr_devices=0\n"
	"mount -t configfs none /sys/kernel/config 2>/dev/null || :\n"
	"cd /sys/kernel/config/nullb\n"
	"[ ! -d bench_swap ] || exit 0\n"
	"mkdir bench_swap\n"
	"cd bench_swap\n"
	"echo 1 >memory_backed\n"
	"echo 2 >irqmode\n"
	"echo 2000000 >completion_nsec\n"
	"echo 256 >size\n"
	"echo 1 >power\n"
	"name=bench_swap\n"
	"[ -d /sys/block/$name ] || name=nullb$(cat index)\n"
	"[ -b /dev/$name ] ||\n"
	"	mknod /dev/$name b $(tr : ' ' </sys/block/$name/dev)\n"
	"mkswap /dev/$name >/dev/null\n"
	"swapon /dev/$name\n";

/* What the opener did */
struct progress {
	uint64_t opened;
	uint64_t longest;
};

static struct progress *progress;

/* More memory than its cgroup may have, used in turn */
static void __attribute__((noreturn)) hog(void)
{
	volatile char *memory = mmap(NULL, HOG, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		bench_die("mmap", errno);
	for (size_t at = 0;; at = (at + 4096) % HOG)
		memory[at]++;
}

static void open_all(struct kt_sock *sk)
{
	int err, session = kt_session(sk);
	uint64_t start, took;

	if (session < 0)
		bench_die("session", -session);
	for (uint32_t n = 0; n < ENTRIES; n++) {
		start = bench_clock();
		err = kt_open(sk, session, n, NULL);
		if (err)
			bench_die("open", -err);
		took = bench_clock() - start;
		if (took > progress->longest)
			progress->longest = took;
		progress->opened++;
	}
	close(session);
}

static void __attribute__((noreturn)) opener(void)
{
	struct kt_sock sk;

	kt_new(&sk);
	for (;;)
		open_all(&sk);
}

static pid_t start(void (*fn)(void))
{
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork", errno);
	if (pid)
		return pid;
	bench_write(GROUP "/cgroup.procs", "0");
	fn();
	exit(1);
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The longest set of SECONDS */
static double longest_set(struct kt_sock *sk)
{
	uint64_t begin = bench_clock(), now = begin, before, longest = 0;
	int err;

	while (now - begin < SECONDS * 1000000000ULL) {
		before = bench_clock();
		err = kt_set_for(sk, 0, KT_DAY);
		if (err)
			bench_die("set", -err);
		now = bench_clock();
		if (now - before > longest)
			longest = now - before;
		kt_sleep_ms(1);
	}
	return longest / 1e6;
}

static void measure(struct kt_sock *sk, const char *name, const char *limit)
{
	double waited, opened, longest;
	pid_t pids[2];

	bench_write(GROUP "/memory.max", limit);
	*progress = (struct progress) { .opened = 0 };
	pids[0] = start(hog);
	kt_sleep_ms(2000);
	pids[1] = start(opener);
	waited = longest_set(sk);
	stop(pids[1]);
	stop(pids[0]);
	opened = (double)progress->opened / SECONDS;
	longest = progress->longest / 1e6;
	bench_print("ms", &waited, 1, "waits/%s/longest-set", name);
	bench_print("ms", &longest, 1, "waits/%s/longest-open", name);
	bench_print("opens/s", &opened, 1, "waits/%s/opens", name);
}

static void part(void)
{
	char limit[32];
	struct kt_sock sk;

	progress = kt_shared(sizeof(*progress));
	if (system(make_swap))
		bench_die("cannot make a slow swap device (null_blk)", 0);
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		bench_die(GROUP, errno);
	kt_new(&sk);
	for (uint32_t n = 0; n < ENTRIES; n++)
		if (kt_set_for(&sk, n, KT_DAY))
			bench_die("set", 0);
	measure(&sk, "no-limit", "max");
	snprintf(limit, sizeof(limit), "%d", LIMIT);
	measure(&sk, "at-limit", limit);
}

void bench_waits(void)
{
	bench_apart(part);
}
