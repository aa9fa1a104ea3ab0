// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What libocsp's one lock costs a server of many threads and handles, which take
 * staples as fast as they can: how often the lock is taken, and for which part
 * of the time it is held. Only so much of their work has to be done by one
 * thread after the other.
 *
 * A handle is looked up with the lock when its response has changed, and every
 * OCSP_CHECK_INTERVAL seconds. Here nothing changes, then all responses do, once
 * a second: a thousand times as often as in a busy server.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "contention.h"
#include "session.h"
#include "staples.h"

#define HANDLES		1000
#define THREADS		8
#define SECONDS		(OCSP_CHECK_INTERVAL + 1)

/* Protected by the lock itself */
static struct {
	bool count;
	unsigned long taken;
	uint64_t held;			/* of bench_clock() */
	uint64_t since;
} lock;

void __wrap_ocsp_lock(void)
{
	__real_ocsp_lock();
	if (!lock.count)
		return;
	lock.taken++;
	lock.since = bench_clock();
}

void __wrap_ocsp_unlock(void)
{
	if (lock.count)
		lock.held += bench_clock() - lock.since;
	__real_ocsp_unlock();
}

struct server {
	struct bench_many many;
	atomic_bool stop;
	pthread_barrier_t barrier;
	atomic_ulong reads;
};

static void *run(void *arg)
{
	struct server *s = arg;
	unsigned long reads = 0;

	for (uint32_t i = 0; i < HANDLES; i++)
		bench_read(s->many.handles[i], 1);
	pthread_barrier_wait(&s->barrier);
	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		for (uint32_t i = 0; i < HANDLES; i++)
			bench_read(s->many.handles[i], 10);
		reads += 10 * HANDLES;
	}
	atomic_fetch_add(&s->reads, reads);
	return NULL;
}

static void count_lock(bool yes)
{
	__real_ocsp_lock();
	lock.count = yes;
	lock.taken = 0;
	lock.held = 0;
	__real_ocsp_unlock();
}

static void measure(struct server *s, const char *what)
{
	pthread_t threads[THREADS];
	double rate, taken, held;
	uint64_t start, time;

	atomic_store(&s->stop, false);
	atomic_store(&s->reads, 0);
	pthread_barrier_init(&s->barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, run, s))
			bench_die("no thread", 0);
	pthread_barrier_wait(&s->barrier);
	count_lock(true);
	start = bench_clock();
	kt_sleep_ms(SECONDS * 1000L);
	atomic_store(&s->stop, true);
	time = bench_clock() - start;
	taken = lock.taken / (time / 1e9);
	held = (double)lock.held / time;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	count_lock(false);
	pthread_barrier_destroy(&s->barrier);
	rate = atomic_load(&s->reads) / (time / 1e9);
	bench_print("1/s", &rate, 1, "contention/%s/staples", what);
	bench_print("1/s", &taken, 1, "contention/%s/lock", what);
	bench_print("ratio", &held, 1, "contention/%s/held", what);
}

/* In a process of its own, which takes no lock of the server's. */
static pid_t start_writer(struct bench_many *m)
{
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork", errno);
	for (uint64_t n = 1; !pid; n++) {
		bench_many_set(m, n);
		kt_sleep_ms(1000);
	}
	return pid;
}

static void part(void)
{
	static struct server s;
	pid_t writer;

	bench_many_new(&s.many, HANDLES);
	bench_many_open(&s.many);
	measure(&s, "still");
	writer = start_writer(&s.many);
	measure(&s, "changing");
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
}

void bench_contention(void)
{
	bench_apart(part);
}
