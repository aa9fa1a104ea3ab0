// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * A dump of 10,000 entries while a writer is at work: what was there from
 * start to end is met exactly once, and a dump that the writer disturbed says
 * so (NLM_F_DUMP_INTR).
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "ktest.h"
#include "kselftest_harness.h"

#define STABLE		9000	/* entries that the writer leaves alone */
#define MOVING		1000	/* entries that come and go */
#define DUMPS		6

struct seen {
	uint8_t keys[STABLE + MOVING][KTLS_OCSP_KEY_LEN];
	size_t stable;		/* how often one of these was met */
	size_t moving;
	size_t strange;		/* neither, or no metadata */
	uint8_t times[STABLE + MOVING];
};

FIXTURE(dump)
{
	struct kt_sock sk;
	struct seen *seen;
};

static void fill(struct __test_metadata *_metadata, struct kt_sock *sk)
{
	for (uint32_t n = 0; n < STABLE + MOVING; n++)
		ASSERT_EQ(0, kt_set_for(sk, n, KT_DAY));
}

FIXTURE_SETUP(dump)
{
	kt_new_netns();
	kt_new(&self->sk);
	self->seen = kt_shared(sizeof(*self->seen));
	for (uint32_t n = 0; n < STABLE + MOVING; n++)
		kt_key(n, self->seen->keys[n]);
	fill(_metadata, &self->sk);
}

FIXTURE_TEARDOWN(dump)
{
	kt_free(&self->sk);
}

/* The slot tells where a key is: an entry that is not touched keeps it. */
static void meet(const struct kt_msg *msg, void *arg)
{
	uint32_t slot = kt_u32(msg, KTLS_OCSP_A_SLOT);
	struct seen *seen = arg;
	const void *key = kt_data(msg, KTLS_OCSP_A_KEY);

	if (kt_len(msg, KTLS_OCSP_A_KEY) != KTLS_OCSP_KEY_LEN ||
	    kt_len(msg, KTLS_OCSP_A_BLOB) || !msg->tb[KTLS_OCSP_A_STATE]) {
		seen->strange++;
	} else if (slot < STABLE &&
		   !memcmp(seen->keys[slot], key, KTLS_OCSP_KEY_LEN)) {
		seen->stable++;
		seen->times[slot]++;
	} else {
		seen->moving++;
	}
}

static int dump(struct kt_sock *sk, struct seen *seen)
{
	memset(seen->times, 0, sizeof(seen->times));
	seen->stable = 0;
	seen->moving = 0;
	seen->strange = 0;
	return kt_dump(sk, -1, meet, seen);
}

static size_t not_once(const struct seen *seen)
{
	size_t wrong = 0;

	for (size_t n = 0; n < STABLE; n++)
		wrong += seen->times[n] != 1;
	return wrong;
}

static bool slots_follow_numbers(struct kt_sock *sk)
{
	struct kt_msg msg;

	return !kt_get(sk, -1, 0, 0, &msg) &&
	       kt_u32(&msg, KTLS_OCSP_A_SLOT) == 0 &&
	       !kt_get(sk, -1, STABLE - 1, 0, &msg) &&
	       kt_u32(&msg, KTLS_OCSP_A_SLOT) == STABLE - 1;
}

TEST_F_TIMEOUT(dump, quiet, 120)
{
	ASSERT_TRUE(slots_follow_numbers(&self->sk));
	EXPECT_EQ(0, dump(&self->sk, self->seen));
	EXPECT_EQ(STABLE, self->seen->stable);
	EXPECT_EQ(MOVING, self->seen->moving);
	EXPECT_EQ(0, self->seen->strange);
	EXPECT_EQ(0, not_once(self->seen));
}

/* Replaces the blobs of some, and deletes and creates others. */
static void write_for_ever(void)
{
	struct kt_sock sk;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	kt_new(&sk);
	for (uint32_t i = 0;; i++) {
		uint32_t moving = STABLE + i * 7 % MOVING;

		kt_set_for(&sk, i * 13 % STABLE, KT_DAY);
		if (kt_del(&sk, -1, moving) == -ENOENT)
			kt_set_for(&sk, moving, KT_DAY);
	}
}

TEST_F_TIMEOUT(dump, disturbed, 300)
{
	int disturbed = 0;
	pid_t writer;

	ASSERT_TRUE(slots_follow_numbers(&self->sk));
	writer = fork();
	if (!writer)
		write_for_ever();
	for (int i = 0; i < DUMPS; i++) {
		int ret = dump(&self->sk, self->seen);

		ASSERT_LE(0, ret);
		disturbed += ret;
		EXPECT_EQ(STABLE, self->seen->stable);
		EXPECT_EQ(0, not_once(self->seen));
		EXPECT_EQ(0, self->seen->strange);
		EXPECT_GE(2 * MOVING, self->seen->moving);
	}
	EXPECT_LT(0, disturbed);
	kill(writer, SIGKILL);
	EXPECT_EQ(writer, waitpid(writer, NULL, 0));
	EXPECT_EQ(0, dump(&self->sk, self->seen));
	EXPECT_EQ(STABLE, self->seen->stable);
	EXPECT_GE(MOVING, self->seen->moving);
}

/* A reader that stops in the middle holds nothing up. */
TEST_F_TIMEOUT(dump, abandoned, 120)
{
	struct kt_sock reader;
	struct kt_req req;
	char buf[512];

	for (int i = 0; i < 20; i++) {
		kt_new(&reader);
		kt_begin(&req, &reader, KTLS_OCSP_CMD_GET, NLM_F_DUMP);
		ASSERT_LT(0, send(reader.fd, &req, req.nlh.nlmsg_len, 0));
		ASSERT_LT(0, recv(reader.fd, buf, sizeof(buf), 0));
		ASSERT_EQ(0, kt_set_for(&self->sk, i, KT_DAY));
		kt_free(&reader);
	}
	EXPECT_EQ(STABLE + MOVING, kt_count(&self->sk, -1));
}

/* A dump of a session's store, while that session is being closed. */
TEST_F_TIMEOUT(dump, session_goes_away, 120)
{
	int session = kt_session(&self->sk);
	struct kt_sock reader;
	struct kt_req req;
	ssize_t len;
	char buf[32768];
	int packets = 0;

	kt_new(&reader);
	kt_begin(&req, &reader, KTLS_OCSP_CMD_GET, NLM_F_DUMP);
	kt_put_u32(&req, KTLS_OCSP_A_SESSION, session);
	ASSERT_LT(0, send(reader.fd, &req, req.nlh.nlmsg_len, 0));
	close(session);
	do {
		len = recv(reader.fd, buf, sizeof(buf), 0);
		ASSERT_LT(0, len);
		packets++;
	} while (((struct nlmsghdr *)buf)->nlmsg_type == reader.family);
	EXPECT_LT(1, packets);
	EXPECT_EQ(NLMSG_DONE, ((struct nlmsghdr *)buf)->nlmsg_type);
	kt_free(&reader);
}

KT_HARNESS_MAIN
