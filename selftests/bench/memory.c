// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What memory the kernel takes for a response, beside its blob and its
 * certificates: by how many pages the machine's free memory falls when many
 * are stored, and, to check that, by how much the kernel's own counters of
 * such memory rise. So all is counted: the entry, the blob's header, what slab
 * caches round up and keep for each processor, the pointers to memory cgroups,
 * the hash table, the array of slots and the board.
 *
 *	selftests/vm/run --smp 8 -- build/bench/bench memory-of-one
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define RESPONSES	10000
#define WARM		50	/* as many have room in the board's first page */
#define ROUNDS		3
#define BLOB_LEN	471
#define CERT_LEN	1024

struct plan {
	struct kt_sock sk;
	size_t len;
	size_t cert_len;	/* of the certificate, and of its issuer; or 0 */
	struct bench_request set;
	struct bench_request del;
	struct bench_request open;
};

static char *read_text(const char *path)
{
	static char text[1 << 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		bench_die(path, errno);
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	if (n < 0)
		bench_die(path, errno);
	text[len] = '\0';
	close(fd);
	return text;
}

/* The sum of what stands behind each name. */
static long sum(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	long total = 0;

	if (!at)
		bench_die(name, ENOENT);
	for (; at; at = strstr(at, name)) {
		at += strlen(name);
		total += strtol(at, NULL, 10);
	}
	return total;
}

/* Pages that each processor keeps at hand are free, too. */
static long free_pages(void)
{
	const char *text = read_text("/proc/zoneinfo");

	return sum(text, " nr_free_pages ") + sum(text, " count:");
}

static long counted(void)
{
	const char *text = read_text("/proc/meminfo");

	return 1024 * (sum(text, "\nSlab:") + sum(text, "\nVmallocUsed:") +
		       sum(text, "\nPercpu:") + sum(text, "\nPageTables:"));
}

/* Let the slab caches give back the pages that they keep for later. */
static void shrink_slabs(void)
{
	glob_t found;

	if (glob("/sys/kernel/slab/*/shrink", 0, NULL, &found))
		bench_die("/sys/kernel/slab", ENOENT);
	for (size_t i = 0; i < found.gl_pathc; i++)
		bench_write(found.gl_pathv[i], "1");
	globfree(&found);
}

struct bench_memory bench_memory_look(void)
{
	struct bench_memory m;

	for (int i = 0; i < 3; i++) {
		kt_sleep_ms(200);
		bench_write("/proc/sys/vm/drop_caches", "3");
		shrink_slabs();
	}
	kt_sleep_ms(200);
	bench_write("/proc/sys/vm/stat_refresh", "1");
	m.free = free_pages() * sysconf(_SC_PAGESIZE);
	m.counted = counted();
	return m;
}

/* Patch the key, and the certificate that it is the hash of. */
static void use(const struct plan *p, const struct bench_request *r, uint32_t i)
{
	static uint8_t cert[CERT_LEN];
	uint8_t key[KTLS_OCSP_KEY_LEN];

	memcpy(cert, &i, sizeof(i));
	SHA256(cert, p->cert_len ? p->cert_len : sizeof(i), key);
	memcpy(bench_field(r, KTLS_OCSP_A_KEY), key, sizeof(key));
	if (p->cert_len && r == &p->set)
		memcpy(bench_field(r, KTLS_OCSP_A_CERTIFICATE), cert,
		       p->cert_len);
}

static void store_some(const struct plan *p, uint32_t n)
{
	int64_t now = kt_now(), next_update;

	for (uint32_t i = 0; i < n; i++) {
		bench_spread(i, n);
		use(p, &p->set, i);
		next_update = now + KT_DAY + i;
		memcpy(bench_field(&p->set, KTLS_OCSP_A_NEXT_UPDATE),
		       &next_update, sizeof(next_update));
		bench_exchange(&p->set);
	}
	bench_move_to(0);
}

static void delete_some(const struct plan *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		use(p, &p->del, i);
		bench_exchange(&p->del);
	}
}

