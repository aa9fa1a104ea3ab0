// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What others do to the store, and the store to ocspd, over simulated time: see
 * simulation.h.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "simulated.h"

/* What others store counts from that moment on. */
TEST_F(simulated, others_store_worse)
{
	struct signed_response body = {
		.status = KTLS_OCSP_CERT_STATUS_GOOD,
	};
	unsigned int n;

	serve(0, 0);
	pass(MINUTE);
	n = histories[0].requests;
	/* A newer one that ends sooner */
	body.this_update = clock_wall();
	body.next_update = clock_wall() + 4 * 3600;
	set_by_hand(0, &body);
	pass(3 * HOUR);
	EXPECT_EQ(n + 1, histories[0].requests);
	EXPECT_LT(clock_wall() + VALIDITY / 2, stored(0).next_update);
	/* One that no server staples */
	n = histories[0].requests;
	body.status = KTLS_OCSP_CERT_STATUS_UNKNOWN;
	body.this_update = clock_wall();
	body.next_update = clock_wall() + 10 * 86400;
	set_by_hand(0, &body);
	pass(10 * SECOND);
	EXPECT_EQ(n + 1, histories[0].requests);
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_GOOD, stored(0).status);
}

TEST_F(simulated, stored_by_others)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_update update = {
		.blob = (const uint8_t *)"x", .blob_len = 1,
	};
	unsigned int n;

	serve(0, 0);
	pass(3 * DAY);
	n = histories[0].requests;
	name.key = keys[0];
	update.this_update = clock_wall();
	update.next_update = clock_wall() + VALIDITY;
	ASSERT_EQ(0, ocsp_client_set(server, &name, &update, NULL));
	pass(3 * DAY);
	EXPECT_EQ(n, histories[0].requests);
	pass(DAY);
	EXPECT_EQ(n + 1, histories[0].requests);
}

TEST_F(simulated, withdrawn)
{
	struct ocsp_name name = OCSP_NAME_INIT;

	serve(0, 0);
	pass(SECOND);
	name.key = keys[0];
	ASSERT_EQ(0, ocsp_client_del(server, &name));
	EXPECT_FALSE(is_valid(0));
	pass(1);
	EXPECT_TRUE(is_valid(0));
	EXPECT_EQ(2, histories[0].requests);
}

TEST_F(simulated, store_is_full)
{
	control(STANDIN_ACTION_FAIL, STANDIN_SET, ENOMEM, 1);
	serve(0, 0);
	pass(SECOND);
	EXPECT_FALSE(is_valid(0));
	EXPECT_STREQ("the store refused it: Cannot allocate memory",
		     stored(0).failure);
	pass(config.retry * SECOND * 125 / 100);
	EXPECT_TRUE(is_valid(0));
	EXPECT_EQ(2, histories[0].requests);
}

TEST_F(simulated, store_cannot_be_read)
{
	control(STANDIN_ACTION_FAIL, STANDIN_GET, ENOMEM, 1);
	serve(0, 0);
	pass(SECOND);
	EXPECT_EQ(0, histories[0].requests);
	pass(config.retry * SECOND);
	EXPECT_TRUE(is_valid(0));
	EXPECT_EQ(1, histories[0].requests);
}

TEST_F(simulated, failure_is_not_reported)
{
	responders[0].answer = UNAVAILABLE;
	control(STANDIN_ACTION_FAIL, STANDIN_SET, ENOMEM, 1);
	serve(0, 0);
	pass(SECOND);
	EXPECT_EQ(0, stored(0).failures);
	responders[0].answer = GOOD;
	pass(config.retry * SECOND * 125 / 100);
	EXPECT_TRUE(is_valid(0));
}

TEST_F(simulated, notices_are_lost)
{
	control(STANDIN_ACTION_LOSE, 0, 0, 1);
	serve(0, 0);
	EXPECT_EQ(0, histories[0].requests);
	pass(SECOND);
	EXPECT_TRUE(is_valid(0));
}

