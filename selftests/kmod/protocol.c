// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What each command does when it is not refused: what it answers, what stays
 * in the store, and that a blob comes back byte by byte.
 */
#include <fcntl.h>

#include "ktest.h"
#include "kselftest_harness.h"

#define YEAR_9999	253402300799

FIXTURE(protocol)
{
	struct kt_sock sk;
	struct kt_msg msg;
	int session;
};

FIXTURE_SETUP(protocol)
{
	kt_new_netns();
	kt_new(&self->sk);
	self->session = kt_session(&self->sk);
	ASSERT_GE(self->session, 0);
}

FIXTURE_TEARDOWN(protocol)
{
	close(self->session);
	kt_free(&self->sk);
}

static struct kt_blob some_blob(const uint8_t *data, size_t len)
{
	return (struct kt_blob){
		.session = -1,
		.data = data,
		.len = len,
		.this_update = kt_now() - KT_DAY,
		.next_update = kt_now() + KT_DAY,
	};
}

static bool key_is(const struct kt_msg *msg, uint32_t n)
{
	uint8_t key[KTLS_OCSP_KEY_LEN];

	kt_key(n, key);
	return kt_len(msg, KTLS_OCSP_A_KEY) == sizeof(key) &&
	       !memcmp(kt_data(msg, KTLS_OCSP_A_KEY), key, sizeof(key));
}

TEST_F(protocol, session)
{
	struct kt_req req;

	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_SESSION, 0);
	ASSERT_EQ(0, kt_call(&self->sk, &req, &self->msg));
	EXPECT_EQ(KTLS_OCSP_CMD_SESSION, self->msg.cmd);
	EXPECT_EQ(600, kt_u32(&self->msg, KTLS_OCSP_A_MIN_VALIDITY));
	EXPECT_EQ(FD_CLOEXEC,
		  fcntl(kt_u32(&self->msg, KTLS_OCSP_A_SESSION), F_GETFD));
}

/* The board has one layout so far: whatever newer one a client knows. */
TEST_F(protocol, session_tells_board_version)
{
	static const uint32_t versions[] = { 1, 2, UINT32_MAX };
	struct kt_req req;

	for (int i = 0; i < 3; i++) {
		kt_begin(&req, &self->sk, KTLS_OCSP_CMD_SESSION, 0);
		kt_put_u32(&req, KTLS_OCSP_A_BOARD_VERSION, versions[i]);
		ASSERT_EQ(0, kt_call(&self->sk, &req, &self->msg));
		EXPECT_EQ(1, kt_u32(&self->msg, KTLS_OCSP_A_BOARD_VERSION));
	}
	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_SESSION, 0);
	kt_put_u32(&req, KTLS_OCSP_A_BOARD_VERSION, 0);
	EXPECT_EQ(-ERANGE, kt_call(&self->sk, &req, &self->msg));
	EXPECT_TRUE(kt_named(&self->sk, KTLS_OCSP_A_BOARD_VERSION));
}

TEST_F(protocol, session_tells_min_validity)
{
	struct kt_req req;

	ASSERT_EQ(0, kt_sysctl("min_validity", 30));
	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_SESSION, 0);
	ASSERT_EQ(0, kt_call(&self->sk, &req, &self->msg));
	EXPECT_EQ(30, kt_u32(&self->msg, KTLS_OCSP_A_MIN_VALIDITY));
}

/* A table of fds that is full must cost no session. */
TEST_F(protocol, session_without_fd)
{
	long sessions = kt_sysctl_get("max_sessions");
	int last, fd;

	ASSERT_EQ(0, kt_sysctl("max_sessions", 2));
	last = dup(0);
	while ((fd = dup(0)) >= 0)
		last = fd;
	EXPECT_EQ(-EMFILE, kt_session(&self->sk));
	close(last);
	EXPECT_EQ(last, kt_session(&self->sk));
	kt_sysctl("max_sessions", sessions);
}

