// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What ocspd does when responders fail, over simulated time: see simulation.h. */

#include "simulated.h"

TEST_F_TIMEOUT(simulated, back_off, 120)
{
	int64_t wait = config.retry * SECOND;
	unsigned int n;
	int i;

	serve(0, 0);
	pass(SECOND);
	ASSERT_TRUE(is_valid(0));
	responders[0].answer = HANGS;
	n = histories[0].requests;
	/* To the refresh */
	while (histories[0].requests == n)
		pass(SECOND);
	for (i = 0; i < 20; i++) {
		n = histories[0].requests;
		/* Another form of request is not tried where nobody answers. */
		while (histories[0].requests == n)
			pass(SECOND);
		EXPECT_EQ(n + 1, histories[0].requests);
		EXPECT_LE(wait * 75 / 100, histories[0].gap);
		EXPECT_GE(wait * 125 / 100 + 17 * SECOND, histories[0].gap);
		EXPECT_TRUE(is_valid(0));
		wait = 2 * wait < config.retry_max * SECOND ?
		       2 * wait : config.retry_max * SECOND;
	}
	EXPECT_LE(20, stored(0).failures);
	EXPECT_STREQ("timed out after 15 s", stored(0).failure);
	/* As long as it lasts, and not longer */
	pass(4 * DAY);
	EXPECT_EQ(KTLS_OCSP_STATE_EXPIRED, stored(0).state);
	responders[0].answer = GOOD;
	pass(config.retry_max * SECOND * 125 / 100 + 20 * SECOND);
	EXPECT_TRUE(is_valid(0));
	EXPECT_EQ(0, stored(0).failures);
	/* And from the beginning again */
	responders[0].answer = HANGS;
	n = histories[0].requests;
	while (histories[0].requests < n + 2)
		pass(SECOND);
	EXPECT_GE(config.retry * SECOND * 125 / 100 + 17 * SECOND,
		  histories[0].gap);
}

/*
 * An outage that ends while the response has 30 minutes left costs nothing,
 * whatever the backoff has come to.
 */
TEST_F_TIMEOUT(simulated, outage_ends_before_the_response, 120)
{
	const int64_t validity = 86400;
	const int count = 40;
	int i, round;

	for (i = 0; i < count; i++)
		responders[i].validity = validity;
	for (i = 0; i < count; i++)
		serve(i, i);
	pass(MINUTE);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < count; i++)
			responders[i].answer = UNAVAILABLE;
		/* All have the response of the same moment, and 30 minutes. */
		pass(validity * SECOND - 30 * MINUTE - MINUTE);
		for (i = 0; i < count; i++) {
			EXPECT_TRUE(is_valid(i));
			responders[i].answer = GOOD;
		}
		/* To where servers stop to staple. */
		pass(20 * MINUTE);
		for (i = 0; i < count; i++)
			unserved += stored(i).next_update <=
				    clock_wall() + MARGIN;
		for (i = 0; i < count; i++)
			update_by_hand(i, validity);
		pass(MINUTE);
	}
	EXPECT_EQ(0, unserved);
}

/* The first certificate that gets an answer wakes those that wait for one. */
TEST_F(simulated, responder_works_again)
{
	const int count = 50;
	int i;

	for (i = 0; i < count; i++)
		serve(i, 0);
	responders[0].answer = HANGS;
	pass(8 * HOUR);
	EXPECT_FALSE(is_valid(0));
	responders[0].answer = GOOD;
	/* Some one of 50 is due after less than the 6 minutes of all, mostly than 2. */
	pass(4 * MINUTE);
	for (i = 0; i < count; i++)
		EXPECT_TRUE(is_valid(i));
}

/* What is worse than what there is does not replace it. */
TEST_F(simulated, worse)
{
	uint64_t generation;

	serve(0, 0);
	pass(SECOND);
	generation = stored(0).generation;
	responders[0].answer = OLD;
	pass(4 * DAY);
	EXPECT_EQ(generation, stored(0).generation);
	EXPECT_STREQ("older than the stored response", stored(0).failure);
	responders[0].answer = GARBAGE;
	pass(DAY);
	EXPECT_EQ(generation, stored(0).generation);
	responders[0].answer = REVOKED;
	pass(2 * HOUR);
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_REVOKED, stored(0).status);
}

