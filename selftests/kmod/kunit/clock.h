/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before all else: the store goes by a clock that stands where the
 * test puts it. Its timer goes by the kernel's, which never comes that far.
 */
#ifndef KTLS_OCSP_KUNIT_CLOCK_H
#define KTLS_OCSP_KUNIT_CLOCK_H

#include <linux/timekeeping.h>

/* Seconds since the epoch. */
extern s64 kunit_now;

static inline void kunit_clock(struct timespec64 *ts)
{
	*ts = (struct timespec64){ .tv_sec = kunit_now };
}

#define ktime_get_real_ts64	kunit_clock

#endif /* KTLS_OCSP_KUNIT_CLOCK_H */
