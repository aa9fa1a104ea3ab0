// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspd --once: how many of them are done. */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "once.h"

/* ms between two progress lines */
#define PROGRESS_EVERY	100

static size_t counts[ONCE_NOT_APPLICABLE + 1];

void once_count(enum once_outcome outcome)
{
	counts[outcome]++;
}

void once_progress(size_t left)
{
	static int64_t last;
	size_t done = counts[ONCE_STORED] + counts[ONCE_FAILED];
	int64_t now = clock_ms();

	if (now - last < PROGRESS_EVERY)
		return;
	last = now;
	log_progress("%zu of %zu fetched, %zu failed", done, done + left,
		     counts[ONCE_FAILED]);
}

int once_finish(void)
{
	char stored[24], failed[24], none[24];

	log_progress("%s", "");
	snprintf(stored, sizeof(stored), "%zu", counts[ONCE_STORED]);
	snprintf(failed, sizeof(failed), "%zu", counts[ONCE_FAILED]);
	snprintf(none, sizeof(none), "%zu", counts[ONCE_NOT_APPLICABLE]);
	log_event(counts[ONCE_FAILED] ? LOG_ERR : LOG_INFO, "done",
		  "stored", stored, "failed", failed,
		  "without_responder", none, NULL);
	return counts[ONCE_FAILED] ? EXIT_FAILURE : EXIT_SUCCESS;
}
