// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What memory a worker has for the responses that it staples, beside their
 * blobs: what becomes private to a process that a server with so many handles
 * forked, when it staples each of them.
 *
 * First with the blobs that the server saw before the fork, then with others
 * that were stored since, of which each worker makes a copy. What its session
 * takes, once for all responses, is told apart.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libocsp/ocsp.h>

#include "bench.h"
#include "staples.h"

#define RESPONSES	4000

static void read_all(const struct bench_many *m)
{
	for (uint32_t i = 0; i < m->n; i++)
		bench_read(m->handles[i], 2);
}

static void print(long before, const char *name)
{
	double each = (double)(bench_private_bytes() - before) / RESPONSES;

	bench_print("bytes", &(double){ each - BENCH_BLOB }, 1,
		    "workers/%s/%u", name, BENCH_BLOB);
}

/* What each thread after the first adds; they share the blobs. */
static void *thread(void *arg)
{
	long before = bench_private_bytes();
	double each;

	read_all(arg);
	each = (double)(bench_private_bytes() - before) / RESPONSES;
	bench_print("bytes", &each, 1, "workers/thread");
	return NULL;
}

/* By a process of its own, since the memory that takes is not the worker's. */
static void replace_all(struct bench_many *m, uint64_t number)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork", errno);
	if (!pid) {
		bench_many_set(m, number);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		bench_die("the writer failed", 0);
}

static long prepare(const struct bench_many *m)
{
	long bytes = -bench_private_bytes();

	bench_read(m->handles[0], 2);
	if (!OcspPrepareWorker())
		bench_die(OcspGetLastErrorMessage(), 0);
	return bytes + bench_private_bytes();
}

/* The first answer: what its allocations do to the heap, they do once. */
static long ask_first(const struct bench_many *m)
{
	long bytes = -bench_private_bytes();

	bench_read(m->handles[0], 2);
	return bytes + bench_private_bytes();
}

static void worker(struct bench_many *m)
{
	long before, first, once;
	pthread_t second;

	once = prepare(m);
	before = bench_private_bytes();
	read_all(m);
	print(before, "inherited");
	replace_all(m, 1);
	first = ask_first(m);
	bench_print("bytes", &(double){ once + first }, 1, "workers/session");
	before += first;
	read_all(m);
	print(before, "replaced");
	replace_all(m, 2);
	read_all(m);
	print(before, "replaced twice");
	if (pthread_create(&second, NULL, thread, m))
		bench_die("no thread", 0);
	pthread_join(second, NULL);
}

static void part(void)
{
	struct bench_many m;
	int status;
	pid_t pid;

	bench_many_new(&m, RESPONSES);
	bench_many_open(&m);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bench_die("fork", errno);
	if (!pid) {
		worker(&m);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		bench_die("the worker failed", 0);
}

void bench_workers(void)
{
	bench_apart(part);
}
