// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What a staple costs while nothing changes: instructions, and system calls as
 * strace(1) counts them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "staples.h"

#define READS		"1000000"
#define COUNTED		"/tmp/ktls_ocsp_bench.strace"

static uint64_t gets(void *arg, unsigned int ops)
{
	uint64_t start = bench_clock();

	bench_read(arg, ops);
	return bench_clock() - start;
}

/* The last number of strace's table, which has one column. */
static double counted(const char *path)
{
	FILE *f = fopen(path, "r");
	double last = -1;
	char line[128];

	if (!f)
		bench_die(path, errno);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lf", &last) != 1)
			continue;
	fclose(f);
	if (last <= 0)
		bench_die("strace counted nothing", 0);
	return last;
}

/* System calls of a process that starts and reads so often. */
static double calls(const char *reads)
{
	char self[256], command[512];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		bench_die("/proc/self/exe", errno);
	self[len] = '\0';
	snprintf(command, sizeof(command),
		 "exec strace -f -c -U calls -o " COUNTED " '%s' --reads %s",
		 self, reads);
	if (system(command))
		bench_die(command, 0);
	return counted(COUNTED);
}

/* --reads N: what strace counts the calls of. */
void bench_reads_only(unsigned long reads)
{
	struct bench_staple s;

	bench_staple_new(&s);
	bench_read(s.handle, reads);
	bench_staple_free(&s);
}

static void part(void)
{
	struct bench_staple s;
	double start, all;

	bench_staple_new(&s);
	bench_measure(gets, s.handle, "get+free");
	bench_staple_free(&s);
	start = calls("0");
	all = calls(READS);
	bench_print("calls", &(double){ all - start }, 1,
		    "get+free/calls/" READS);
	bench_print("calls", &start, 1, "get+free/calls/start");
}

void bench_reads(void)
{
	bench_apart(part);
}
