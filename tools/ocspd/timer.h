/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Timers. */
#ifndef OCSPD_TIMER_H
#define OCSPD_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* Zeroed but for fn: a timer that does not run. */
struct timer {
	void (*fn)(struct timer *timer);
	int64_t due;			/* of clock_ms() */
	uint32_t place;			/* in the heap, from 1; 0: not set */
};

/* Ends the process when there is no memory. A timer is due once. */
void timer_set(struct timer *timer, int64_t due);
void timer_stop(struct timer *timer);

/* When the first one is due, or -1. */
int64_t timer_first(void);
/* Call the first one, if it is due. False: it is not. */
bool timer_run(void);

#endif /* OCSPD_TIMER_H */
