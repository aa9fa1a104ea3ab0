// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What it takes to open many responses in one process, and to dump them. */
#include "bench.h"
#include "staples.h"

static int count(const struct ocsp_entry *r, void *arg)
{
	(void)r;
	++*(uint32_t *)arg;
	return 0;
}

static double dump(struct bench_many *m)
{
	uint64_t start = bench_clock();
	uint32_t n = 0;

	if (ocsp_client_dump(m->client, -1, count, &n, NULL) || n != m->n)
		bench_die("the dump lacks responses", 0);
	return (double)(bench_clock() - start) / n;
}

static double board_size(struct bench_many *m)
{
	uint64_t size;
	int session;

	if (ocsp_client_session(m->client, &session, NULL, &size))
		bench_die(ocsp_client_error(m->client), 0);
	return size;
}

static void measure(uint32_t n)
{
	struct bench_many m;
	double opened, dumped, size;

	bench_many_new(&m, n);
	opened = (double)bench_many_open(&m) / n;
	dumped = dump(&m);
	size = board_size(&m);
	for (uint32_t i = 0; i < n; i++)
		bench_read(m.handles[i], 1);
	bench_print(bench_unit(), &opened, 1, "many/open/%u", n);
	bench_print(bench_unit(), &dumped, 1, "many/dump/%u", n);
	bench_print("bytes", &size, 1, "many/board/%u", n);
}

static void measure_10_000(void)
{
	measure(10000);
}

static void measure_100_000(void)
{
	measure(100000);
}

void bench_many(void)
{
	bench_apart(measure_10_000);
	bench_apart(measure_100_000);
}
