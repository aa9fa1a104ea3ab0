/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
#ifndef LIBOCSP_STAPLE_CLOCK_H
#define LIBOCSP_STAPLE_CLOCK_H

#include <stdint.h>
#include <time.h>

/*
 * Milliseconds of a clock that nobody sets and that all processes share, to
 * the last tick. Never 0. No system call.
 */
static inline uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return 1 + (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

#endif
