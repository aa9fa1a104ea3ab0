// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What memory the module and a store of responses and certificates of many
 * sizes take on a machine with many processors, each of which stores some: a
 * slab cache keeps some memory for each processor that used it.
 *
 *	for n in 1 8 64; do
 *		selftests/vm/run --smp $n -- build/bench/bench mixed
 *	done
 */
#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define CERTS	64	/* requests with different certificates */

static const uint32_t counts[] = { 10, 1000, 100000 };

/* Of authorities' responses; their signatures have few lengths. */
static const size_t blob_sizes[] = { 279, 471, 503, 841, 1435, 1511, 2203 };
/* Certificates have many. */
#define CERT_MIN	800
#define CERT_SPREAD	1200

struct store {
	struct kt_sock sk;
	int cpus;
	size_t payload;		/* bytes of blobs and certificates */
	struct bench_request set[CERTS];
	size_t known[CERTS];
	size_t cert_len[CERTS];
	struct bench_request del;
};

static void make_requests(struct store *s, bool certs)
{
	const size_t sizes = sizeof(blob_sizes) / sizeof(blob_sizes[0]);

	for (size_t i = 0; i < CERTS; i++) {
		size_t len = blob_sizes[i % sizes];
		size_t cert = certs ? CERT_MIN + i * CERT_SPREAD / CERTS : 0;

		bench_set(&s->set[i], &s->sk, len, cert);
		s->cert_len[i] = cert;
		s->known[i] = len + 2 * cert;
	}
	bench_del(&s->del, &s->sk);
}

static void free_requests(struct store *s)
{
	for (size_t i = 0; i < CERTS; i++)
		bench_free(&s->set[i]);
	bench_free(&s->del);
}

static void use(const struct store *s, const struct bench_request *r,
		uint32_t i)
{
	static uint8_t cert[CERT_MIN + CERT_SPREAD];
	size_t len = s->cert_len[i % CERTS];
	uint8_t key[KTLS_OCSP_KEY_LEN];

	memcpy(cert, &i, sizeof(i));
	SHA256(cert, len ?: sizeof(i), key);
	memcpy(bench_field(r, KTLS_OCSP_A_KEY), key, sizeof(key));
	if (len && r != &s->del)
		memcpy(bench_field(r, KTLS_OCSP_A_CERTIFICATE), cert, len);
}

static void store_all(struct store *s, uint32_t count)
{
	s->payload = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct bench_request *set = &s->set[i % CERTS];

		bench_spread(i, count);
		use(s, set, i);
		bench_exchange(set);
		s->payload += s->known[i % CERTS];
	}
	bench_move_to(0);
}

static void delete_all(struct store *s, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		use(s, &s->del, i);
		bench_exchange(&s->del);
	}
}

static void measure(struct store *s, uint32_t count, const char *what)
{
	struct bench_memory before, after;
	double each, total;

	/* What the rest of the kernel keeps for each processor. */
	store_all(s, count);
	delete_all(s, count);
	before = bench_memory_look();
	store_all(s, count);
	after = bench_memory_look();
	total = before.free - after.free;
	each = (total - s->payload) / count;
	bench_print("bytes", &total, 1, "mixed/%s/%d/%u", what, s->cpus, count);
	bench_print("bytes", &each, 1, "mixed/%s/%d/%u/each", what, s->cpus,
		    count);
	delete_all(s, count);
}

static void part(void)
{
	struct store s = { .cpus = sysconf(_SC_NPROCESSORS_ONLN) };

	if (kt_sysctl("max_entries", 200000) ||
	    kt_sysctl("max_bytes", 2000000000))
		bench_die("cannot raise the store's limits", 0);
	kt_new(&s.sk);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (int certs = 0; certs < 2; certs++) {
			make_requests(&s, certs);
			measure(&s, counts[i], certs ? "certificates" : "blobs");
			free_requests(&s);
		}
}

static void module(const char *command)
{
	if (system(command))
		bench_die(command, ENOENT);
}

static void measure_module(void)
{
	struct bench_memory before, after;
	double size;

	module("modprobe ktls_ocsp && modprobe -r ktls_ocsp");
	before = bench_memory_look();
	module("modprobe ktls_ocsp");
	after = bench_memory_look();
	size = before.free - after.free;
	bench_print("bytes", &size, 1, "mixed/module/%ld",
		    sysconf(_SC_NPROCESSORS_ONLN));
}

void bench_mixed(void)
{
	measure_module();
	bench_apart(part);
}
