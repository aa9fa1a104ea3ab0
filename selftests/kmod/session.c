// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * A session is a capability: what may be done through it follows the file
 * descriptor, whoever has it, and is charged to whom it was made for.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "ktest.h"
#include "kselftest_harness.h"

#define SOMEBODY	4711
#define PART		3

FIXTURE(session)
{
	struct kt_sock sk;
	struct kt_msg msg;
	int session;
	uint32_t slot;
};

FIXTURE_SETUP(session)
{
	kt_new_netns();
	kt_new(&self->sk);
	self->session = -1;
}

FIXTURE_TEARDOWN(session)
{
	close(self->session);
	kt_free(&self->sk);
}

/* A session with these flags (0: the attribute is not sent) and this owner. */
static int make(struct kt_sock *sk, uint32_t flags, const uint32_t *owner)
{
	struct kt_msg msg;
	struct kt_req req;
	int err;

	kt_begin(&req, sk, KTLS_OCSP_CMD_SESSION, NLM_F_ACK);
	if (flags)
		kt_put_u32(&req, KTLS_OCSP_A_SESSION_FLAGS, flags);
	if (owner)
		kt_put_u32(&req, KTLS_OCSP_A_OWNER, *owner);
	err = kt_call(sk, &req, &msg);
	return err ? err : (int)kt_u32(&msg, KTLS_OCSP_A_SESSION);
}

/* In a child: nobody, with a socket of his own; body's answer is the child's. */
static int as_nobody(int (*body)(struct kt_sock *sk, void *arg), void *arg)
{
	struct kt_sock sk;
	pid_t pid;

	pid = fork();
	if (!pid) {
		kt_become_nobody();
		kt_new(&sk);
		_exit(body(&sk, arg));
	}
	return kt_child_status(pid);
}

/* In a child: what went wrong, by the number of the line. */
static void need_at(bool met, int line)
{
	if (!met)
		_exit(line & 0xff);
}

#define need(condition)	need_at(condition, __LINE__)

static int creates(struct kt_sock *sk, void *arg)
{
	int session = *(int *)arg;
	uint32_t slot;

	need(!kt_create(sk, session, 1, &slot));
	need(!kt_create(sk, session, 1, NULL));
	need(!kt_close(sk, session, slot));
	need(kt_set_for(sk, 1, KT_DAY) == -EPERM);
	need(kt_del(sk, -1, 1) == -EPERM);
	need(kt_fail(sk, 1, "why") == -EPERM);
	/* Without that session he is as before. */
	need(kt_create(sk, kt_session(sk), 2, NULL) == -EPERM);
	need(kt_named(sk, 0));
	return 0;
}

TEST_F(session, creates)
{
	self->session = make(&self->sk, KTLS_OCSP_SESSION_FLAG_CREATE, NULL);
	ASSERT_LE(0, self->session);
	EXPECT_EQ(0, as_nobody(creates, &self->session));
	EXPECT_EQ(0, kt_get(&self->sk, -1, 1, 0, &self->msg));
	EXPECT_EQ(1, kt_u32(&self->msg, KTLS_OCSP_A_HANDLES));
	EXPECT_EQ(1, kt_count(&self->sk, -1));
}

static int does_not(struct kt_sock *sk, void *arg)
{
	need(kt_create(sk, *(int *)arg, 1, NULL) == -EPERM);
	need(kt_named(sk, 0));
	return 0;
}

TEST_F(session, without_the_flag)
{
	self->session = make(&self->sk, 0, NULL);
	ASSERT_LE(0, self->session);
	EXPECT_EQ(0, as_nobody(does_not, &self->session));
	EXPECT_EQ(0, kt_count(&self->sk, -1));
}

static int gets_neither(struct kt_sock *sk, void *arg)
{
	const uint32_t own = KT_NOBODY;

	(void)arg;
	need(make(sk, KTLS_OCSP_SESSION_FLAG_CREATE, NULL) == -EPERM);
	need(kt_named(sk, KTLS_OCSP_A_SESSION_FLAGS));
	need(make(sk, 0, &own) == -EPERM);
	need(kt_named(sk, KTLS_OCSP_A_OWNER));
	need(make(sk, 0, NULL) >= 0);
	return 0;
}

TEST_F(session, needs_the_capability)
{
	EXPECT_EQ(0, as_nobody(gets_neither, NULL));
}

TEST_F(session, unknown_flags)
{
	EXPECT_EQ(-EINVAL, make(&self->sk, 2, NULL));
	EXPECT_TRUE(kt_named(&self->sk, KTLS_OCSP_A_SESSION_FLAGS));
	EXPECT_EQ(-EINVAL, make(&self->sk, 1U << 31 | 1, NULL));
}

