/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a response is fetched: policy alone. Nothing here looks at a clock or
 * throws dice; random is evenly from 0 to below 1.
 */
#ifndef OCSPD_SCHEDULE_H
#define OCSPD_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "precedence.h"

/*
 * When to refresh a response, in seconds since the epoch: when half of its
 * validity is over, 10 % of that sooner or later. Sooner, when the responder
 * said with max_age (seconds, or -1: it said nothing) that it will have a new
 * one max_age after now: then, or up to 10 % of max_age later.
 */
int64_t schedule_refresh(const struct ocsp_terms *terms, int64_t now,
			 int64_t max_age, double random);

/*
 * When the response that was fetched is past its refresh already: the seconds
 * from now until it is worth to look again.
 */
int64_t schedule_again(const struct ocsp_terms *terms, int64_t now, double random);

/*
 * How many milliseconds to wait after so many failures in a row (1, ...):
 * base seconds, doubled each time, up to max; 25 % more or less.
 */
int64_t schedule_retry(unsigned int failures, int64_t base, int64_t max,
		       double random);

/*
 * How many seconds to keep to the responder's Retry-After. It says what it
 * wants; we ask again in time to have a new response before the old one ends,
 * or at least every max seconds when there is none.
 */
int64_t schedule_hold(int64_t retry_after, const struct ocsp_terms *terms,
		      int64_t now, int64_t max);

/* In how many seconds to look again whether somebody uses a response. */
int64_t schedule_unused(const struct ocsp_terms *terms, int64_t now);

#endif /* OCSPD_SCHEDULE_H */
