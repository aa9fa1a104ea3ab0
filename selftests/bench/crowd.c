// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What 64 workers hold that all staple every certificate of their server: the
 * handles that the kernel counts, with the responses that the server saw before
 * the fork and after each of them was replaced; and then the memory that each
 * worker has of its own, measured as in workers.c. A worker that lacks a
 * response ends the measurement.
 *
 * It is linear in the certificates. User-mode Linux without KASAN takes six minutes
 * for 10,000 (3 GB of memory); QEMU takes longer, so "make bench" is content with 1,000.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libocsp/ocsp.h>

#include "bench.h"
#include "staples.h"

#define WORKERS		64
#define LARGE		65536

/* Bytes that are the worker's own */
struct report {
	long once;		/* whatever the number of responses */
	long responses;
};

static struct worker {
	pid_t pid;
	int report;		/* a pipe, which ends with the worker */
} workers[WORKERS];

/* A byte for each worker that may go on */
static int go[2];

static void tell(int fd, const struct report *r)
{
	char c;

	if (write(fd, r, sizeof(*r)) != sizeof(*r) || read(go[0], &c, 1) != 1)
		_exit(1);
}

static void staple_all(const struct bench_many *m, uint64_t number)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (bench_number(m->handles[i]) != number)
			bench_die("a worker lacks a response", 0);
}

static void work(const struct bench_many *m, int fd)
{
	struct report r = { .once = -bench_private_bytes() };
	long before, first;

	bench_read(m->handles[0], 1);
	if (!OcspPrepareWorker())
		bench_die(OcspGetLastErrorMessage(), 0);
	before = bench_private_bytes();
	r.once += before;
	staple_all(m, 0);
	tell(fd, &r);
	/* What the first answer does to the heap, it does once. */
	first = -bench_private_bytes();
	bench_read(m->handles[0], 1);
	first += bench_private_bytes();
	r.once += first;
	staple_all(m, 1);
	r.responses = bench_private_bytes() - before - first;
	tell(fd, &r);
}

static void fork_worker(const struct bench_many *m, struct worker *w)
{
	int report[2];

	if (pipe(report))
		bench_die("pipe", errno);
	w->pid = fork();
	if (w->pid < 0)
		bench_die("fork", errno);
	if (!w->pid) {
		close(go[1]);
		work(m, report[1]);
		_exit(0);
	}
	close(report[1]);
	w->report = report[0];
}

static void wait_for_all(struct report *r)
{
	for (int i = 0; i < WORKERS; i++)
		if (read(workers[i].report, &r[i], sizeof(r[i])) != sizeof(r[i]))
			bench_die("a worker ended", 0);
}

static void let_all_go_on(void)
{
	for (int i = 0; i < WORKERS; i++)
		if (write(go[1], "", 1) != 1)
			bench_die("pipe", errno);
}

static void print_handles(const struct bench_many *m, const char *when)
{
	struct ocsp_stats stats;
	double handles;

	if (ocsp_client_stats(m->client, -1, &stats))
		bench_die(ocsp_client_error(m->client), 0);
	handles = stats.usage[KTLS_OCSP_RESOURCE_HANDLES].used;
	bench_print("handles", &handles, 1, "crowd/%s/handles/%u", when, m->n);
}

static void print_memory(const struct bench_many *m, const struct report *r)
{
	double each[WORKERS], once[WORKERS];

	for (int i = 0; i < WORKERS; i++) {
		each[i] = (double)r[i].responses / m->n - BENCH_BLOB;
		once[i] = r[i].once;
	}
	bench_print("bytes", each, WORKERS, "crowd/response/%u", m->n);
	bench_print("bytes", once, WORKERS, "crowd/worker/%u", m->n);
}

static void reap(void)
{
	int status;

	for (int i = 0; i < WORKERS; i++)
		if (waitpid(workers[i].pid, &status, 0) < 0 || status)
			bench_die("a worker failed", 0);
}

/*
 * What was freed here is joined and sorted by the next large allocation. In a
 * worker that would be the library's, which so made tens of KiB its own; a
 * server has allocations of its own.
 */
static void settle_heap(void)
{
	void *volatile large;

	malloc_trim(0);
	large = malloc(LARGE);
	free(large);
}

static void measure(uint32_t n)
{
	struct report reports[WORKERS];
	struct bench_many m;

	bench_many_new(&m, n);
	bench_many_open(&m);
	fflush(stdout);
	settle_heap();
	if (pipe(go))
		bench_die("pipe", errno);
	for (int i = 0; i < WORKERS; i++)
		fork_worker(&m, &workers[i]);
	close(go[0]);
	wait_for_all(reports);
	print_handles(&m, "inherited");
	bench_many_set(&m, 1);
	let_all_go_on();
	wait_for_all(reports);
	print_handles(&m, "replaced");
	print_memory(&m, reports);
	let_all_go_on();
	reap();
}

static void measure_1_000(void)
{
	measure(1000);
}

static void measure_10_000(void)
{
	measure(10000);
}

void bench_crowd(void)
{
	bench_apart(measure_1_000);
}

void bench_crowd_10_000(void)
{
	bench_apart(measure_10_000);
}
