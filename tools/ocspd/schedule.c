// SPDX-License-Identifier: GPL-2.0-or-later
/* When a response is fetched, see schedule.h. */
#include "schedule.h"

/* Seconds; a max-age below that would have us ask for the same all the time. */
#define MAX_AGE_MIN	300
/* Seconds from one look at a response that nobody uses to the next, at most. */
#define UNUSED_MAX	600
/* Seconds from one request that brought nothing new to the next, at least. */
#define AGAIN_MIN	60

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

int64_t schedule_refresh(const struct ocsp_terms *terms, int64_t now,
			 int64_t max_age, double random)
{
	int64_t half = (terms->next_update - terms->this_update) / 2;
	int64_t at = terms->this_update + spread(half, 0.1, random);

	/*
	 * 0 is what a web server says that knows nothing of it. Many hosts
	 * come to know the same moment from one cache: they spread behind it.
	 */
	if (max_age > 0) {
		max_age = max(max_age, MAX_AGE_MIN);
		at = min(at, now + max_age + max_age * random / 10);
	}
	return at;
}

int64_t schedule_again(const struct ocsp_terms *terms, int64_t now, double random)
{
	int64_t left = max(terms->next_update - now, 0);

	return spread(max(left / 4, min(left, AGAIN_MIN)), 0.1, random);
}

int64_t schedule_retry(unsigned int failures, int64_t base, int64_t limit,
		       double random)
{
	int64_t delay = base;

	while (failures-- > 1 && delay < limit)
		delay *= 2;
	return spread(min(delay, limit) * 1000, 0.25, random);
}

int64_t schedule_hold(int64_t retry_after, const struct ocsp_terms *terms,
		      int64_t now, int64_t limit)
{
	if (terms->next_update > now)
		limit = max((terms->next_update - now) / 2, 1);
	return min(retry_after, limit);
}

int64_t schedule_unused(const struct ocsp_terms *terms, int64_t now)
{
	return max(1, min(UNUSED_MAX, (terms->next_update - now) / 4));
}
