// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What came of attempts: see plan.h. */
#include <stdlib.h>

#include "clock.h"
#include "counters.h"
#include "plan.h"
#include "plan_parts.h"
#include "responder.h"
#include "schedule.h"
#include "store.h"

/* Seconds; no responder is left alone for longer without being asked */
#define REFUSAL_MAX	86400

static const struct config *config;
static bool once;
static size_t left;
static plan_observer_fn observer;

void plan_outcome_init(bool only_once)
{
	once = only_once;
}

void plan_outcome_configure(const struct config *the_config)
{
	config = the_config;
}

void plan_expect(struct cert *cert)
{
	cert->expected = true;
	left++;
}

size_t plan_left(void)
{
	return left;
}

void plan_observe(plan_observer_fn fn)
{
	observer = fn;
}

void plan_over(struct cert *cert, enum plan_result result, const char *why)
{
	counters.results[result]++;
	if (cert->forced && result <= PLAN_HELD)
		plan_look_in(cert, 0);
	else if (observer)
		observer(cert->key, result, why);
}

bool plan_tries_again(void)
{
	return !once;
}

void plan_count(struct cert *cert, enum once_outcome outcome)
{
	if (!cert->expected)
		return;
	cert->expected = false;
	left--;
	if (once)
		once_count(outcome);
}

void plan_answered(struct cert *cert, bool unchanged, int64_t max_age)
{
	int64_t now = clock_wall();

	plan_count(cert, ONCE_STORED);
	if (once)
		return;
	cert->failures = 0;
	cert->failing = 0;
	cert->last = clock_ms();
	cert->delay = 0;
	cert->answered = now;
	counters.last_success = now;
	plan_set_refresh(cert, now, max_age);
	/* It was signed long ago: when the next one is, it does not say. */
	if (cert->refresh <= now)
		cert->refresh = now + schedule_again(plan_life_left(cert, now),
						     plan_dice());
	plan_wait_refresh(cert);
	plan_over(cert, unchanged ? PLAN_UNCHANGED : PLAN_STORED, NULL);
}

/* Seconds since servers have nothing to staple */
static int64_t time_without(const struct cert *cert)
{
	if (!plan_is_unserved(cert))
		return 0;
	if (!cert->terms.next_update)
		return (clock_ms() - cert->failing) / 1000;
	return clock_wall() - schedule_stop(&cert->terms,
					    store_min_validity());
}

/* The hold of the one responder that there is, as far as it is longer. */
static int64_t hold_after(const struct cert *cert, int64_t at)
{
	int64_t until = 0;

	if (cert->responder && cert->step.url <= 1)
		until = plan_held_until(cert, cert->responder);
	return until > at ? until : 0;
}

void plan_failed(struct cert *cert, const char *why)
{
	struct backoff backoff = {
		.base = config->retry,
		.max = config->retry_max,
	};
	int64_t hold;

	plan_count(cert, ONCE_FAILED);
	if (once)
		return;
	cert->last = clock_ms();
	if (!cert->failures++)
		cert->failing = cert->last;
	backoff.failures = cert->failures;
	backoff.left = plan_life_left(cert, clock_wall());
	backoff.without = time_without(cert);
	cert->delay = schedule_retry(&backoff, plan_dice());
	hold = hold_after(cert, cert->last + cert->delay);
	if (hold)
		plan_enter(cert, CERT_HELD, hold);
	else
		plan_enter(cert, CERT_RETRY, cert->last + cert->delay);
	if (cert->blames_responder)
		responder_list(cert);
	plan_over(cert, PLAN_FAILED, why);
}

int64_t plan_held_until(const struct cert *cert,
			const struct responder *responder)
{
	int64_t since = clock_wall() -
			(clock_ms() - responder->held_since) / 1000;

	return responder_held(responder, 1000 *
			      schedule_hold(plan_life_left(cert, since),
					    config->retry_max));
}

void plan_held(struct cert *cert, const char *why)
{
	int64_t until = plan_held_until(cert, cert->responder);

	plan_count(cert, ONCE_FAILED);
	if (once)
		return;
	plan_enter(cert, CERT_HELD, until ? until : clock_ms());
	responder_list(cert);
	plan_over(cert, PLAN_HELD, why);
}

int64_t plan_refusal(const struct responder *responder, int64_t retry_after)
{
	const struct backoff backoff = {
		.failures = responder->refusals + 1,
		.base = config->retry,
		.max = config->retry_max,
		.without = REFUSAL_MAX,
	};

	if (retry_after > 0)
		return retry_after < REFUSAL_MAX ? retry_after : REFUSAL_MAX;
	return (schedule_retry(&backoff, plan_dice()) + 999) / 1000;
}

void plan_responder_works(struct responder *responder)
{
	size_t waiting = 0;
	struct cert *cert;

	TAILQ_FOREACH(cert, &responder->failed, link)
		waiting++;
	while ((cert = TAILQ_FIRST(&responder->failed)))
		plan_look_spread(cert, waiting);
}

void plan_gone(struct cert *cert)
{
	plan_count(cert, ONCE_NOT_APPLICABLE);
	plan_over(cert, PLAN_GONE, "it is not in the store any more");
	certs_remove(cert);
}