/* Attempts that somebody's waiting causes keep to the backoff, too. */
TEST_F_TIMEOUT(simulated, wanted, 120)
{
	int i;

	responders[0].answer = HANGS;
	serve(0, 0);
	pass(1);
	EXPECT_EQ(1, histories[0].requests);
	/* 15 seconds until it times out, then up to 6.25 */
	pass(22 * SECOND);
	serve(0, 0);
	pass(1);
	EXPECT_EQ(2, histories[0].requests);
	for (i = 0; i < 3600; i++) {
		serve(0, 0);
		pass(SECOND);
	}
	/* 5 minutes at last without anybody, and some more at first */
	EXPECT_LE(12, histories[0].requests);
	EXPECT_GE(60, histories[0].requests);
	/* The last one may hang still. Who waited was told, and counts nothing. */
	EXPECT_LE(histories[0].requests - 1, stored(0).failures);
	EXPECT_GE(histories[0].requests, stored(0).failures);
}

TEST_F(simulated, retry_after)
{
	struct ocsp_entry before;

	responders[0].answer = UNAVAILABLE;
	responders[0].retry_after = 1800;
	serve(0, 0);
	pass(SECOND);
	EXPECT_EQ(1, histories[0].requests);
	/* Who comes later gets the same reason at once, the responder its rest. */
	before = stored(0);
	pass(2 * SECOND);
	serve(0, 0);
	pass(1);
	EXPECT_EQ(before.failures, stored(0).failures);
	EXPECT_LT(before.failure_time, stored(0).failure_time);
	/* A module that knows no repeated failure counts it. */
	pass(2 * SECOND);
	control(STANDIN_ACTION_FAIL, STANDIN_SET, EINVAL, 1);
	serve(0, 0);
	pass(1);
	EXPECT_EQ(before.failures + 1, stored(0).failures);
	pass(1788 * SECOND);
	EXPECT_EQ(1, histories[0].requests);
	responders[0].answer = GOOD;
	pass(30 * SECOND);
	EXPECT_EQ(2, histories[0].requests);
	EXPECT_TRUE(is_valid(0));
}

/* What a responder asks for, it gets from all of its certificates. */
TEST_F(simulated, retry_after_of_a_responder)
{
	const int count = 20;
	int i;

	responders[0].answer = TOO_MANY;
	responders[0].retry_after = 1800;
	for (i = 0; i < count; i++)
		serve(i, 0);
	serve(count, 1);
	pass(29 * MINUTE);
	EXPECT_EQ(1, responders[0].requests);
	EXPECT_TRUE(is_valid(count));
	for (i = 0; i < count; i++)
		EXPECT_EQ(0, strncmp("HTTP 429", stored(i).failure, 8));
	/* Who is refused again is again left alone by all. */
	pass(30 * MINUTE);
	EXPECT_EQ(2, responders[0].requests);
	responders[0].answer = GOOD;
	pass(31 * MINUTE);
	for (i = 0; i < count; i++)
		EXPECT_TRUE(is_valid(i));
	/* Without a time it is left alone as long as after any failure. */
	responders[2].answer = TOO_MANY;
	for (i = 0; i < count; i++)
		serve(100 + i, 2);
	pass(20 * SECOND);
	EXPECT_EQ(1, responders[2].requests);
	pass(HOUR);
	EXPECT_GE(9, responders[2].requests);
}

/* It is not kept until the response has ended. */
TEST_F(simulated, retry_after_is_too_long)
{
	serve(0, 0);
	pass(MINUTE);
	responders[0].answer = TOO_MANY;
	responders[0].retry_after = 365 * 86400;
	pass(5 * DAY);
	EXPECT_LE(2, histories[0].requests);
	EXPECT_GE(4, histories[0].requests);
	responders[0].answer = GOOD;
	pass(2 * DAY - HOUR);
	EXPECT_TRUE(is_valid(0));
	pass(DAY);
	EXPECT_TRUE(is_valid(0));
}

TEST_HARNESS_MAIN
