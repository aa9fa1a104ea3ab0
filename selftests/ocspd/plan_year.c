// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * A year of 1,000 certificates of 100 responders: validities of 4 hours to a
 * year, outages of a minute to 12 hours, a month apart in the mean, each of a
 * random kind. What is lost is the time without a staple at which one would be
 * there if each responder was asked at every moment.
 */
#include <math.h>
#include <stdlib.h>

#include "simulated.h"

#define BAR_HOSTS	100
#define OUTAGES		40

struct outage {
	int64_t start;			/* seconds */
	int64_t end;
};

static struct {
	struct outage outages[OUTAGES];
	int count;
} records[BAR_HOSTS];
static int64_t lost_time, lost_to_outages;

/*
 * Of the time from..to the part at which a scheduler has nothing to serve that
 * asks at every moment: an outage that is longer than what it had.
 */
static int64_t nobody_serves(int host, int64_t validity, int64_t from,
			     int64_t to)
{
	int64_t start, end, sum = 0;
	int i;

	for (i = 0; i < records[host].count; i++) {
		start = records[host].outages[i].start + validity - MARGIN;
		end = records[host].outages[i].end;
		start = start > from ? start : from;
		end = end < to ? end : to;
		sum += end > start ? end - start : 0;
	}
	return sum;
}

/* Seconds, until when what was delivered is stapled; 0: nothing was yet */
static int64_t served_until[CERTS];

static void account(int cert, int64_t now)
{
	const struct history *h = &histories[cert];
	int64_t spared;

	if (!served_until[cert] || now <= served_until[cert])
		return;
	spared = nobody_serves(cert % BAR_HOSTS, h->validity, served_until[cert],
			       now);
	lost_to_outages += spared;
	lost_time += now - served_until[cert] - spared;
	served_until[cert] = now;
}

static void delivered(int cert, const struct signed_response *body)
{
	account(cert, clock_wall());
	served_until[cert] = body->next_update - MARGIN;
}

static double uniform(void)
{
	return random() / (RAND_MAX + 1.0);
}

static void plan_outages(int host, int64_t from)
{
	int64_t at = from + 3600;
	struct outage *o;

	for (records[host].count = 0; records[host].count < OUTAGES;
	     records[host].count++) {
		at += -log(1 - uniform()) * 30 * 86400;
		o = &records[host].outages[records[host].count];
		o->start = at;
		o->end = at + 60 + uniform() * (12 * 3600 - 60);
		at = o->end + 60;
	}
}

/* The next moment that an outage starts or ends; what is then is set. */
static int64_t next_change(int host, int64_t now)
{
	static const enum answer kinds[] = {
		UNAVAILABLE, GARBAGE, HANGS, TOO_MANY, NOT_FOUND,
	};
	const struct outage *o = records[host].outages;
	int i;

	for (i = 0; i < records[host].count; i++) {
		if (now < o[i].start) {
			responders[host].answer = GOOD;
			return o[i].start;
		}
		if (now < o[i].end) {
			if (responders[host].answer == GOOD)
				responders[host].answer =
					kinds[random() % ARRAY_SIZE(kinds)];
			return o[i].end;
		}
	}
	responders[host].answer = GOOD;
	return INT64_MAX;
}

static void pass_to(int64_t wall)
{
	pass((wall - wall_offset) * SECOND - now_ms);
}

TEST_F_TIMEOUT(simulated, outages_of_a_year, 600)
{
	int64_t start = clock_wall(), end = start + YEAR / SECOND, at, next;
	unsigned int requests = 0, dark = 0, day;
	double share;
	int i;

	on_delivered = delivered;
	srandom(1);
	for (i = 0; i < BAR_HOSTS; i++) {
		responders[i].delay = 50 + random() % 500;
		plan_outages(i, start);
	}
	for (i = 0; i < CERTS; i++) {
		/* More long ones, as there are: of the short ones are the requests. */
		histories[i].validity = 4 * 3600 *
					pow(365 * 6, cbrt(uniform()));
		serve(i, i % BAR_HOSTS);
	}
	for (day = 0, at = start; at < end; at = next) {
		next = end;
		for (i = 0; i < BAR_HOSTS; i++) {
			int64_t change = next_change(i, at);

			next = change < next ? change : next;
		}
		if (next > start + (day + 1) * 86400) {
			next = start + ++day * 86400;
			/* What the books say has to be what is served. */
			for (i = 0; i < CERTS; i++)
				dark += !is_valid(i) && served_until[i] >
							clock_wall();
		}
		pass_to(next);
	}
	for (i = 0; i < CERTS; i++) {
		account(i, end);
		requests += histories[i].requests;
	}
	share = 100.0 * lost_time / ((double)CERTS * (end - start));
	TH_LOG("lost %.4f %% (%.4f %% more to outages that outlast responses), %u requests",
	       share, 100.0 * lost_to_outages / ((double)CERTS * (end - start)),
	       requests);
	EXPECT_EQ(0, dark);
	EXPECT_LT(0, lost_to_outages);
	EXPECT_GE(0.1, share);
}

TEST_HARNESS_MAIN