static int creates_its_share(struct kt_sock *sk, void *arg)
{
	int session = *(int *)arg;
	uint32_t slot;

	for (uint32_t n = 0; n < PART; n++)
		need(!kt_create(sk, session, n, &slot));
	need(kt_create(sk, session, PART, NULL) == -ENOSPC);
	need(kt_named(sk, 0));
	return 0;
}

/* What is created without the capability is out of its user's share. */
TEST_F(session, share_of_entries)
{
	ASSERT_EQ(0, kt_sysctl("max_entries_of_user", PART));
	self->session = make(&self->sk, KTLS_OCSP_SESSION_FLAG_CREATE, NULL);
	EXPECT_EQ(0, as_nobody(creates_its_share, &self->session));
	/* Who has the capability is not bounded by it, and pays for none. */
	EXPECT_EQ(0, kt_create(&self->sk, self->session, PART, NULL));
	/* What left the store is given back. */
	close(self->session);
	for (uint32_t n = 0; n <= PART; n++)
		ASSERT_EQ(0, kt_del(&self->sk, -1, n));
	self->session = make(&self->sk, KTLS_OCSP_SESSION_FLAG_CREATE, NULL);
	EXPECT_EQ(0, as_nobody(creates_its_share, &self->session));
}

TEST_F(session, share_of_bytes)
{
	ASSERT_EQ(0, kt_sysctl("max_bytes_of_user",
			       PART * (KT_CERT_LEN + sizeof(KT_ISSUER) - 1)));
	self->session = make(&self->sk, KTLS_OCSP_SESSION_FLAG_CREATE, NULL);
	EXPECT_EQ(0, as_nobody(creates_its_share, &self->session));
	EXPECT_EQ(PART, kt_count(&self->sk, -1));
}

/* What fills the part that is kept from him does not go for him. */
static int pushes_out_nothing(struct kt_sock *sk, void *arg)
{
	need(kt_create(sk, *(int *)arg, 100, NULL) == -ENOSPC);
	need(kt_named(sk, 0));
	return 0;
}

TEST_F(session, reserve)
{
	ASSERT_EQ(0, kt_sysctl("max_entries", 16));
	for (uint32_t n = 0; n < 16; n++)
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
	self->session = make(&self->sk, KTLS_OCSP_SESSION_FLAG_CREATE, NULL);
	EXPECT_EQ(0, as_nobody(pushes_out_nothing, &self->session));
	EXPECT_EQ(16, kt_count(&self->sk, -1));
}

/* Certificates come with what he creates, and not with what others did. */
static int brings_certificates(struct kt_sock *sk, void *arg)
{
	struct kt_msg msg;

	need(!kt_create(sk, *(int *)arg, 1, NULL));
	need(!kt_get(sk, -1, 1, KT_ALL_PARTS, &msg));
	need(!kt_len(&msg, KTLS_OCSP_A_ISSUER));
	return 0;
}

TEST_F(session, certificates_of_others)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	self->session = make(&self->sk, KTLS_OCSP_SESSION_FLAG_CREATE, NULL);
	EXPECT_EQ(0, as_nobody(brings_certificates, &self->session));
	EXPECT_EQ(0, kt_create(&self->sk, self->session, 1, NULL));
	EXPECT_EQ(0, kt_get(&self->sk, -1, 1, KT_ALL_PARTS, &self->msg));
	EXPECT_NE(0, kt_len(&self->msg, KTLS_OCSP_A_ISSUER));
}

/* The sessions made for him, and what is held through them, are his. */
TEST_F(session, owner)
{
	const uint32_t somebody = SOMEBODY, other = SOMEBODY + 1;
	int sessions[PART];

	ASSERT_EQ(0, kt_sysctl("max_sessions_of_user", PART));
	for (int i = 0; i < PART; i++) {
		sessions[i] = make(&self->sk, 0, &somebody);
		ASSERT_LE(0, sessions[i]);
	}
	EXPECT_EQ(-ENOSPC, make(&self->sk, 0, &somebody));
	EXPECT_TRUE(kt_named(&self->sk, 0));
	self->session = make(&self->sk, 0, &other);
	EXPECT_LE(0, self->session);
	EXPECT_LE(0, make(&self->sk, 0, NULL));
	close(sessions[0]);
	sessions[0] = make(&self->sk, 0, &somebody);
	EXPECT_LE(0, sessions[0]);

	ASSERT_EQ(0, kt_sysctl("max_handles_of_user", PART));
	for (uint32_t n = 0; n < PART; n++)
		ASSERT_EQ(0, kt_create(&self->sk, sessions[n], n, NULL));
	EXPECT_EQ(-ENOSPC, kt_create(&self->sk, sessions[0], PART, NULL));
	EXPECT_EQ(0, kt_create(&self->sk, self->session, PART, NULL));
}

