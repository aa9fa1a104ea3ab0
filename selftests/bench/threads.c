// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* How much two threads get done that share a handle, against one. */
#include <pthread.h>
#include <stdatomic.h>

#include "bench.h"
#include "staples.h"

#define ROUNDS		31
#define MS		200
#define AT_A_TIME	1000

struct reader {
	pthread_t thread;
	HCERT_SERVER_OCSP_RESPONSE handle;
	unsigned long reads;
};

static atomic_bool stop;
static pthread_barrier_t barrier;

static void *run(void *arg)
{
	struct reader *r = arg;

	bench_read(r->handle, AT_A_TIME);	/* its view is made now */
	pthread_barrier_wait(&barrier);
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		bench_read(r->handle, AT_A_TIME);
		r->reads += AT_A_TIME;
	}
	return NULL;
}

/* Gets per second of so many threads together. */
static double rate(HCERT_SERVER_OCSP_RESPONSE handle, unsigned int n)
{
	struct reader readers[2] = { 0 };
	unsigned long reads = 0;
	uint64_t start;

	atomic_store(&stop, false);
	pthread_barrier_init(&barrier, NULL, n + 1);
	for (unsigned int i = 0; i < n; i++) {
		readers[i].handle = handle;
		if (pthread_create(&readers[i].thread, NULL, run, &readers[i]))
			bench_die("no thread", 0);
	}
	pthread_barrier_wait(&barrier);
	start = bench_clock();
	kt_sleep_ms(MS);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < n; i++) {
		pthread_join(readers[i].thread, NULL);
		reads += readers[i].reads;
	}
	pthread_barrier_destroy(&barrier);
	return reads * 1e9 / (bench_clock() - start);
}

static void part(void)
{
	double one[ROUNDS], two[ROUNDS], gain[ROUNDS];
	struct bench_staple s;

	bench_staple_new(&s);
	for (int i = 0; i < ROUNDS; i++) {
		one[i] = rate(s.handle, 1);
		two[i] = rate(s.handle, 2);
		gain[i] = two[i] / one[i];
	}
	bench_staple_free(&s);
	bench_print("1/s", one, ROUNDS, "threads/1");
	bench_print("1/s", two, ROUNDS, "threads/2");
	bench_print("ratio", gain, ROUNDS, "threads/2 against 1");
}

void bench_threads(void)
{
	bench_apart(part);
}
