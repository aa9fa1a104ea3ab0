// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What libocsp does for an open and a close, without what the kernel does for
 * them: the stand-in for the store is in this process. By the time of the
 * processor, so that other work on the machine matters less.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "figure.h"
#include "pki.h"
#include "standin.h"
#include "standin_local.h"

#define COUNT	2000

static PCCERT_CHAIN_CONTEXT chains[COUNT];
static HCERT_SERVER_OCSP_RESPONSE handles[COUNT];

static void die(const char *what)
{
	fprintf(stderr, "open: %s\n", what);
	exit(1);
}

static void make_chains(void)
{
	struct pki pki;

	for (int i = 0; i < COUNT; i++) {
		pki_new(&pki, 1000 + i, PKI_URL, 0);
		chains[i] = pki_chain(&pki);
		if (!chains[i])
			die("no chain");
		pki_free(&pki);
	}
}

static void open_one(int i)
{
	handles[i] = CertOpenServerOcspResponse(chains[i],
						CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG,
						NULL);
	if (!handles[i])
		die("no handle");
}

static void close_one(int i)
{
	CertCloseServerOcspResponse(handles[i], 0);
}

/* Microseconds for each */
static double round_of(void (*step)(int i))
{
	int64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);

	for (int i = 0; i < COUNT; i++)
		step(i);
	return (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / 1e3 / COUNT;
}

int main(void)
{
	double opens[FIGURE_ROUNDS], closes[FIGURE_ROUNDS];

	if (standin_local_load())
		die("no stand-in for the store");
	make_chains();
	/* The first one makes the entries and the session. */
	round_of(open_one);
	round_of(close_one);
	for (int i = 0; i < FIGURE_ROUNDS; i++) {
		opens[i] = round_of(open_one);
		closes[i] = round_of(close_one);
	}
	figure_print("open/libocsp", "us", opens);
	figure_print("close/libocsp", "us", closes);
	return 0;
}
