/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The clocks, in seconds. Private to libocsp. */
#ifndef OCSP_CLOCK_H
#define OCSP_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Not time(): that is behind clock_gettime() by up to a tick. */
static inline int64_t ocsp_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

/* A clock that nobody sets. Compare differences: it is cut to 32 bits. */
static inline uint32_t ocsp_uptime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

#endif /* OCSP_CLOCK_H */
