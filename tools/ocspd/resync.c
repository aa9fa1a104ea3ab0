// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Reading the whole store again, see resync.h. */
#include <stdbool.h>

#include "clock.h"
#include "counters.h"
#include "log.h"
#include "plan.h"
#include "resync.h"
#include "store.h"
#include "timer.h"

/* ms from one reading to the next; and when that failed */
#define EVERY		3600000
#define AGAIN		5000

static void (*on_done)(void);
static bool lost;			/* notices, since the last reading */

static void on_timer(struct timer *timer);
static struct timer timer = { .fn = on_timer };

static void on_timer(struct timer *the_timer)
{
	int err = store_read(lost ? plan_entry : plan_entry_again);

	if (err)
		log_text(LOG_ERR, "reading the store: %s; trying again",
			 store_error());
	else if (on_done)
		on_done();
	lost &= err != 0;
	timer_set(the_timer, clock_ms() + (err ? AGAIN : EVERY));
}

void resync_start(void (*done)(void))
{
	lost = false;
	on_done = done;
	timer_set(&timer, clock_ms() + EVERY);
}

void resync_stop(void)
{
	timer_stop(&timer);
}

void resync_lost(void)
{
	log_text(LOG_NOTICE, "notices of the store were lost, reading all of it");
	lost = true;
	counters.notices_lost++;
	on_timer(&timer);
}