TEST_F(protocol, open_creates)
{
	uint8_t der[KT_CERT_LEN];
	struct kt_req req;

	kt_cert(1, der);
	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_OPEN, 0);
	kt_put_u32(&req, KTLS_OCSP_A_SESSION, self->session);
	kt_put(&req, KTLS_OCSP_A_CERTIFICATE, der, sizeof(der));
	kt_put(&req, KTLS_OCSP_A_ISSUER, KT_ISSUER, strlen(KT_ISSUER));
	ASSERT_EQ(0, kt_call(&self->sk, &req, &self->msg));
	EXPECT_EQ(KTLS_OCSP_CMD_OPEN, self->msg.cmd);
	EXPECT_TRUE(key_is(&self->msg, 1));
	EXPECT_NE(NULL, self->msg.tb[KTLS_OCSP_A_SLOT]);
	EXPECT_EQ(0, kt_u64(&self->msg, KTLS_OCSP_A_GENERATION));
	EXPECT_EQ(KTLS_OCSP_STATE_PENDING,
		  kt_u32(&self->msg, KTLS_OCSP_A_STATE));
	EXPECT_EQ(NULL, self->msg.tb[KTLS_OCSP_A_REFRESHER]);
	EXPECT_EQ(1, kt_count(&self->sk, -1));
}

/* The same certificate has the same slot, for every session and spelling. */
TEST_F(protocol, open_finds)
{
	int other = kt_session(&self->sk);
	uint32_t slots[4];

	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, &slots[0]));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 1, &slots[1]));
	ASSERT_EQ(0, kt_create(&self->sk, other, 1, &slots[2]));
	ASSERT_EQ(0, kt_open(&self->sk, other, 1, &slots[3]));
	for (int i = 1; i < 4; i++)
		EXPECT_EQ(slots[0], slots[i]);
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, 0, &self->msg));
	EXPECT_EQ(2, kt_u32(&self->msg, KTLS_OCSP_A_HANDLES));
	EXPECT_EQ(slots[0], kt_u32(&self->msg, KTLS_OCSP_A_SLOT));
}

/* Told for what was just created, or is waited for: up to a second late. */
static bool has_refresher(struct kt_sock *sk, int session, uint32_t n)
{
	struct kt_msg msg;

	return !kt_open_waiting(sk, session, n, &msg) &&
	       msg.tb[KTLS_OCSP_A_REFRESHER];
}

TEST_F(protocol, open_tells_refresher)
{
	struct kt_sock listener;

	kt_new(&listener);
	ASSERT_EQ(0, kt_join(&listener, listener.wanted));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	EXPECT_TRUE(has_refresher(&self->sk, self->session, 1));
	kt_free(&listener);
	kt_sleep_ms(1100);
	EXPECT_FALSE(has_refresher(&self->sk, self->session, 1));
}

/* Who listens in another network namespace refreshes nothing here. */
TEST_F(protocol, refresher_elsewhere)
{
	struct kt_sock listener;

	kt_new_netns();
	kt_new(&listener);
	ASSERT_EQ(0, kt_join(&listener, listener.wanted));
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	EXPECT_FALSE(has_refresher(&self->sk, self->session, 1));
	kt_free(&listener);
}

TEST_F(protocol, metadata)
{
	uint8_t data[200];
	struct kt_blob blob = some_blob(data, sizeof(data));
	uint64_t generation;

	kt_blob(data, sizeof(data), 1);
	blob.status = KTLS_OCSP_CERT_STATUS_UNKNOWN;
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	ASSERT_EQ(0, kt_set(&self->sk, 1, &blob, &generation));
	EXPECT_EQ(1, generation);
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, 0, &self->msg));
	EXPECT_EQ(KTLS_OCSP_CMD_GET, self->msg.cmd);
	EXPECT_TRUE(key_is(&self->msg, 1));
	EXPECT_EQ(KTLS_OCSP_STATE_VALID, kt_u32(&self->msg, KTLS_OCSP_A_STATE));
	EXPECT_EQ(1, kt_u32(&self->msg, KTLS_OCSP_A_HANDLES));
	EXPECT_EQ(1, kt_u64(&self->msg, KTLS_OCSP_A_GENERATION));
	EXPECT_EQ(blob.status, kt_u32(&self->msg, KTLS_OCSP_A_STATUS));
	EXPECT_EQ(blob.this_update,
		  kt_s64(&self->msg, KTLS_OCSP_A_THIS_UPDATE));
	EXPECT_EQ(blob.next_update,
		  kt_s64(&self->msg, KTLS_OCSP_A_NEXT_UPDATE));
	EXPECT_EQ(sizeof(data), kt_u32(&self->msg, KTLS_OCSP_A_BLOB_LEN));
	EXPECT_LE(kt_now() - 5, kt_s64(&self->msg, KTLS_OCSP_A_STORED));
	EXPECT_GE(kt_now(), kt_s64(&self->msg, KTLS_OCSP_A_STORED));
	EXPECT_EQ(NULL, self->msg.tb[KTLS_OCSP_A_BLOB]);
	EXPECT_EQ(NULL, self->msg.tb[KTLS_OCSP_A_CERTIFICATE]);
	EXPECT_EQ(NULL, self->msg.tb[KTLS_OCSP_A_FAILURE]);
}

