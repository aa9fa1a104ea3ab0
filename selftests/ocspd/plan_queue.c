// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * How many requests ocspd makes at a time, and in which form, over simulated time: see
 * simulation.h.
 */

#include "simulated.h"

/*
 * Twenty hang at one host until they have expired, and all of the others are
 * asked when they are due: within what the fast lane holds anybody up.
 */
TEST_F_TIMEOUT(simulated, one_bad_host, 120)
{
	const int count = 100, bad = 20;
	int64_t latest = 0;		/* ms that one waited at most */
	int i;

	for (i = 0; i < count; i++)
		serve(i, i < bad ? 0 : 1 + i % 20);
	pass(MINUTE);
	for (i = 0; i < count; i++)
		EXPECT_TRUE(is_valid(i));
	responders[0].answer = HANGS;
	for (i = 1; i <= 20; i++)
		responders[i].delay = 200;
	for (i = bad; i < count; i++)
		histories[i].gap = 0;
	for (i = 0; i < 8 * 24; i++) {
		pass(HOUR);
		for (int n = bad; n < count; n++) {
			unserved += !is_valid(n);
			latest = histories[n].gap > latest ?
				 histories[n].gap : latest;
		}
	}
	EXPECT_EQ(0, unserved);
	EXPECT_GE(VALIDITY * SECOND / 2 * 110 / 100 + 10 * SECOND, latest);
	for (i = 0; i < bad; i++) {
		EXPECT_FALSE(is_valid(i));
		EXPECT_STREQ("timed out after 15 s", stored(i).failure);
	}
	/* It comes back: they all are there again in the time of one retry. */
	responders[0].answer = GOOD;
	pass(config.retry_max * SECOND * 125 / 100 + MINUTE);
	for (i = 0; i < bad; i++)
		EXPECT_TRUE(is_valid(i));
}

/*
 * The clock is stepped to when all are due: ms until the last one of these is
 * asked for, which takes ms at most.
 */
static int64_t longest_wait(struct __test_metadata *_metadata, int first,
			    int end, int64_t ms)
{
	int64_t since = now_ms, longest = 0;

	wall_offset += VALIDITY * 6 / 10;
	plan_clock_stepped();
	pass(ms);
	for (int i = first; i < end; i++) {
		EXPECT_LE(since, histories[i].last);
		longest = histories[i].last - since > longest ?
			  histories[i].last - since : longest;
	}
	return longest;
}

/*
 * All at once, as after a step of the clock, and more of them hang than there
 * are places: those lose theirs to the others.
 */
TEST_F_TIMEOUT(simulated, all_due, 120)
{
	const int hosts = 10, bad = 100, count = 300;
	int64_t slowest;
	int i;

	ASSERT_LT(config.transfers, hosts * config.transfers_per_host);
	for (i = 0; i < count; i++)
		serve(i, i < bad ? i % hosts : hosts + i % 20);
	for (i = 0; i < hosts + 20; i++)
		responders[i].delay = 100;
	pass(MINUTE);
	for (i = 0; i < hosts; i++)
		responders[i].answer = HANGS;
	slowest = longest_wait(_metadata, bad, count, 5 * MINUTE);
	/* Two rounds of those that hang, a second each, and their own 100 ms. */
	EXPECT_GT(4 * SECOND, slowest);
	TH_LOG("the last one of the others after %lld ms", (long long)slowest);
}

/* 300 responders hang, and 40 take 3 seconds. */
TEST_F_TIMEOUT(simulated, slow_among_hanging, 120)
{
	const int bad = 300, slow = 40, count = bad + slow;
	int64_t slowest;
	int i;

	for (i = 0; i < count; i++) {
		responders[i].answer = i < bad ? HANGS : GOOD;
		responders[i].delay = 3 * SECOND;
		serve(i, i);
		/* Those that hang come first. */
		if (i == bad - 1)
			pass(1);
	}
	/*
	 * Nobody knows which they are. 5 rounds of a second in the fast lane, and
	 * 5 of 4 in the slow one; of all that those take that hang it would be 70 s.
	 */
	pass(40 * SECOND);
	for (i = bad; i < count; i++)
		EXPECT_TRUE(is_valid(i));
	pass(HOUR);
	/* All of them are due. */
	slowest = longest_wait(_metadata, bad, count, 2 * MINUTE);
	EXPECT_GT(4 * SECOND, slowest);
	TH_LOG("the last slow one began after %lld ms", (long long)slowest);
}

