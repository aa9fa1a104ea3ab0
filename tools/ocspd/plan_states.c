// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The states of a certificate, and what they wait for: see plan.h. */
#include <stdlib.h>

#include "clock.h"
#include "plan.h"
#include "plan_parts.h"
#include "policy.h"
#include "responder.h"
#include "store.h"

/* ms over which retries are spread that one event causes: each one's, and all */
#define RETRY_EACH	10
#define RETRY_SPREAD	60000

double plan_dice(void)
{
	return arc4random() / 4294967296.0;
}

bool plan_is_waiting(const struct cert *cert)
{
	return cert->state != CERT_QUEUED && cert->state != CERT_FETCHING;
}

void plan_enter(struct cert *cert, enum cert_state state, int64_t at)
{
	responder_unlist(cert);
	cert->state = state;
	timer_set(&cert->timer, at);
}

void plan_look_in(struct cert *cert, int64_t ms)
{
	plan_enter(cert, CERT_LOOK, clock_ms() + ms);
}

void plan_wait_refresh(struct cert *cert)
{
	int64_t in = cert->refresh - clock_wall();

	plan_enter(cert, CERT_FRESH, clock_ms() + (in > 0 ? in * 1000 : 0));
}

void plan_look_spread(struct cert *cert, size_t count)
{
	int64_t ms = (int64_t)count * RETRY_EACH;

	plan_look_in(cert, plan_dice() * (ms < RETRY_SPREAD ? ms : RETRY_SPREAD));
}

bool plan_is_unserved(const struct cert *cert)
{
	return cert->terms.next_update <= clock_wall() ||
	       cert->terms.status == KTLS_OCSP_CERT_STATUS_UNKNOWN;
}

int64_t plan_life_left(const struct cert *cert, int64_t from)
{
	int64_t stop = schedule_stop(&cert->terms, store_min_validity());

	if (plan_is_unserved(cert) || stop < from)
		return 0;
	return stop - from;
}

void plan_set_refresh(struct cert *cert, int64_t asked, int64_t max_age)
{
	const struct policy policy = policy_of(cert, NULL);
	const struct freshness freshness = {
		.asked = asked,
		.margin = store_min_validity(),
		.max_age = max_age,
		.refresh = policy.refresh,
		.refresh_min = policy.refresh_min,
		.refresh_max = policy.refresh_max,
	};

	cert->refresh = schedule_refresh(&cert->terms, &freshness,
					 plan_dice());
}