static void begin(struct plan *p)
{
	/* Loads the module, too. */
	kt_new(&p->sk);
	if (kt_sysctl("max_entries", RESPONSES) ||
	    kt_sysctl("max_bytes", 1 << 30))
		bench_die("cannot raise the store's limits", 0);
}

static double each(long before, long after, size_t known)
{
	return (double)(after - before) / RESPONSES - known;
}

/* What one round is given, and what it found. */
struct round {
	size_t len;
	size_t cert_len;
	double seen;
	double counters;
};

static struct round *shared;

/* In the names of the figures: how many processors, where it is not one */
static char where[32];

/* Beside its blob and certificates */
static void one_round(void)
{
	struct plan p = { .len = shared->len, .cert_len = shared->cert_len };
	size_t known = p.len + 2 * p.cert_len;
	struct bench_memory before, after;

	begin(&p);
	bench_set(&p.set, &p.sk, p.len, p.cert_len);
	bench_del(&p.del, &p.sk);
	/* What this process uses of itself and of its libraries comes now. */
	store_some(&p, WARM);
	delete_some(&p, WARM);
	before = bench_memory_look();
	store_some(&p, RESPONSES);
	after = bench_memory_look();
	shared->seen = each(-before.free, -after.free, known);
	shared->counters = each(before.counted, after.counted, known);
	/* What ends with the namespace ends behind our back. */
	delete_some(&p, RESPONSES);
}

/*
 * Each round in a network namespace of its own: the board's pages stay when
 * entries go, and would be counted in the first round alone.
 */
static void measure(size_t len, size_t cert_len, const char *name)
{
	double seen[ROUNDS], counters[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		*shared = (struct round) { .len = len, .cert_len = cert_len };
		bench_apart(one_round);
		seen[i] = shared->seen;
		counters[i] = shared->counters;
	}
	bench_print("bytes", seen, ROUNDS, "memory/%s%s/%zu", where, name, len);
	bench_print("bytes", counters, ROUNDS, "memory-counters/%s%s/%zu",
		    where, name, len);
}

/* One handle on each response, of one session */
static void measure_handles(void)
{
	double seen[ROUNDS], counters[ROUNDS];
	struct plan p = { .len = BLOB_LEN };

	begin(&p);
	bench_set(&p.set, &p.sk, p.len, 0);
	store_some(&p, RESPONSES);
	for (int i = 0; i < ROUNDS; i++) {
		struct bench_memory before = bench_memory_look(), after;
		int session = kt_session(&p.sk);

		if (session < 0)
			bench_die("session", -session);
		bench_open(&p.open, &p.sk, session);
		for (uint32_t n = 0; n < RESPONSES; n++) {
			use(&p, &p.open, n);
			bench_exchange(&p.open);
		}
		after = bench_memory_look();
		seen[i] = each(-before.free, -after.free, 0);
		counters[i] = each(before.counted, after.counted, 0);
		bench_free(&p.open);
		close(session);
	}
	bench_print("bytes", seen, ROUNDS, "memory/%shandle", where);
	bench_print("bytes", counters, ROUNDS, "memory-counters/%shandle",
		    where);
}

void bench_memory(void)
{
	static const size_t sizes[] = { 279, BLOB_LEN, 841, 1435, 2203, 16000 };

	shared = kt_shared(sizeof(*shared));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		measure(sizes[i], 0, "blob");
	measure(BLOB_LEN, CERT_LEN, "certificates");
	bench_apart(measure_handles);
}

/* Of one size, and handles: for machines with many processors */
void bench_memory_of_one(void)
{
	snprintf(where, sizeof(where), "%ld-processors/",
		 sysconf(_SC_NPROCESSORS_ONLN));
	shared = kt_shared(sizeof(*shared));
	measure(BLOB_LEN, 0, "blob");
	bench_apart(measure_handles);
}
