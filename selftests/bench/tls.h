/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What the parts share that measure a TLS server. */
#ifndef BENCH_TLS_H
#define BENCH_TLS_H

#include <stddef.h>
#include <time.h>

#define TLS_CHAIN	"/tmp/ktls_ocsp_bench.pem"
#define TLS_KEY		"/tmp/ktls_ocsp_bench.key"
#define TLS_STAPLE	"/tmp/ktls_ocsp_bench.der"
#define TLS_TRIES	600	/* of 50 ms each */

/*
 * Put a certificate, its key and a response into these files, and the response
 * into the store. Returns its length.
 */
size_t bench_tls_files(void);

/* A connection to a server that may still be starting. */
int bench_tls_reach(unsigned int port);

/* The processor time of a process, in nanoseconds. */
double bench_tls_time(clockid_t clock);

#endif