static void get_slot(struct __test_metadata *_metadata, struct kt_sock *sk,
		     int session, uint32_t slot, struct kt_msg *msg)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_GET, 0);
	kt_put_u32(&req, KTLS_OCSP_A_SESSION, session);
	kt_put_u32(&req, KTLS_OCSP_A_SLOT, slot);
	EXPECT_EQ(0, kt_call(sk, &req, msg));
}

/* By key, by session and key, by session and slot: one entry. */
TEST_F(protocol, get_three_ways)
{
	uint32_t slot;

	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, &slot));
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, 1, &self->msg));
	EXPECT_EQ(slot, kt_u32(&self->msg, KTLS_OCSP_A_SLOT));
	EXPECT_EQ(100, kt_len(&self->msg, KTLS_OCSP_A_BLOB));
	ASSERT_EQ(0, kt_get(&self->sk, self->session, 1, 1, &self->msg));
	EXPECT_EQ(100, kt_len(&self->msg, KTLS_OCSP_A_BLOB));
	get_slot(_metadata, &self->sk, self->session, slot, &self->msg);
	EXPECT_TRUE(key_is(&self->msg, 1));
	EXPECT_EQ(100, kt_len(&self->msg, KTLS_OCSP_A_BLOB));
}

TEST_F(protocol, certificates)
{
	uint8_t der[KT_CERT_LEN];

	kt_cert(1, der);
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, KTLS_OCSP_PART_CERTIFICATES,
			    &self->msg));
	EXPECT_EQ(NULL, self->msg.tb[KTLS_OCSP_A_BLOB]);
	ASSERT_EQ(sizeof(der), kt_len(&self->msg, KTLS_OCSP_A_CERTIFICATE));
	EXPECT_EQ(0, memcmp(der, kt_data(&self->msg, KTLS_OCSP_A_CERTIFICATE),
			    sizeof(der)));
	ASSERT_EQ(strlen(KT_ISSUER), kt_len(&self->msg, KTLS_OCSP_A_ISSUER));
	EXPECT_EQ(0, memcmp(KT_ISSUER, kt_data(&self->msg, KTLS_OCSP_A_ISSUER),
			    strlen(KT_ISSUER)));
}

/* An entry that a set made by key alone gets them from whoever has them. */
TEST_F(protocol, certificates_come_later)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, KT_ALL_PARTS, &self->msg));
	EXPECT_EQ(NULL, self->msg.tb[KTLS_OCSP_A_CERTIFICATE]);
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, KT_ALL_PARTS, &self->msg));
	EXPECT_EQ(KT_CERT_LEN, kt_len(&self->msg, KTLS_OCSP_A_CERTIFICATE));
	EXPECT_EQ(100, kt_len(&self->msg, KTLS_OCSP_A_BLOB));
}

TEST_F(protocol, largest_certificates)
{
	static uint8_t der[KTLS_OCSP_CERT_MAX];
	struct kt_req req;

	memset(der, 0x30, sizeof(der));
	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_OPEN, 0);
	kt_put_u32(&req, KTLS_OCSP_A_SESSION, self->session);
	kt_put(&req, KTLS_OCSP_A_CERTIFICATE, der, sizeof(der));
	kt_put(&req, KTLS_OCSP_A_ISSUER, der, sizeof(der));
	ASSERT_EQ(0, kt_call(&self->sk, &req, &self->msg));
	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_GET, 0);
	kt_put(&req, KTLS_OCSP_A_KEY, kt_data(&self->msg, KTLS_OCSP_A_KEY),
	       KTLS_OCSP_KEY_LEN);
	kt_put_u32(&req, KTLS_OCSP_A_PARTS, KTLS_OCSP_PART_CERTIFICATES);
	ASSERT_EQ(0, kt_call(&self->sk, &req, &self->msg));
	ASSERT_EQ(sizeof(der), kt_len(&self->msg, KTLS_OCSP_A_ISSUER));
	EXPECT_EQ(0, memcmp(der, kt_data(&self->msg, KTLS_OCSP_A_ISSUER),
			    sizeof(der)));
}

