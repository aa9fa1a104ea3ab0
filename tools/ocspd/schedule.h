/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
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
 * When servers stop to staple a response: margin seconds before it ends, the
 * least that they hand out; but not for one that never had as many.
 */
int64_t schedule_stop(const struct ocsp_terms *terms, int64_t margin);

/* What decides when a response is refreshed, in seconds. */
struct freshness {
	int64_t asked;			/* wall clock: it was the newest then */
	int64_t margin;			/* see schedule_stop() */
	int64_t max_age;		/* from then on; 0 or -1: not said */
	int64_t refresh;		/* the same where it was not said */
	int64_t refresh_min;		/* between two requests, for max_age */
	int64_t refresh_max;		/* between two requests at most */
};

/*
 * When to refresh a response, in seconds since the epoch: when half of its
 * validity is over, 10 % of that sooner or later, and always before servers
 * stop stapling it. Sooner, when it is not fresh any longer: max_age after
 * asked, or up to 10 % of that later, but not within refresh_min; or, where the
 * responder said nothing, refresh after asked, 10 % sooner or later. And
 * sooner, if that is later than refresh_max after asked.
 */
int64_t schedule_refresh(const struct ocsp_terms *terms,
			 const struct freshness *f, double random);

/*
 * When the response that was fetched is past its refresh already: the seconds
 * from now until it is worth to look again. left: seconds until servers stop
 * to staple it.
 */
int64_t schedule_again(int64_t left, double random);

/* What decides how long to wait after a failure, in seconds. */
struct backoff {
	unsigned int failures;		/* in a row: 1, ... */
	int64_t base;			/* after the first one */
	int64_t max;
	int64_t left;			/* until servers stop to staple */
	int64_t without;		/* since they have nothing to staple */
};

/*
 * How many milliseconds to wait: base, doubled each time, up to max. But while
 * there is time left not more than a quarter of that, and afterwards not more
 * than 5 minutes or a 16th of the time without. 25 % of it more or less.
 */
int64_t schedule_retry(const struct backoff *backoff, double random);

/*
 * How many seconds a certificate leaves a responder alone at most that asked
 * for it: half of what is left, or max when nothing is.
 */
int64_t schedule_hold(int64_t left, int64_t max);

/*
 * How many milliseconds to wait for the kernel module until it is looked for
 * again; last: as many as before the last look, or 0.
 */
int64_t schedule_module(int64_t last);

/*
 * For how many ms more servers that start after ocspd are held up; 0: they are
 * not. each: start_timeout in ms. rounds: how often they were held up for that
 * long. came: responses came during the last time, so that a server that starts
 * now would lack those that are still to come.
 */
int64_t schedule_start(int64_t each, unsigned int rounds, bool came);

/* In how many seconds to look again whether somebody uses a response. */
int64_t schedule_unused(const struct ocsp_terms *terms, int64_t now);

#endif /* OCSPD_SCHEDULE_H */