TEST_F(session, owner_is_nobody)
{
	const uint32_t invalid = UINT32_MAX;

	EXPECT_EQ(-EINVAL, make(&self->sk, 0, &invalid));
	EXPECT_TRUE(kt_named(&self->sk, KTLS_OCSP_A_OWNER));
}

/* In a user namespace: only whom it knows, and all that is its owner's. */
static int owns_below(void)
{
	const uint32_t root = 0, unmapped = 1;
	struct kt_sock sk;

	kt_become_userns_root();
	kt_new(&sk);
	need(make(&sk, KTLS_OCSP_SESSION_FLAG_CREATE, &unmapped) == -EINVAL);
	need(kt_named(&sk, KTLS_OCSP_A_OWNER));
	need(make(&sk, KTLS_OCSP_SESSION_FLAG_CREATE, &root) >= 0);
	return 0;
}

TEST_F(session, owner_of_a_user_namespace)
{
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(owns_below());
	EXPECT_EQ(0, kt_child_status(pid));
}

struct inherited {
	int session;
	uint32_t slot;
	int pair[2];
};

/* By slot, with a socket of his own, which is in another network namespace. */
static int gets_by_slot(struct kt_sock *sk, void *arg)
{
	const struct inherited *inherited = arg;
	struct kt_msg msg;
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_GET, NLM_F_ACK);
	kt_put_u32(&req, KTLS_OCSP_A_SESSION, inherited->session);
	kt_put_u32(&req, KTLS_OCSP_A_SLOT, inherited->slot);
	need(!kt_call(sk, &req, &msg));
	need(kt_blob_ok(kt_data(&msg, KTLS_OCSP_A_BLOB),
			kt_len(&msg, KTLS_OCSP_A_BLOB)));
	/* He takes no handle for it. */
	need(kt_u32(&msg, KTLS_OCSP_A_HANDLES) == 1);
	return 0;
}

/* What a child inherits of it, with a socket between the two */
static void hold_one(struct __test_metadata *_metadata,
		     FIXTURE_DATA(session) *self, struct inherited *inherited)
{
	self->session = kt_session(&self->sk);
	ASSERT_LE(0, self->session);
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 7, &self->slot));
	ASSERT_EQ(0, kt_set_for(&self->sk, 7, KT_DAY));
	inherited->session = self->session;
	inherited->slot = self->slot;
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, inherited->pair));
}

TEST_F(session, get_in_a_child)
{
	struct inherited inherited;

	hold_one(_metadata, self, &inherited);
	EXPECT_EQ(0, as_nobody(gets_by_slot, &inherited));
}

static int gets_after_the_parent(struct kt_sock *sk, void *arg)
{
	struct inherited *inherited = arg;
	char byte;

	/* Returns when the parent has closed its own. */
	need(!read(inherited->pair[1], &byte, 1));
	return gets_by_slot(sk, arg);
}

/* The session lives as long as a child has it, and so does what it holds. */
TEST_F(session, get_when_the_parent_has_closed)
{
	struct inherited inherited;
	pid_t pid;

	hold_one(_metadata, self, &inherited);
	pid = fork();
	if (!pid) {
		close(inherited.pair[0]);
		_exit(as_nobody(gets_after_the_parent, &inherited));
	}
	close(inherited.pair[1]);
	close(self->session);
	self->session = -1;
	close(inherited.pair[0]);
	EXPECT_EQ(0, kt_child_status(pid));
}

static int gets_what_is_sent(struct kt_sock *sk, void *arg)
{
	struct inherited *inherited = arg;

	close(inherited->session);
	kt_new_netns();
	kt_free(sk);
	kt_new(sk);
	inherited->session = kt_recv_fd(inherited->pair[1]);
	return gets_by_slot(sk, arg);
}

/* To a stranger, who has it from a socket alone, in another namespace. */
TEST_F(session, get_of_a_session_that_was_sent)
{
	struct inherited inherited;
	pid_t pid;

	hold_one(_metadata, self, &inherited);
	kt_send_fd(inherited.pair[0], self->session);
	pid = fork();
	if (!pid) {
		struct kt_sock sk;

		kt_new(&sk);
		_exit(gets_what_is_sent(&sk, &inherited));
	}
	EXPECT_EQ(0, kt_child_status(pid));
}

KT_HARNESS_MAIN
