// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What the commands are compared with: the cheapest system call, and the
 * kernel's general store of blobs, its keys.
 */
#include <errno.h>
#include <keyutils.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

struct key_arg {
	key_serial_t key;
	size_t len;
};

/* Of the largest blob of bench_sizes */
static char payload[16384];

static uint64_t getppids(void *arg, unsigned int ops)
{
	uint64_t start = bench_clock();

	(void)arg;
	while (ops--)
		syscall(SYS_getppid);
	return bench_clock() - start;
}

static uint64_t key_reads(void *arg, unsigned int ops)
{
	const struct key_arg *a = arg;
	uint64_t start = bench_clock();

	while (ops--)
		if (keyctl_read(a->key, payload, sizeof(payload)) !=
		    (long)a->len)
			bench_die("KEYCTL_READ", errno);
	return bench_clock() - start;
}

static key_serial_t add(size_t len)
{
	key_serial_t key = add_key("user", "ktls_ocsp benchmark", payload, len,
				   KEY_SPEC_PROCESS_KEYRING);

	if (key < 0)
		bench_die("add_key", errno);
	return key;
}

/* Replaces what the key holds. KEYCTL_UPDATE takes no more than a page. */
static uint64_t key_sets(void *arg, unsigned int ops)
{
	const struct key_arg *a = arg;
	uint64_t start = bench_clock();

	while (ops--)
		if (add(a->len) != a->key)
			bench_die("add_key made another key", 0);
	return bench_clock() - start;
}

void bench_baseline(void)
{
	struct key_arg a;

	bench_measure(getppids, NULL, "getppid");
	for (size_t i = 0; i < bench_sizes_count; i++) {
		a.len = bench_sizes[i];
		a.key = add(a.len);
		bench_measure(key_reads, &a, "keyctl-read/%zu", a.len);
		bench_measure(key_sets, &a, "add-key/%zu", a.len);
	}
}
