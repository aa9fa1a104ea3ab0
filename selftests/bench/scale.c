// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What get, open and set cost in a store of so many responses.
 *
 * The responses are used in a random order and have different times. Those
 * that are opened are held by no other session, so that open and close move
 * them in the store's trees.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/ktls_ocsp_board.h>

#include "bench.h"

#define BLOB_LEN	471

struct store {
	struct kt_sock sk;
	int session;
	uint32_t n;
	uint8_t (*keys)[KTLS_OCSP_KEY_LEN];
	uint32_t *slots;
	uint32_t random;
	uint64_t clock_cost;	/* of one bench_clock() */
	struct bench_request get_slot;
	struct bench_request get_key;
	struct bench_request open;
	struct bench_request close;
	struct bench_request set;
};

/* The same order in each run (Numerical Recipes' constants) */
static uint32_t pick(struct store *s)
{
	s->random = s->random * 1664525 + 1013904223;
	return (uint64_t)s->random * s->n >> 32;
}

static void use_key(const struct bench_request *r, const struct store *s,
		    uint32_t i)
{
	memcpy(bench_field(r, KTLS_OCSP_A_KEY), s->keys[i], sizeof(s->keys[i]));
}

static void use_slot(const struct bench_request *r, uint32_t slot)
{
	memcpy(bench_field(r, KTLS_OCSP_A_SLOT), &slot, sizeof(slot));
}

static void set_one(struct store *s, uint32_t i)
{
	int64_t next_update = kt_now() + KT_DAY + pick(s) % (6 * KT_DAY);

	use_key(&s->set, s, i);
	memcpy(bench_field(&s->set, KTLS_OCSP_A_NEXT_UPDATE), &next_update,
	       sizeof(next_update));
	s->slots[i] = bench_u32(bench_exchange(&s->set), KTLS_OCSP_A_SLOT);
}

static void fill(struct store *s)
{
	s->keys = calloc(s->n, sizeof(*s->keys));
	s->slots = calloc(s->n, sizeof(*s->slots));
	if (!s->keys || !s->slots)
		bench_die("keys", ENOMEM);
	for (uint32_t i = 0; i < s->n; i++) {
		kt_key(i, s->keys[i]);
		set_one(s, i);
	}
}

static uint64_t get_slots(void *arg, unsigned int ops)
{
	struct store *s = arg;
	uint64_t start = bench_clock();

	while (ops--) {
		use_slot(&s->get_slot, s->slots[pick(s)]);
		bench_exchange(&s->get_slot);
	}
	return bench_clock() - start;
}

static uint64_t get_keys(void *arg, unsigned int ops)
{
	struct store *s = arg;
	uint64_t start = bench_clock();

	while (ops--) {
		use_key(&s->get_key, s, pick(s));
		bench_exchange(&s->get_key);
	}
	return bench_clock() - start;
}

static uint64_t sets(void *arg, unsigned int ops)
{
	struct store *s = arg;
	uint64_t start = bench_clock();

	while (ops--)
		set_one(s, pick(s));
	return bench_clock() - start;
}

static uint64_t timed_open(const struct store *s)
{
	uint64_t start = bench_clock();

	bench_exchange(&s->open);
	return bench_clock() - start - s->clock_cost;
}

/* The time of OPS opens of responses, which the session holds already or not. */
static uint64_t time_opens(struct store *s, unsigned int ops, bool held)
{
	uint64_t sum = 0;
	uint32_t i;

	while (ops--) {
		i = pick(s);
		use_key(&s->open, s, i);
		use_slot(&s->close, s->slots[i]);
		if (held)
			bench_exchange(&s->close);
		sum += timed_open(s);
		if (!held)
			bench_exchange(&s->close);
	}
	return sum;
}

/* The session holds nothing else. */
static uint64_t opens(void *arg, unsigned int ops)
{
	return time_opens(arg, ops, false);
}

/* The session holds all others. */
static uint64_t reopens(void *arg, unsigned int ops)
{
	return time_opens(arg, ops, true);
}

static uint64_t pairs(void *arg, unsigned int ops)
{
	struct store *s = arg;
	uint64_t start = bench_clock();
	uint32_t i;

	while (ops--) {
		i = pick(s);
		use_key(&s->open, s, i);
		use_slot(&s->close, s->slots[i]);
		bench_exchange(&s->open);
		bench_exchange(&s->close);
	}
	return bench_clock() - start;
}

static uint64_t clock_cost(void)
{
	uint64_t start, least = UINT64_MAX, cost;

	for (int i = 0; i < 100; i++) {
		start = bench_clock();
		cost = bench_clock() - start;
		least = cost < least ? cost : least;
	}
	return least;
}

static void hold_all(struct store *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		use_key(&s->open, s, i);
		bench_exchange(&s->open);
	}
}

static void raise_limit(const char *name, long value)
{
	int err = kt_sysctl(name, value);

	if (err)
		bench_die(name, -err);
}

static void measure(uint32_t n)
{
	struct store s = { .n = n, .random = 1, .clock_cost = clock_cost() };

	/* Loads the module, too. */
	kt_new(&s.sk);
	raise_limit("max_entries", n);
	raise_limit("max_handles", n);
	raise_limit("max_handles_of_user", n);
	/* The board counts, too. */
	raise_limit("max_bytes", (long)n * (BLOB_LEN + KTLS_OCSP_BOARD_LINE) +
		    sysconf(_SC_PAGESIZE));
	s.session = kt_session(&s.sk);
	if (s.session < 0)
		bench_die("session", -s.session);
	bench_get_slot(&s.get_slot, &s.sk, s.session);
	bench_get_key(&s.get_key, &s.sk);
	bench_open(&s.open, &s.sk, s.session);
	bench_close(&s.close, &s.sk, s.session);
	bench_set(&s.set, &s.sk, BLOB_LEN, 0);
	fill(&s);

	bench_measure(get_keys, &s, "scale/get-key/%u", n);
	bench_measure(opens, &s, "scale/open/%u", n);
	bench_measure(pairs, &s, "scale/open+close/%u", n);
	bench_measure(sets, &s, "scale/set/%u", n);
	hold_all(&s);
	bench_measure(reopens, &s, "scale/reopen/%u", n);
	bench_measure(get_slots, &s, "scale/get-handle/%u", n);
}

static void measure_1(void)
{
	measure(1);
}

static void measure_1000(void)
{
	measure(1000);
}

static void measure_100000(void)
{
	measure(100000);
}

void bench_scale(void)
{
	bench_apart(measure_1);
	bench_apart(measure_1000);
	bench_apart(measure_100000);
}
