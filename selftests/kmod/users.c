// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one user id may take of a store that all users of the host share: its
 * part of the sessions and handles, so that others find theirs.
 */
#include <sys/socket.h>

#include "ktest.h"
#include "kselftest_harness.h"

#define PART		3
#define RESPONSES	(2 * PART)

FIXTURE(users)
{
	struct kt_sock sk;
};

FIXTURE_SETUP(users)
{
	kt_new_netns();
	kt_new(&self->sk);
	for (uint32_t n = 0; n < RESPONSES; n++)
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
}

FIXTURE_TEARDOWN(users)
{
	kt_free(&self->sk);
}

#define expect_full(sk, call)						\
	do {								\
		EXPECT_EQ(-ENOSPC, call);				\
		EXPECT_NE('\0', (sk)->text[0]);				\
	} while (0)

/* Runs body as another user, while this one keeps what it took. */
static void as_other_user(struct __test_metadata *_metadata,
			  void (*body)(struct __test_metadata *_metadata,
				       struct kt_sock *sk))
{
	struct kt_sock sk;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		kt_become_nobody();
		kt_new(&sk);
		body(_metadata, &sk);
		_exit(0);
	}
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

static void take_sessions(struct __test_metadata *_metadata, struct kt_sock *sk)
{
	int first = kt_session(sk);

	EXPECT_LE(0, first);
	for (int i = 1; i < PART; i++)
		EXPECT_LE(0, kt_session(sk));
	expect_full(sk, kt_session(sk));
	close(first);
	EXPECT_LE(0, kt_session(sk));
	expect_full(sk, kt_session(sk));
}

TEST_F(users, sessions)
{
	ASSERT_EQ(0, kt_sysctl("max_sessions_of_user", PART));
	take_sessions(_metadata, &self->sk);
	as_other_user(_metadata, take_sessions);
	as_other_user(_metadata, take_sessions);
	expect_full(&self->sk, kt_session(&self->sk));
}

/* Over all sessions of the user. */
static void take_handles(struct __test_metadata *_metadata, struct kt_sock *sk)
{
	int sessions[2] = { kt_session(sk), kt_session(sk) };
	uint32_t slot;

	for (uint32_t n = 0; n < PART; n++)
		EXPECT_EQ(0, kt_open(sk, sessions[n % 2], n, &slot));
	expect_full(sk, kt_open(sk, sessions[0], PART, NULL));
	expect_full(sk, kt_open(sk, sessions[1], PART, NULL));
	EXPECT_EQ(0, kt_open(sk, sessions[0], 0, NULL));
	EXPECT_EQ(0, kt_close(sk, sessions[(PART - 1) % 2], slot));
	EXPECT_EQ(0, kt_open(sk, sessions[1], PART, NULL));
	expect_full(sk, kt_open(sk, sessions[0], PART + 1, NULL));
}

TEST_F(users, handles)
{
	ASSERT_EQ(0, kt_sysctl("max_handles_of_user", PART));
	take_handles(_metadata, &self->sk);
	as_other_user(_metadata, take_handles);
	as_other_user(_metadata, take_handles);
}

static void expect_store_full(struct __test_metadata *_metadata,
			      struct kt_sock *sk)
{
	EXPECT_LE(0, kt_session(sk));
	expect_full(sk, kt_session(sk));
}

/* A user's part gives no right to more than the store has left. */
TEST_F(users, store_comes_first)
{
	ASSERT_EQ(0, kt_sysctl("max_sessions", PART + 1));
	ASSERT_EQ(0, kt_sysctl("max_sessions_of_user", PART));
	take_sessions(_metadata, &self->sk);
	as_other_user(_metadata, expect_store_full);
}

static void give_session(int unix_fd)
{
	struct kt_sock sk;

	kt_become_nobody();
	kt_new(&sk);
	kt_send_fd(unix_fd, kt_session(&sk));
	_exit(0);
}

/* A session is of the user who made it, whoever has it now. */
TEST_F(users, lent_session)
{
	int pair[2], session;
	pid_t pid;

	ASSERT_EQ(0, kt_sysctl("max_sessions_of_user", 1));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	if (!pid)
		give_session(pair[1]);
	session = kt_recv_fd(pair[0]);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_LE(0, kt_session(&self->sk));
	expect_full(&self->sk, kt_session(&self->sk));
	EXPECT_EQ(0, kt_open(&self->sk, session, 0, NULL));
	close(session);
	expect_full(&self->sk, kt_session(&self->sk));
}

KT_HARNESS_MAIN