/* Nobody says that they are: the store is read all the same, from time to time. */
TEST_F(simulated, read_again_each_hour)
{
	deaf = true;
	serve(0, 0);
	pass(59 * MINUTE);
	EXPECT_FALSE(is_valid(0));
	/* It fails once. */
	control(STANDIN_ACTION_FAIL, STANDIN_DUMP, ENOMEM, 1);
	pass(MINUTE + SECOND);
	EXPECT_FALSE(is_valid(0));
	pass(5 * SECOND);
	EXPECT_TRUE(is_valid(0));
}

/* That is no reason to ask for all that fails at once. */
TEST_F(simulated, read_again_and_backed_off)
{
	const int count = 100;
	unsigned int n, most = 0;
	int i;

	for (i = 0; i < count; i++) {
		responders[i].answer = HANGS;
		serve(i, i);
	}
	pass(20 * HOUR);
	for (i = 0; i < 120; i++) {
		n = 0;
		for (int c = 0; c < count; c++)
			n -= histories[c].requests;
		pass(MINUTE);
		for (int c = 0; c < count; c++)
			n += histories[c].requests;
		most = n > most ? n : most;
	}
	/* Each of them once an hour, in the mean 1.7 a minute */
	EXPECT_GE(20, most);
}

TEST_F(simulated, dump_does_not_settle)
{
	serve(0, 0);
	pass(SECOND);
	serve(1, 1);
	control(STANDIN_ACTION_UNSETTLE, 0, 0, 100);
	EXPECT_EQ(0, store_read(plan_entry));
	pass(SECOND);
	EXPECT_TRUE(is_valid(1));
	EXPECT_EQ(1, histories[0].requests);
}

/* It goes, and comes again. */
TEST_F(simulated, gone)
{
	struct ocsp_name name = OCSP_NAME_INIT;

	serve(0, 0);
	pass(SECOND);
	end_serving(0);
	name.key = keys[0];
	ASSERT_EQ(0, ocsp_client_del(server, &name));
	pass(HOUR);
	EXPECT_EQ(1, histories[0].requests);
	EXPECT_EQ(0, certs_count());
	serve(0, 0);
	pass(SECOND);
	EXPECT_TRUE(is_valid(0));
}

static void limit_entries(unsigned int most)
{
	struct standin_control c = {
		.action = STANDIN_ACTION_LIMIT,
		.limit = "max_entries",
		.value = most,
	};
	struct standin_reply reply;

	if (standin_control(&c, &reply))
		abort();
}

static bool has_copy(int number)
{
	unsigned char *data;
	size_t len;

	data = cache_load(keys[number], &len);
	free(data);
	return data;
}

/* What had to make room was not withdrawn: its copy on disk is good. */
TEST_F(simulated, evicted)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	char dir[] = "/tmp/plan_store.XXXXXX";

	ASSERT_NE(NULL, mkdtemp(dir));
	cache_open(dir);
	serve(0, 0);
	pass(SECOND);
	end_serving(0);
	EXPECT_TRUE(has_copy(0));
	limit_entries(1);
	serve(1, 1);
	pass(SECOND);
	EXPECT_TRUE(is_valid(1));
	EXPECT_FALSE(is_valid(0));
	EXPECT_TRUE(has_copy(0));
	limit_entries(10);
	serve(0, 0);
	pass(SECOND);
	EXPECT_TRUE(is_valid(0));
	EXPECT_EQ(1, histories[0].requests);
	/* That of one that was withdrawn goes, too. */
	name.key = keys[0];
	end_serving(0);
	ASSERT_EQ(0, ocsp_client_del(server, &name));
	pass(SECOND);
	EXPECT_FALSE(has_copy(0));
	name.key = keys[1];
	ASSERT_EQ(0, ocsp_client_del(server, &name));
	end_serving(1);
	cache_remove(keys[1]);
	cache_close();
	EXPECT_EQ(0, rmdir(dir));
}

TEST_HARNESS_MAIN
