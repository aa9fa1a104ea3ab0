// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What each command costs, in a store with one response. */
#include <errno.h>
#include <string.h>

#include "bench.h"

static struct kt_sock sk;
static int session;
static uint32_t slot;
static uint8_t key[KTLS_OCSP_KEY_LEN];

static uint64_t exchanges(void *arg, unsigned int ops)
{
	const struct bench_request *r = arg;
	uint64_t start = bench_clock();

	while (ops--)
		bench_exchange(r);
	return bench_clock() - start;
}

/* A get must bring the blob. */
static void measure_get(struct bench_request *r, const char *name, size_t len)
{
	if (bench_u32(bench_exchange(r), KTLS_OCSP_A_BLOB_LEN) != len)
		bench_die("get brought another blob", 0);
	bench_measure(exchanges, r, "%s/%zu", name, len);
	bench_free(r);
}

struct pair {
	struct bench_request open;
	struct bench_request close;
};

static uint64_t pairs(void *arg, unsigned int ops)
{
	const struct pair *p = arg;
	uint64_t start = bench_clock();

	while (ops--) {
		bench_exchange(&p->open);
		bench_exchange(&p->close);
	}
	return bench_clock() - start;
}

static void measure_size(size_t len)
{
	struct bench_request r;

	bench_set(&r, &sk, len, 0);
	memcpy(bench_field(&r, KTLS_OCSP_A_KEY), key, sizeof(key));
	bench_measure(exchanges, &r, "set/%zu", len);
	bench_free(&r);

	bench_get_slot(&r, &sk, session);
	memcpy(bench_field(&r, KTLS_OCSP_A_SLOT), &slot, sizeof(slot));
	measure_get(&r, "get-handle", len);

	bench_get_key(&r, &sk);
	memcpy(bench_field(&r, KTLS_OCSP_A_KEY), key, sizeof(key));
	measure_get(&r, "get-key", len);
}

/* The response is opened by one session, and by no other. */
static void measure_pair(void)
{
	struct pair p;
	int other = kt_session(&sk);

	if (other < 0)
		bench_die("session", -other);
	if (kt_close(&sk, session, slot))
		bench_die("close", EIO);
	bench_open(&p.open, &sk, other);
	memcpy(bench_field(&p.open, KTLS_OCSP_A_KEY), key, sizeof(key));
	bench_close(&p.close, &sk, other);
	memcpy(bench_field(&p.close, KTLS_OCSP_A_SLOT), &slot, sizeof(slot));
	bench_measure(pairs, &p, "open+close");
	bench_free(&p.open);
	bench_free(&p.close);
}

void bench_commands(void)
{
	int err;

	kt_new(&sk);
	session = kt_session(&sk);
	if (session < 0)
		bench_die("session", -session);
	err = kt_create(&sk, session, 0, &slot);
	if (err)
		bench_die("open", -err);
	kt_key(0, key);
	for (size_t i = 0; i < bench_sizes_count; i++)
		measure_size(bench_sizes[i]);
	measure_pair();
}
