// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* When ocspd refreshes responses, over simulated time: see simulation.h. */

#include "simulated.h"

TEST_F_TIMEOUT(simulated, year, 120)
{
	const int count = 20;
	int64_t gap, half = VALIDITY * SECOND / 2, least = YEAR, most = 0;
	int64_t end;
	int i;

	for (i = 0; i < count; i++)
		serve(i, i);
	pass(SECOND);
	for (end = now_ms + YEAR; now_ms < end;) {
		pass_watching(6 * HOUR, 6 * HOUR, count);
		for (i = 0; i < count; i++) {
			gap = histories[i].gap;
			if (histories[i].requests < 2)
				continue;
			least = gap < least ? gap : least;
			most = gap > most ? gap : most;
		}
	}
	EXPECT_EQ(0, unserved);
	/* At half of the validity, 10 % sooner or later; and all of that. */
	EXPECT_LE(half * 90 / 100 - SECOND, least);
	EXPECT_GE(half * 110 / 100 + SECOND, most);
	EXPECT_GT(half * 92 / 100, least);
	EXPECT_LT(half * 108 / 100, most);
	for (i = 0; i < count; i++) {
		EXPECT_LT(94, histories[i].requests);
		EXPECT_GT(117, histories[i].requests);
		EXPECT_EQ(histories[i].requests, stored(i).generation ?
			  histories[i].requests : 0);
	}
}

/* They spread: after a while no hour has the requests of all. */
TEST_F(simulated, spread)
{
	const int count = 100;
	unsigned int before, in_hour, most = 0;
	int i, hour;

	for (i = 0; i < count; i++)
		serve(i, 0);
	/* The first time they all want it at once. */
	pass(MINUTE);
	EXPECT_EQ(count, responders[0].requests);
	pass(60 * DAY);
	for (hour = 0; hour < 7 * 24; hour++) {
		before = responders[0].requests;
		pass(HOUR);
		in_hour = responders[0].requests - before;
		most = in_hour > most ? in_hour : most;
	}
	EXPECT_GT(count / 4, most);
}

/* What no server holds is left to end, and taken up when one comes. */
TEST_F(simulated, unused)
{
	unsigned int n;

	serve(0, 0);
	pass(SECOND);
	end_serving(0);
	n = histories[0].requests;
	pass(5 * DAY);
	EXPECT_EQ(n, histories[0].requests);
	EXPECT_TRUE(is_valid(0));
	serve(0, 0);
	pass(20 * MINUTE);
	EXPECT_EQ(n + 1, histories[0].requests);
	end_serving(0);
	pass(8 * DAY);
	EXPECT_EQ(n + 1, histories[0].requests);
	EXPECT_EQ(0, stored(0).generation);
}

/*
 * Without a max-age it is asked each hour, so that a revocation shows within
 * that, and an outage begins with nearly all of the validity left.
 */
TEST_F(simulated, hourly)
{
	const int64_t validity = 24 * 3600;
	int64_t least = validity, left;
	int i;

	config.policy.refresh = 3600;
	responders[0].validity = validity;
	serve(0, 0);
	pass(SECOND);
	for (i = 0; i < 48 * 60; i++) {
		pass(MINUTE);
		left = stored(0).next_update - clock_wall();
		least = left < least ? left : least;
	}
	EXPECT_LE(validity - 3600 * 11 / 10 - 60, least);
	EXPECT_LE(48 * 10 / 11, histories[0].requests);
	EXPECT_GE(1 + 48 * 10 / 9, histories[0].requests);
	responders[0].answer = REVOKED;
	pass(HOUR * 11 / 10 + SECOND);
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_REVOKED, stored(0).status);
	/* What it says goes before. */
	responders[0].answer = GOOD;
	responders[0].max_age = 6 * 3600;
	serve(1, 0);
	pass(24 * HOUR);
	EXPECT_LE(4, histories[1].requests);
	EXPECT_GE(5, histories[1].requests);
}

/* A response of a year, signed once: a revocation shows all the same. */
TEST_F(simulated, refresh_max)
{
	uint64_t generation;
	unsigned int n;

	responders[0].validity = 365 * 86400;
	responders[0].signed_at = clock_wall();
	serve(0, 0);
	pass(SECOND);
	generation = stored(0).generation;
	n = histories[0].requests;
	pass(40 * DAY);
	EXPECT_LE(n + 10, histories[0].requests);
	EXPECT_GE(n + 12, histories[0].requests);
	/* The same bytes are not stored again. */
	EXPECT_EQ(generation, stored(0).generation);
	/* But a failure meanwhile is forgotten. */
	responders[0].answer = NOT_FOUND;
	pass(4 * DAY);
	EXPECT_LE(1, stored(0).failures);
	responders[0].answer = GOOD;
	pass(2 * HOUR);
	EXPECT_EQ(0, stored(0).failures);
	responders[0].answer = REVOKED;
	pass(4 * DAY);
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_REVOKED, stored(0).status);
}

TEST_F(simulated, max_age)
{
	int i;

	responders[0].max_age = 3600;
	serve(0, 0);
	pass(SECOND);
	for (i = 0; i < 48; i++) {
		pass(HOUR + 10 * SECOND);
		if (histories[0].requests < 2)
			continue;
		EXPECT_LE(HOUR, histories[0].gap);
		EXPECT_GE(HOUR * 110 / 100 + SECOND, histories[0].gap);
	}
	EXPECT_LT(42, histories[0].requests);
	EXPECT_GT(51, histories[0].requests);
}

TEST_F(simulated, clock_steps)
{
	unsigned int n;

	serve(0, 0);
	pass(SECOND);
	n = histories[0].requests;
	wall_offset -= 86400;
	plan_clock_stepped();
	pass(HOUR);
	wall_offset += 86400;
	plan_clock_stepped();
	pass(HOUR);
	EXPECT_EQ(n, histories[0].requests);
	/* It is due, now. */
	wall_offset += VALIDITY * 55 / 100;
	plan_clock_stepped();
	pass(SECOND);
	EXPECT_EQ(n + 1, histories[0].requests);
}

/* A step of the clock retries what failed, but not all at the same moment. */
TEST_F_TIMEOUT(simulated, clock_step_spreads, 120)
{
	const int count = 200;
	unsigned int before = 0, after = 0;
	int i;

	for (i = 0; i < count; i++) {
		responders[i].answer = NOT_FOUND;
		serve(i, i);
	}
	pass(6 * HOUR);
	for (i = 0; i < count; i++)
		before += histories[i].requests;
	/* A few seconds are no reason. */
	wall_offset += 2;
	plan_clock_stepped();
	pass(1);
	for (i = 0; i < count; i++)
		after += histories[i].requests;
	EXPECT_GE(before + 20, after);
	wall_offset += 3600;
	plan_clock_stepped();
	pass(SECOND / 2);
	after = 0;
	for (i = 0; i < count; i++)
		after += histories[i].requests;
	/* Of 2 seconds a part, three requests each */
	EXPECT_GE(before + 3 * count / 2, after);
	pass(4 * SECOND);
	after = 0;
	for (i = 0; i < count; i++)
		after += histories[i].requests;
	EXPECT_LE(before + 3 * count, after);
}

TEST_HARNESS_MAIN
