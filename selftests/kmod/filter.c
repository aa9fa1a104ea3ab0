// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The filters of a dump: by state, by the end of the blob, by its generation. */
#include <string.h>
#include <unistd.h>

#include "ktest.h"
#include "kselftest_harness.h"

#define MANY	1500			/* more than one look takes in */

/* One in each state; the key's number is in the name. */
enum { PENDING, VALID, FAILED, EXPIRED, WITHDRAWN, LATER, ENTRIES };

#define IN(state)	(1U << KTLS_OCSP_STATE_##state)
#define ONE(n)		(1U << (n))

struct filter {
	const uint32_t *states;
	const int64_t *expires_before;
	const uint64_t *newer_than;
};

FIXTURE(filter)
{
	struct kt_sock sk;
	int session;
	uint64_t generation;		/* before LATER */
	int64_t now;
};

FIXTURE_SETUP(filter)
{
	struct kt_blob blob = { .session = -1 };
	uint8_t data[KT_BLOB_MIN];

	kt_new_netns();
	kt_new(&self->sk);
	self->session = kt_session(&self->sk);
	ASSERT_LE(0, self->session);
	for (int n = 0; n < LATER; n++)
		ASSERT_EQ(0, kt_create(&self->sk, self->session, n, NULL));
	ASSERT_EQ(0, kt_set_for(&self->sk, EXPIRED, KT_BRIEF));
	ASSERT_EQ(0, kt_set_for(&self->sk, WITHDRAWN, KT_DAY));
	ASSERT_EQ(0, kt_del(&self->sk, -1, WITHDRAWN));
	ASSERT_EQ(0, kt_fail(&self->sk, FAILED, "why"));
	self->now = kt_now();
	kt_blob(data, sizeof(data), 1);
	blob.data = data;
	blob.len = sizeof(data);
	blob.this_update = self->now;
	blob.next_update = self->now + 100;
	ASSERT_EQ(0, kt_set(&self->sk, VALID, &blob, &self->generation));
	blob.next_update = self->now + KT_DAY;
	ASSERT_EQ(0, kt_set(&self->sk, LATER, &blob, NULL));
	kt_sleep_ms(KT_BRIEF * 1000 + 500);
}

FIXTURE_TEARDOWN(filter)
{
	close(self->session);
	kt_free(&self->sk);
}

/* Which of the numbers below ENTRIES a dump has, a bit each; others: ~0. */
static uint32_t bit_of(const struct kt_msg *msg)
{
	uint8_t key[KTLS_OCSP_KEY_LEN];

	for (uint32_t n = 0; n < ENTRIES; n++) {
		kt_key(n, key);
		if (!memcmp(key, kt_data(msg, KTLS_OCSP_A_KEY), sizeof(key)))
			return ONE(n);
	}
	return ~0U;
}

static void add(const struct kt_msg *msg, void *arg)
{
	*(uint32_t *)arg |= bit_of(msg);
}

static uint32_t dump(struct kt_sock *sk, const struct filter *filter)
{
	uint32_t found = 0;
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_GET, NLM_F_DUMP);
	if (filter->states)
		kt_put_u32(&req, KTLS_OCSP_A_STATES, *filter->states);
	if (filter->expires_before)
		kt_put_s64(&req, KTLS_OCSP_A_EXPIRES_BEFORE,
			   *filter->expires_before);
	if (filter->newer_than)
		kt_put(&req, KTLS_OCSP_A_NEWER_THAN, filter->newer_than,
		       sizeof(*filter->newer_than));
	return kt_dump_request(sk, &req, add, &found) ? ~0U : found;
}

#define dumped(...) dump(&self->sk, &(struct filter){ __VA_ARGS__ })

TEST_F(filter, none)
{
	EXPECT_EQ(ONE(ENTRIES) - 1, dumped());
}

TEST_F(filter, states)
{
	static const uint32_t of[] = {
		[PENDING] = IN(PENDING), [FAILED] = IN(FAILED),
		[EXPIRED] = IN(EXPIRED), [WITHDRAWN] = IN(WITHDRAWN),
	};
	uint32_t states;

	for (int n = 0; n < LATER; n++)
		if (n != VALID)
			EXPECT_EQ(ONE(n), dumped(.states = &of[n]));
	states = IN(VALID);
	EXPECT_EQ(ONE(VALID) | ONE(LATER), dumped(.states = &states));
	states = IN(PENDING) | IN(WITHDRAWN);
	EXPECT_EQ(ONE(PENDING) | ONE(WITHDRAWN), dumped(.states = &states));
	states = 0;
	EXPECT_EQ(0, dumped(.states = &states));
}

TEST_F(filter, expires_before)
{
	int64_t before = self->now + 101;

	EXPECT_EQ(ONE(VALID) | ONE(EXPIRED), dumped(.expires_before = &before));
	before--;
	EXPECT_EQ(ONE(EXPIRED), dumped(.expires_before = &before));
	before = INT64_MAX;
	EXPECT_EQ(ONE(VALID) | ONE(EXPIRED) | ONE(LATER),
		  dumped(.expires_before = &before));
	before = INT64_MIN;
	EXPECT_EQ(0, dumped(.expires_before = &before));
}

TEST_F(filter, newer_than)
{
	uint64_t generation = self->generation;

	EXPECT_EQ(ONE(LATER), dumped(.newer_than = &generation));
	generation--;
	EXPECT_EQ(ONE(VALID) | ONE(LATER), dumped(.newer_than = &generation));
	generation = 0;
	EXPECT_EQ(ONE(EXPIRED) | ONE(VALID) | ONE(LATER),
		  dumped(.newer_than = &generation));
	generation = UINT64_MAX;
	EXPECT_EQ(0, dumped(.newer_than = &generation));
}

TEST_F(filter, all_at_once)
{
	uint32_t states = IN(VALID) | IN(PENDING);
	int64_t before = self->now + KT_DAY;
	uint64_t generation = 0;

	EXPECT_EQ(ONE(VALID), dumped(&states, &before, &generation));
}

/* What is found stands behind many that are not. */
TEST_F_TIMEOUT(filter, of_many, 120)
{
	uint32_t states = IN(FAILED);

	for (uint32_t n = ENTRIES; n < MANY; n++)
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, MANY, NULL));
	ASSERT_EQ(0, kt_fail(&self->sk, MANY, "why"));
	EXPECT_EQ(~0U, dumped(.states = &states));
	ASSERT_EQ(0, kt_del(&self->sk, -1, MANY));
	EXPECT_EQ(ONE(FAILED), dumped(.states = &states));
}

TEST_F(filter, refused)
{
	uint32_t states = IN(WITHDRAWN) << 1;
	struct kt_req req;

	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_GET, NLM_F_DUMP);
	kt_put_u32(&req, KTLS_OCSP_A_STATES, states);
	EXPECT_EQ(-EINVAL, kt_dump_request(&self->sk, &req, add, &states));
	EXPECT_TRUE(kt_named(&self->sk, KTLS_OCSP_A_STATES));
}

KT_HARNESS_MAIN
