// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What the commands cost through libocsp's client: see commands.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "client.h"

struct arg {
	struct ocsp_client *client;
	struct ocsp_name name;
	struct ocsp_update update;
	int session;
};

static void need(const struct arg *a, int err)
{
	if (err)
		bench_die(ocsp_client_error(a->client), -err);
}

static uint64_t gets(void *arg, unsigned int ops)
{
	const struct arg *a = arg;
	struct ocsp_entry r;
	uint64_t start = bench_clock();

	while (ops--) {
		need(a, ocsp_client_get(a->client, &a->name,
					KTLS_OCSP_PART_BLOB, &r));
		if (r.blob_len != a->update.blob_len)
			bench_die("get brought another blob", 0);
		ocsp_entry_clear(&r);
	}
	return bench_clock() - start;
}

static uint64_t sets(void *arg, unsigned int ops)
{
	const struct arg *a = arg;
	uint64_t start = bench_clock();

	while (ops--)
		need(a, ocsp_client_set(a->client, &a->name, &a->update, NULL));
	return bench_clock() - start;
}

static uint64_t pairs(void *arg, unsigned int ops)
{
	const struct arg *a = arg;
	struct ocsp_opened opened;
	uint64_t start = bench_clock();

	while (ops--) {
		need(a, ocsp_client_open(a->client, &a->name, false, &opened));
		need(a, ocsp_client_close(a->client, a->session, opened.slot));
	}
	return bench_clock() - start;
}

static void measure_size(struct arg *a, const uint8_t *key, size_t len)
{
	static const uint8_t blob[KTLS_OCSP_BLOB_MAX];
	struct ocsp_opened opened;
	int64_t now = kt_now();

	a->update = (struct ocsp_update){
		.blob = blob,
		.blob_len = len,
		.this_update = now - KT_DAY,
		.next_update = now + 7 * KT_DAY,
	};
	a->name = (struct ocsp_name){ .session = -1, .key = key };
	bench_measure(sets, a, "client-set/%zu", len);
	bench_measure(gets, a, "client-get-key/%zu", len);

	a->name.session = a->session;
	need(a, ocsp_client_open(a->client, &a->name, false, &opened));
	a->name = (struct ocsp_name){ .session = a->session,
				      .slot = &opened.slot };
	bench_measure(gets, a, "client-get-handle/%zu", len);
	need(a, ocsp_client_close(a->client, a->session, opened.slot));
}

void bench_client(void)
{
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct arg a = { 0 };

	kt_key(0, key);
	need(&a, ocsp_client_new(&a.client));
	need(&a, ocsp_client_session(a.client, &a.session, NULL,
				     NULL));
	for (size_t i = 0; i < bench_sizes_count; i++)
		measure_size(&a, key, bench_sizes[i]);
	a.name = (struct ocsp_name){ .session = a.session, .key = key };
	bench_measure(pairs, &a, "client-open+close");
	ocsp_client_free(a.client);
}
