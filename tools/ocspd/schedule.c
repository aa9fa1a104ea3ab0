// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* When a response is fetched, see schedule.h. */
#include "schedule.h"

/* Seconds from one look at a response that nobody uses to the next, at most. */
#define UNUSED_MAX	600
/* Seconds from one request that brought nothing new to the next, at least. */
#define AGAIN_MIN	60
/* ms from one look for the kernel module to the next, at first and at most */
#define MODULE_FIRST	2000
#define MODULE_MAX	60000
/*
 * How many times start_timeout, and how many ms, the start of servers waits at
 * most while responses come: the service manager gives up after 90 s.
 */
#define START_ROUNDS	3
#define START_MAX	60000
/* The longest wait at first when there is nothing to staple. */
#define WITHOUT_MIN	300

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* value, up to share more or less */
static int64_t spread(int64_t value, double share, double random)
{
	return value * (1 - share + 2 * share * random);
}

int64_t schedule_stop(const struct ocsp_terms *terms, int64_t margin)
{
	int64_t stop = terms->next_update - margin;

	return stop > terms->this_update ? stop : terms->next_update;
}

int64_t schedule_refresh(const struct ocsp_terms *terms,
			 const struct freshness *f, double random)
{
	int64_t half = (terms->next_update - terms->this_update) / 2;
	int64_t stop = schedule_stop(terms, f->margin);
	int64_t share = min(half, (stop - terms->this_update) * 2 / 3);
	int64_t at = terms->this_update + spread(share, 0.1, random);
	int64_t age;

	/*
	 * 0 is what a web server says that knows nothing of it. Many hosts
	 * come to know the same moment from one cache: they spread behind it.
	 */
	if (f->max_age > 0) {
		age = max(f->max_age, f->refresh_min);
		at = min(at, f->asked + age + age * random / 10);
	} else {
		at = min(at, f->asked + spread(f->refresh, 0.1, random));
	}
	return min(at, f->asked + f->refresh_max * (1 - random / 40));
}

int64_t schedule_again(int64_t left, double random)
{
	left = max(left, 0);
	return spread(max(left / 4, min(left, AGAIN_MIN)), 0.1, random);
}

int64_t schedule_retry(const struct backoff *b, double random)
{
	int64_t delay = b->base, limit = b->max;
	unsigned int n;

	for (n = b->failures; n > 1 && delay < limit; n--)
		delay *= 2;
	/* An outage that ends in time must not cost a staple. */
	if (b->left > 0)
		limit = min(limit, max(b->left / 4, b->base));
	else
		limit = min(limit, max(b->without / 16,
				       max(WITHOUT_MIN, b->base)));
	return spread(min(delay, limit) * 1000, 0.25, random);
}

int64_t schedule_hold(int64_t left, int64_t limit)
{
	return left > 0 ? max(left / 2, 1) : limit;
}

int64_t schedule_module(int64_t last)
{
	return last ? min(2 * last, MODULE_MAX) : MODULE_FIRST;
}

int64_t schedule_start(int64_t each, unsigned int rounds, bool came)
{
	if (rounds >= START_ROUNDS || (rounds && !came))
		return 0;
	return max(0, min(each, START_MAX - rounds * each));
}

int64_t schedule_unused(const struct ocsp_terms *terms, int64_t now)
{
	return max(1, min(UNUSED_MAX, (terms->next_update - now) / 4));
}
