/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Included before all else: the store goes by clocks that stand where the test
 * puts them. Its timers go by the kernel's, which never come that far.
 */
#ifndef KTLS_OCSP_KUNIT_CLOCK_H
#define KTLS_OCSP_KUNIT_CLOCK_H

#include <linux/timekeeping.h>

/* Seconds since the epoch, and since the machine was started. */
extern s64 kunit_now;
extern s64 kunit_uptime;

static inline void kunit_clock(struct timespec64 *ts)
{
	*ts = (struct timespec64){ .tv_sec = kunit_now };
}

static inline time64_t kunit_boottime(void)
{
	return kunit_uptime;
}

#define ktime_get_real_ts64		kunit_clock
#define ktime_get_boottime_seconds	kunit_boottime

#endif /* KTLS_OCSP_KUNIT_CLOCK_H */
