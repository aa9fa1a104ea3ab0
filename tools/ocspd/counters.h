/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What ocspd did since its start, for who asks. */
#ifndef OCSPD_COUNTERS_H
#define OCSPD_COUNTERS_H

#include <stdint.h>

#include "fetch.h"
#include "plan.h"

/* How long requests took: classes of milliseconds, the last one without end */
#define DURATIONS	8
extern const int64_t counters_durations[DURATIONS - 1];

extern struct counters {
	uint64_t requests;		/* to responders, redirects not counted */
	uint64_t faults[FETCH_FAULTS];	/* of requests */
	uint64_t durations[DURATIONS];	/* requests of each class */
	uint64_t duration;		/* ms of all together */
	uint64_t results[PLAN_RESULTS];	/* of attempts */
	int64_t last_success;		/* wall clock; 0: never */
	uint64_t notices_lost;		/* times that the store's notices were */
	uint64_t cache_errors;		/* responses that the disk did not take */
} counters;

/* A request ended after so many ms. */
void counters_answer(int64_t ms);

#endif /* OCSPD_COUNTERS_H */