/* Whatever a GET brings but a response: POST is tried, and remembered. */
TEST_F(simulated, post_after_get)
{
	static const long refusals[] = {
		400, 401, 403, 404, 405, 406, 411, 414, 415, 500, 501,
	};
	unsigned int n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		TH_LOG("%ld", refusals[i]);
		responders[i].refuses_get = refusals[i];
		serve(i, i);
		pass(SECOND);
		EXPECT_TRUE(is_valid(i));
		EXPECT_EQ(2, histories[i].requests);
		/* Another certificate of that responder */
		serve(100 + i, i);
		pass(SECOND);
		EXPECT_TRUE(is_valid(100 + i));
		EXPECT_EQ(1, histories[100 + i].requests);
		/* And if it changes its mind */
		responders[i].refuses_get = 0;
		responders[i].refuses_post = refusals[i];
		serve(200 + i, i);
		pass(SECOND);
		EXPECT_TRUE(is_valid(200 + i));
		EXPECT_EQ(2, histories[200 + i].requests);
	}
	/* Where there is nothing to be had: each part of it changed once. */
	responders[300].answer = NOT_FOUND;
	serve(300, 300);
	pass(SECOND);
	EXPECT_EQ(3, histories[300].requests);
	EXPECT_STREQ("HTTP 404", stored(300).failure);
	/* Not for one that is overloaded, or that nobody reaches. */
	responders[301].answer = TOO_MANY;
	responders[302].answer = HANGS;
	serve(301, 301);
	serve(302, 302);
	pass(16 * SECOND);
	EXPECT_EQ(1, histories[301].requests);
	EXPECT_EQ(1, histories[302].requests);
	/* A week later GET is tried again. */
	n = histories[100].requests;
	responders[0].refuses_get = 400;
	responders[0].refuses_post = 0;
	pass(30 * DAY);
	EXPECT_LT(n, histories[100].requests);
	EXPECT_TRUE(is_valid(100));
}

/*
 * What a gateway says, and who is overloaded, gets one request an attempt: in
 * turn by the one and by the other method, since some refuse one of them so.
 */
TEST_F(simulated, other_method_next_time)
{
	static const long refusals[] = { 502, 503, 504 };
	unsigned int n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		TH_LOG("%ld", refusals[i]);
		responders[i].refuses_get = refusals[i];
		serve(i, i);
		pass(SECOND);
		EXPECT_FALSE(is_valid(i));
		EXPECT_EQ(1, histories[i].requests);
		pass(config.retry * SECOND * 125 / 100);
		EXPECT_TRUE(is_valid(i));
		EXPECT_EQ(2, histories[i].requests);
		/* Another certificate of that responder */
		serve(100 + i, i);
		pass(SECOND);
		EXPECT_TRUE(is_valid(100 + i));
		EXPECT_EQ(1, histories[100 + i].requests);
	}
	/* It is down, with neither. */
	responders[300].answer = UNAVAILABLE;
	serve(300, 300);
	pass(SECOND);
	for (i = 0; i < 5; i++) {
		n = histories[300].requests;
		while (histories[300].requests == n)
			pass(SECOND);
		EXPECT_EQ(n + 1, histories[300].requests);
		EXPECT_LT(20 * SECOND, histories[300].gap);
	}
	/* And works again, with either */
	responders[300].answer = GOOD;
	pass(HOUR);
	EXPECT_TRUE(is_valid(300));
}

TEST_HARNESS_MAIN
