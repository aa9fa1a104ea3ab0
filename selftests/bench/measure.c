// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The clock, rounds, files and processes. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define SMAPS		"/proc/self/smaps_rollup"
#define LOOPS		2000000
/* What the timer's interrupts may add while a loop runs */
#define TOLERANCE	0.01
#define MOVES		4	/* to each processor */

static bool counts_instructions;

void bench_die(const char *what, int err)
{
	if (err)
		fprintf(stderr, "bench: %s: %s\n", what, strerror(err));
	else
		fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

uint64_t bench_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Loops of a known number of instructions that take unlike times. */

static uint64_t short_loop(void)
{
	uint64_t n = LOOPS, start = bench_clock();

	asm volatile("1:\n\tdec %0\n\tjnz 1b" : "+r" (n) : : "cc");
	return bench_clock() - start;
}

static uint64_t long_loop(void)
{
	uint64_t n = LOOPS / 10, start = bench_clock();

	/* 1 + 2 * 4 + 2 instructions; divisions take long on any processor */
	asm volatile("1:\n\tmov $1, %%ecx\n\t"
		     ".rept 2\n\tmov $1, %%eax\n\txor %%edx, %%edx\n\t"
		     "divq %%rcx\n\timul %%rcx, %%rax\n\t.endr\n\t"
		     "dec %0\n\tjnz 1b"
		     : "+r" (n) : : "rax", "rcx", "rdx", "cc");
	return bench_clock() - start;
}

/*
 * Whether a nanosecond is an instruction, as under QEMU's "-icount shift=0".
 * One loop may take a nanosecond for each by chance, two unlike ones do not.
 */
void bench_calibrate(void)
{
	double values[2][BENCH_ROUNDS];
	unsigned int good = 0;

	for (unsigned int i = 0; i < BENCH_ROUNDS; i++) {
		values[0][i] = short_loop() / (2.0 * LOOPS);
		values[1][i] = long_loop() / (1.1 * LOOPS);
		good += fabs(values[0][i] - 1) < TOLERANCE &&
			fabs(values[1][i] - 1) < TOLERANCE;
	}
	counts_instructions = good > BENCH_ROUNDS / 2;
	bench_print("ns", values[0], BENCH_ROUNDS, "instruction/short-loop");
	bench_print("ns", values[1], BENCH_ROUNDS, "instruction/long-loop");
}

const char *bench_unit(void)
{
	return counts_instructions ? "instructions" : "ns";
}

static void print(const char *unit, const double *values, size_t n,
		  const char *fmt, va_list ap)
{
	vprintf(fmt, ap);
	printf("\t%s", unit);
	for (size_t i = 0; i < n; i++)
		printf("\t%.6g", values[i]);
	printf("\n");
	fflush(stdout);
}

void bench_print(const char *unit, const double *values, size_t n,
		 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(unit, values, n, fmt, ap);
	va_end(ap);
}

void bench_measure(bench_fn fn, void *arg, const char *fmt, ...)
{
	double values[BENCH_ROUNDS];
	va_list ap;

	fn(arg, BENCH_OPS);	/* what is made at the first use is made now */
	for (unsigned int i = 0; i < BENCH_ROUNDS; i++)
		values[i] = (double)fn(arg, BENCH_OPS) / BENCH_OPS;
	va_start(ap, fmt);
	print(bench_unit(), values, BENCH_ROUNDS, fmt, ap);
	va_end(ap);
}

void bench_move_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bench_die("sched_setaffinity", errno);
}

void bench_spread(uint32_t i, uint32_t count)
{
	uint32_t cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t stay = count / (cpus * MOVES) ?: 1;

	if (i % stay == 0)
		bench_move_to(i / stay % cpus);
}

void bench_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		bench_die(path, errno);
	close(fd);
}

long bench_private_bytes(void)
{
	FILE *f = fopen(SMAPS, "r");
	long kib, sum = 0;
	char line[256];

	if (!f)
		bench_die(SMAPS, errno);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Private_Clean: %ld", &kib) == 1 ||
		    sscanf(line, "Private_Dirty: %ld", &kib) == 1)
			sum += kib;
	fclose(f);
	return sum * 1024;
}

void bench_apart(void (*part)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bench_die("fork", errno);
	if (!pid) {
		kt_new_netns();
		part();
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		bench_die("waitpid", errno);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		bench_die("a part failed", 0);
	/* The kernel takes the network namespace down behind our back. */
	kt_sleep_ms(1000);
}
