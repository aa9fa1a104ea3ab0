/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Handles of libocsp on responses of BENCH_BLOB bytes, as a server has them. */
#ifndef BENCH_STAPLES_H
#define BENCH_STAPLES_H

#include <wincrypt.h>

#include "client.h"
#include "pki.h"

#define BENCH_BLOB	471

/* One response in the store, and a handle on it. */
struct bench_staple {
	struct ocsp_client *client;	/* the writer's */
	struct pki pki;
	HCERT_SERVER_OCSP_RESPONSE handle;
};

void bench_staple_new(struct bench_staple *s);
void bench_staple_free(struct bench_staple *s);
/* Store another blob, which starts with that number. */
void bench_staple_set(struct bench_staple *s, uint64_t number);

/* Get and free, so often. */
void bench_read(HCERT_SERVER_OCSP_RESPONSE handle, unsigned long reads);
/* The number that the blob starts with. */
uint64_t bench_number(HCERT_SERVER_OCSP_RESPONSE handle);

/*
 * Many responses: certificates that differ in their serial number alone, which
 * the library does not verify and the kernel does not parse.
 */
struct bench_many {
	struct ocsp_client *client;
	struct pki pki;
	uint32_t n;
	HCERT_SERVER_OCSP_RESPONSE *handles;
};

/* In a netns of its own; raises its limits, stores them all, opens none. */
void bench_many_new(struct bench_many *m, uint32_t n);
void bench_many_set(struct bench_many *m, uint64_t number);
/* What the opens themselves took, of bench_clock(). */
uint64_t bench_many_open(struct bench_many *m);

#endif /* BENCH_STAPLES_H */
