// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What the multicast groups tell, and what they do not. The events that time
 * causes are in time.c.
 */
#include "ktest.h"
#include "kselftest_harness.h"

#define SOON	2000		/* ms that a notification may take */
#define NEVER	200		/* ms after which none is taken to come */

FIXTURE(events)
{
	struct kt_sock sk;
	struct kt_sock wanted;
	struct kt_sock events;
	struct kt_msg msg;
	int session;
};

FIXTURE_SETUP(events)
{
	kt_new_netns();
	kt_new(&self->sk);
	kt_new(&self->wanted);
	kt_new(&self->events);
	ASSERT_EQ(0, kt_join(&self->wanted, self->wanted.wanted));
	ASSERT_EQ(0, kt_join(&self->events, self->events.events));
	self->session = kt_session(&self->sk);
	ASSERT_LE(0, self->session);
}

FIXTURE_TEARDOWN(events)
{
	close(self->session);
	kt_free(&self->events);
	kt_free(&self->wanted);
	kt_free(&self->sk);
}

#define expect_wanted(n)						\
	expect_notice(_metadata, &self->wanted, &self->msg,		\
		      KTLS_OCSP_CMD_WANTED_NTF, n)

#define expect_event(kind, n)						\
	do {								\
		expect_notice(_metadata, &self->events, &self->msg,	\
			      KTLS_OCSP_CMD_EVENT_NTF, n);		\
		EXPECT_EQ(KTLS_OCSP_EVENT_##kind,			\
			  kt_u32(&self->msg, KTLS_OCSP_A_EVENT));	\
	} while (0)

#define expect_silence(which)						\
	EXPECT_EQ(-EAGAIN, kt_next(&self->which, NEVER, &self->msg))

static void expect_notice(struct __test_metadata *_metadata, struct kt_sock *sk,
			  struct kt_msg *msg, uint8_t cmd, uint32_t n)
{
	uint8_t key[KTLS_OCSP_KEY_LEN];

	kt_key(n, key);
	ASSERT_EQ(0, kt_next(sk, SOON, msg));
	EXPECT_EQ(cmd, msg->cmd);
	ASSERT_EQ(sizeof(key), kt_len(msg, KTLS_OCSP_A_KEY));
	EXPECT_EQ(0, memcmp(key, kt_data(msg, KTLS_OCSP_A_KEY), sizeof(key)));
	EXPECT_NE(NULL, msg->tb[KTLS_OCSP_A_SLOT]);
}

TEST_F(events, wanted_when_created)
{
	uint32_t slot;

	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, &slot));
	expect_wanted(1);
	EXPECT_EQ(slot, kt_u32(&self->msg, KTLS_OCSP_A_SLOT));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 1, NULL));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	expect_silence(wanted);
	expect_event(CREATED, 1);
	EXPECT_EQ(slot, kt_u32(&self->msg, KTLS_OCSP_A_SLOT));
	expect_silence(events);
}

TEST_F(events, not_wanted_when_set)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	expect_silence(wanted);
}

/* Who waits is heard, but not more than once a second. */
TEST_F(events, wanted_when_waiting)
{
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	expect_wanted(1);
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(0, kt_open_waiting(&self->sk, self->session, 1, NULL));
	expect_silence(wanted);
	kt_sleep_ms(1100);
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(0, kt_open_waiting(&self->sk, self->session, 1, NULL));
	expect_wanted(1);
	expect_silence(wanted);
}

TEST_F(events, not_wanted_when_there)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_open_waiting(&self->sk, self->session, 1, NULL));
	expect_silence(wanted);
}

/* One that was set by key alone and lost its blob is wanted as well. */
TEST_F(events, wanted_when_withdrawn)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 1, NULL));
	ASSERT_EQ(0, kt_del(&self->sk, -1, 1));
	ASSERT_EQ(0, kt_open_waiting(&self->sk, self->session, 1, NULL));
	expect_wanted(1);
}

TEST_F(events, updated)
{
	uint8_t data[KT_BLOB_MIN] = "";
	struct kt_blob blob = {
		.session = -1,
		.data = data,
		.len = sizeof(data),
		.this_update = kt_now() - 10,
		.next_update = kt_now() + KT_DAY,
	};
	uint64_t generation;

	ASSERT_EQ(0, kt_set(&self->sk, 1, &blob, &generation));
	expect_event(UPDATED, 1);
	EXPECT_EQ(generation, kt_u64(&self->msg, KTLS_OCSP_A_GENERATION));
	EXPECT_EQ(blob.this_update,
		  kt_s64(&self->msg, KTLS_OCSP_A_THIS_UPDATE));
	EXPECT_EQ(blob.next_update,
		  kt_s64(&self->msg, KTLS_OCSP_A_NEXT_UPDATE));
	ASSERT_NE(NULL, self->msg.tb[KTLS_OCSP_A_STATUS]);
	EXPECT_EQ(0, kt_u32(&self->msg, KTLS_OCSP_A_STATUS));
	blob.status = KTLS_OCSP_CERT_STATUS_UNKNOWN;
	ASSERT_EQ(0, kt_set(&self->sk, 1, &blob, &generation));
	expect_event(UPDATED, 1);
	EXPECT_EQ(2, kt_u32(&self->msg, KTLS_OCSP_A_STATUS));
	blob.status = KTLS_OCSP_CERT_STATUS_REVOKED;
	ASSERT_EQ(0, kt_set(&self->sk, 1, &blob, &generation));
	expect_event(REVOKED, 1);
	EXPECT_EQ(1, kt_u32(&self->msg, KTLS_OCSP_A_STATUS));
	EXPECT_EQ(generation, kt_u64(&self->msg, KTLS_OCSP_A_GENERATION));
	expect_silence(events);
}

