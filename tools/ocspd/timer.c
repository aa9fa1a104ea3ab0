// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Timers, see timer.h. */
#include <stdlib.h>

#include "heap.h"
#include "log.h"
#include "timer.h"

void timer_set(struct timer *timer, int64_t due)
{
	if (timer->place)
		heap_remove(timer);
	timer->due = due;
	if (!heap_insert(timer)) {
		log_text(LOG_CRIT, "no memory for a timer");
		exit(EXIT_FAILURE);
	}
}

void timer_stop(struct timer *timer)
{
	if (timer->place)
		heap_remove(timer);
}

int64_t timer_first(void)
{
	const struct timer *timer = heap_first();

	return timer ? timer->due : -1;
}

bool timer_run(void)
{
	struct timer *timer = heap_first();

	if (!timer || timer->due > clock_ms())
		return false;
	heap_remove(timer);
	timer->fn(timer);
	return true;
}