/* Blobs of the sizes where a length wraps, or a page or an order ends. */
TEST_F(protocol, blob_sizes)
{
	static const size_t sizes[] = {
		1, 2, 3, 4, 5, 4095, 4096, 4097, 16384, 32767, 32768, 65526,
		KTLS_OCSP_BLOB_MAX,
	};
	static uint8_t data[KTLS_OCSP_BLOB_MAX];
	struct kt_blob blob = some_blob(data, 0);

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i * 251 + (i >> 8);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		blob.len = sizes[i];
		ASSERT_EQ(0, kt_set(&self->sk, 1, &blob, NULL));
		ASSERT_EQ(0, kt_get(&self->sk, -1, 1, KTLS_OCSP_PART_BLOB,
				    &self->msg));
		ASSERT_EQ(sizes[i], kt_len(&self->msg, KTLS_OCSP_A_BLOB));
		EXPECT_EQ(sizes[i], kt_u32(&self->msg, KTLS_OCSP_A_BLOB_LEN));
		EXPECT_EQ(0, memcmp(kt_data(&self->msg, KTLS_OCSP_A_BLOB),
				    data, sizes[i]));
	}
}

/* The largest of everything fits into one answer. */
TEST_F(protocol, largest_answer)
{
	static uint8_t data[KTLS_OCSP_BLOB_MAX], der[KTLS_OCSP_CERT_MAX];
	struct kt_blob blob = some_blob(data, sizeof(data));
	char reason[KTLS_OCSP_FAILURE_MAX + 1];
	struct kt_req req;

	memset(reason, 'r', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_SET, 0);
	kt_put(&req, KTLS_OCSP_A_CERTIFICATE, der, sizeof(der));
	kt_put(&req, KTLS_OCSP_A_ISSUER, der, sizeof(der));
	kt_put_blob(&req, &blob);
	ASSERT_EQ(0, kt_call(&self->sk, &req, &self->msg));
	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_SET, 0);
	kt_put(&req, KTLS_OCSP_A_KEY, kt_data(&self->msg, KTLS_OCSP_A_KEY),
	       KTLS_OCSP_KEY_LEN);
	kt_put_str(&req, KTLS_OCSP_A_FAILURE, reason);
	ASSERT_EQ(0, kt_call(&self->sk, &req, &self->msg));
	kt_begin(&req, &self->sk, KTLS_OCSP_CMD_GET, 0);
	kt_put(&req, KTLS_OCSP_A_KEY, kt_data(&self->msg, KTLS_OCSP_A_KEY),
	       KTLS_OCSP_KEY_LEN);
	kt_put_u32(&req, KTLS_OCSP_A_PARTS, KT_ALL_PARTS);
	ASSERT_EQ(0, kt_call(&self->sk, &req, &self->msg));
	EXPECT_EQ(sizeof(data), kt_len(&self->msg, KTLS_OCSP_A_BLOB));
	EXPECT_EQ(sizeof(der), kt_len(&self->msg, KTLS_OCSP_A_CERTIFICATE));
	EXPECT_EQ(sizeof(der), kt_len(&self->msg, KTLS_OCSP_A_ISSUER));
	EXPECT_STREQ(reason, kt_data(&self->msg, KTLS_OCSP_A_FAILURE));
}

/* Every stored blob has a number of its own, in the whole store. */
TEST_F(protocol, generations)
{
	uint8_t data[KT_BLOB_MIN];
	struct kt_blob blob = some_blob(data, sizeof(data));
	uint64_t generation, last = 0;

	kt_blob(data, sizeof(data), 1);
	for (int i = 0; i < 6; i++) {
		ASSERT_EQ(0, kt_set(&self->sk, i % 2, &blob, &generation));
		EXPECT_EQ(last + 1, generation);
		last = generation;
	}
	ASSERT_EQ(0, kt_del(&self->sk, -1, 0));
	ASSERT_EQ(0, kt_set(&self->sk, 0, &blob, &generation));
	EXPECT_EQ(last + 1, generation);
}

/* As new as what is stored is new enough; and the year 9999 may be reached. */
TEST_F(protocol, times_at_the_edge)
{
	uint8_t data[KT_BLOB_MIN] = "";
	struct kt_blob blob = some_blob(data, sizeof(data));

	blob.this_update = 0;
	blob.next_update = YEAR_9999;
	ASSERT_EQ(0, kt_set(&self->sk, 1, &blob, NULL));
	ASSERT_EQ(0, kt_set(&self->sk, 1, &blob, NULL));
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, 0, &self->msg));
	EXPECT_EQ(YEAR_9999, kt_s64(&self->msg, KTLS_OCSP_A_NEXT_UPDATE));
	EXPECT_EQ(0, kt_s64(&self->msg, KTLS_OCSP_A_THIS_UPDATE));
	blob.this_update = kt_now() + KTLS_OCSP_CLOCK_TOLERANCE;
	ASSERT_EQ(0, kt_set(&self->sk, 1, &blob, NULL));
}