TEST_F(events, failed)
{
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	expect_event(CREATED, 1);
	ASSERT_EQ(0, kt_fail(&self->sk, 1, "certificate expired"));
	expect_event(FAILED, 1);
	EXPECT_STREQ("certificate expired",
		     kt_data(&self->msg, KTLS_OCSP_A_FAILURE));
	EXPECT_NE(NULL, self->msg.tb[KTLS_OCSP_A_FAILURE_TIME]);
	EXPECT_EQ(1, kt_u32(&self->msg, KTLS_OCSP_A_FAILURES));
	expect_silence(events);
}

TEST_F(events, withdrawn)
{
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	expect_event(CREATED, 1);
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	expect_event(UPDATED, 1);
	ASSERT_EQ(0, kt_del(&self->sk, -1, 1));
	expect_event(WITHDRAWN, 1);
	ASSERT_EQ(0, kt_set_for(&self->sk, 2, KT_DAY));
	expect_event(UPDATED, 2);
	ASSERT_EQ(0, kt_del(&self->sk, -1, 2));
	expect_event(WITHDRAWN, 2);
	expect_event(REMOVED, 2);
	expect_silence(events);
}

/* What makes room is told apart from what was deleted. */
TEST_F(events, evicted)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	expect_event(UPDATED, 1);
	ASSERT_EQ(0, kt_sysctl("max_entries", 1));
	ASSERT_EQ(0, kt_set_for(&self->sk, 2, KT_DAY));
	expect_event(EVICTED, 1);
	expect_event(UPDATED, 2);
	expect_silence(events);
}

TEST_F(events, lingered_out)
{
	uint32_t slot;

	ASSERT_EQ(0, kt_sysctl("linger", 1));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, &slot));
	expect_event(CREATED, 1);
	ASSERT_EQ(0, kt_close(&self->sk, self->session, slot));
	expect_event(REMOVED, 1);
	EXPECT_EQ(-ENOENT, kt_get(&self->sk, -1, 1, 0, &self->msg));
	expect_silence(events);
}

/* Each has the next number, also when nobody listens for a while. */
TEST_F(events, numbered)
{
	uint64_t number = 0;

	for (uint32_t n = 0; n < 20; n++) {
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
		ASSERT_EQ(0, kt_del(&self->sk, -1, n));
	}
	while (!kt_next(&self->events, SOON, &self->msg)) {
		ASSERT_EQ(++number, kt_u64(&self->msg,
					   KTLS_OCSP_A_EVENT_NUMBER));
		if (number == 60)
			break;
	}
	EXPECT_EQ(60, number);
	kt_free(&self->events);
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	kt_new(&self->events);
	ASSERT_EQ(0, kt_join(&self->events, self->events.events));
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	expect_event(UPDATED, 1);
	EXPECT_EQ(62, kt_u64(&self->msg, KTLS_OCSP_A_EVENT_NUMBER));
}

TEST_F(events, in_order)
{
	for (uint32_t n = 0; n < 50; n++) {
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
		ASSERT_EQ(0, kt_del(&self->sk, -1, n));
	}
	for (uint32_t n = 0; n < 50; n++) {
		expect_event(UPDATED, n);
		expect_event(WITHDRAWN, n);
		expect_event(REMOVED, n);
	}
}

/* What was refused has not happened. */
TEST_F(events, silent_refusals)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	expect_event(UPDATED, 1);
	EXPECT_EQ(-ESTALE, kt_set_for(&self->sk, 1, -60));
	EXPECT_EQ(-ENOENT, kt_fail(&self->sk, 2, "no"));
	EXPECT_EQ(-ENOENT, kt_del(&self->sk, -1, 2));
	EXPECT_EQ(-ENOENT, kt_open_waiting(&self->sk, self->session, 2, NULL));
	EXPECT_EQ(-EBADF, kt_create(&self->sk, 0, 2, NULL));
	expect_silence(events);
	expect_silence(wanted);
}

/* A listener hears of its own network namespace's store, and of no other. */
TEST_F(events, other_namespace)
{
	struct kt_sock elsewhere;

	kt_new_netns();
	kt_new(&elsewhere);
	ASSERT_EQ(0, kt_set_for(&elsewhere, 1, KT_DAY));
	expect_silence(events);
	ASSERT_EQ(0, kt_create(&elsewhere, self->session, 2, NULL));
	expect_wanted(2);
	expect_event(CREATED, 2);
	ASSERT_EQ(0, kt_del(&elsewhere, self->session, 2));
	expect_event(WITHDRAWN, 2);
	expect_silence(events);
	kt_free(&elsewhere);
}

KT_HARNESS_MAIN
