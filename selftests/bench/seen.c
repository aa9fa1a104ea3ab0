// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * How long it takes from a set until a reader has seen it, while so many
 * processes have the board mapped. None of them polls: they wait for a
 * request, as workers do, and the first that gets one looks at the board.
 */
#include <errno.h>
#include <unistd.h>

#include "bench.h"
#include "staples.h"

struct readers {
	struct bench_staple staple;
	int ask[2];			/* a byte: a request for any of them */
	int answer[2];			/* the number it saw */
	uint64_t number;
};

static void answer(const struct readers *r)
{
	uint64_t number = bench_number(r->staple.handle);

	if (write(r->answer[1], &number, sizeof(number)) != sizeof(number))
		_exit(1);
}

static void __attribute__((noreturn)) reader(struct readers *r)
{
	char byte;

	close(r->ask[1]);
	/* From the second staple on it has a session and a board of its own. */
	bench_read(r->staple.handle, 2);
	answer(r);
	while (read(r->ask[0], &byte, 1) == 1)
		answer(r);
	_exit(0);
}

static void await(struct readers *r)
{
	uint64_t number;

	if (read(r->answer[0], &number, sizeof(number)) != sizeof(number))
		bench_die("a reader died", 0);
	if (number != r->number)
		bench_die("a reader did not see what was set", 0);
}

static uint64_t sets(void *arg, unsigned int ops)
{
	struct readers *r = arg;
	uint64_t start = bench_clock();

	while (ops--)
		bench_staple_set(&r->staple, ++r->number);
	return bench_clock() - start;
}

static uint64_t sets_seen(void *arg, unsigned int ops)
{
	struct readers *r = arg;
	uint64_t start = bench_clock();

	while (ops--) {
		bench_staple_set(&r->staple, ++r->number);
		if (write(r->ask[1], "", 1) != 1)
			bench_die("ask", errno);
		await(r);
	}
	return bench_clock() - start;
}

static void measure(unsigned int n)
{
	struct readers r = { .number = 0 };

	if (pipe(r.ask) || pipe(r.answer))
		bench_die("pipe", errno);
	bench_staple_new(&r.staple);
	for (unsigned int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			bench_die("fork", errno);
		if (!pid)
			reader(&r);
		await(&r);
	}
	bench_measure(sets, &r, "seen/set/%u", n);
	bench_measure(sets_seen, &r, "seen/set+see/%u", n);
}

static void measure_1(void)
{
	measure(1);
}

static void measure_1000(void)
{
	measure(1000);
}

void bench_seen(void)
{
	bench_apart(measure_1);
	bench_apart(measure_1000);
}