TEST_F(protocol, failures)
{
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	ASSERT_EQ(0, kt_fail(&self->sk, 1, "connection refused"));
	ASSERT_EQ(0, kt_fail(&self->sk, 1, "no route to host"));
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, 0, &self->msg));
	EXPECT_EQ(KTLS_OCSP_STATE_FAILED,
		  kt_u32(&self->msg, KTLS_OCSP_A_STATE));
	EXPECT_STREQ("no route to host",
		     kt_data(&self->msg, KTLS_OCSP_A_FAILURE));
	EXPECT_EQ(2, kt_u32(&self->msg, KTLS_OCSP_A_FAILURES));
	EXPECT_LE(kt_now() - 5, kt_s64(&self->msg, KTLS_OCSP_A_FAILURE_TIME));
	EXPECT_EQ(-ENODATA, kt_get(&self->sk, -1, 1, 1, &self->msg));
	EXPECT_NE('\0', self->sk.text[0]);
}

/* A failure takes nothing away, and a blob ends the failures. */
TEST_F(protocol, failure_keeps_the_blob)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_fail(&self->sk, 1, "timed out"));
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, 1, &self->msg));
	EXPECT_EQ(KTLS_OCSP_STATE_VALID, kt_u32(&self->msg, KTLS_OCSP_A_STATE));
	EXPECT_EQ(1, kt_u32(&self->msg, KTLS_OCSP_A_FAILURES));
	EXPECT_TRUE(kt_blob_ok(kt_data(&self->msg, KTLS_OCSP_A_BLOB),
			       kt_len(&self->msg, KTLS_OCSP_A_BLOB)));
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, 0, &self->msg));
	EXPECT_EQ(0, kt_u32(&self->msg, KTLS_OCSP_A_FAILURES));
	EXPECT_EQ(NULL, self->msg.tb[KTLS_OCSP_A_FAILURE]);
}

TEST_F(protocol, del_unheld)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_del(&self->sk, -1, 1));
	EXPECT_EQ(0, kt_count(&self->sk, -1));
	EXPECT_EQ(-ENOENT, kt_get(&self->sk, -1, 1, 0, &self->msg));
}

/* A held entry stays, without blob, under the slot that its holders know. */
TEST_F(protocol, del_held)
{
	uint32_t slot, again;

	ASSERT_EQ(0, kt_create(&self->sk, self->session, 1, &slot));
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_del(&self->sk, -1, 1));
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, 0, &self->msg));
	EXPECT_EQ(KTLS_OCSP_STATE_WITHDRAWN,
		  kt_u32(&self->msg, KTLS_OCSP_A_STATE));
	EXPECT_EQ(0, kt_u64(&self->msg, KTLS_OCSP_A_GENERATION));
	EXPECT_EQ(-ENODATA, kt_get(&self->sk, -1, 1, 1, &self->msg));
	EXPECT_NE('\0', self->sk.text[0]);
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 1, &again));
	EXPECT_EQ(slot, again);
	ASSERT_EQ(0, kt_get(&self->sk, -1, 1, 1, &self->msg));
	EXPECT_EQ(KTLS_OCSP_STATE_VALID, kt_u32(&self->msg, KTLS_OCSP_A_STATE));
}

/* The writer's commands act on the store of the session that they carry. */
TEST_F(protocol, session_names_the_store)
{
	struct kt_sock elsewhere;
	uint8_t data[KT_BLOB_MIN];
	struct kt_blob blob = some_blob(data, sizeof(data));

	kt_blob(data, sizeof(data), 1);
	kt_new_netns();
	kt_new(&elsewhere);
	blob.session = self->session;
	EXPECT_EQ(0, kt_set(&elsewhere, 1, &blob, NULL));
	EXPECT_EQ(0, kt_count(&elsewhere, -1));
	EXPECT_EQ(1, kt_count(&elsewhere, self->session));
	EXPECT_EQ(1, kt_count(&self->sk, -1));
	EXPECT_EQ(0, kt_get(&elsewhere, self->session, 1, 1, &self->msg));
	EXPECT_EQ(-ENOENT, kt_get(&elsewhere, -1, 1, 0, &self->msg));
	EXPECT_EQ(0, kt_del(&elsewhere, self->session, 1));
	EXPECT_EQ(0, kt_count(&self->sk, -1));
	kt_free(&elsewhere);
}

KT_HARNESS_MAIN
