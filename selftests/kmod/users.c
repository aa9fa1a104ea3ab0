// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What one user id may take of a store that all users of the host share: its
 * part of the sessions and handles, so that others find theirs.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

#include "as_nobody.h"

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
	as_nobody(_metadata, take_sessions, NULL);
	as_nobody(_metadata, take_sessions, NULL);
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
	as_nobody(_metadata, take_handles, NULL);
	as_nobody(_metadata, take_handles, NULL);
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
	as_nobody(_metadata, expect_store_full, NULL);
}

static void take_most(struct __test_metadata *_metadata, struct kt_sock *sk)
{
	for (int i = 0; i < 14; i++)
		EXPECT_LE(0, kt_session(sk));
	expect_full(sk, kt_session(sk));
}

/* The last eighth is for who has CAP_NET_ADMIN. */
TEST_F(users, reserve)
{
	int pair[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(pair));
	ASSERT_EQ(0, kt_sysctl("max_sessions", 16));
	pid = fork();
	if (!pid) {
		struct kt_sock sk;

		kt_become_nobody();
		kt_new(&sk);
		take_most(_metadata, &sk);
		close(pair[1]);
		pause();
	}
	close(pair[1]);
	EXPECT_EQ(0, read(pair[0], &c, 1));
	EXPECT_LE(0, kt_session(&self->sk));
	EXPECT_LE(0, kt_session(&self->sk));
	expect_full(&self->sk, kt_session(&self->sk));
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
}

#define IDS	4

/* In a user namespace of nobody's: a session from each of its ids. */
static void be_many(int ready, int go, int *got)
{
	char c;

	kt_become_nobody();
	if (unshare(CLONE_NEWUSER) || write(ready, "", 1) != 1 ||
	    read(go, &c, 1) != 1)
		_exit(1);
	for (int id = 0; id < IDS; id++) {
		pid_t pid = fork();

		if (!pid) {
			struct kt_sock sk;

			if (setresuid(id, id, id))
				_exit(1);
			kt_new(&sk);
			while (*got < IDS * PART && kt_session(&sk) >= 0)
				++*got;
			pause();
		}
		kt_sleep_ms(300);
	}
	pause();
}

static bool map_ids(pid_t pid)
{
	char path[64], map[64];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	snprintf(map, sizeof(map), "0 100000 %d\n", IDS);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, map, strlen(map)) == (ssize_t)strlen(map);
	close(fd);
	return ok;
}

/* A user is one, however many ids he has in a user namespace of his own. */
TEST_F(users, many_ids)
{
	int ready[2], go[2], *got = kt_shared(sizeof(*got));
	int64_t end;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, kt_sysctl("max_sessions_of_user", PART));
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		be_many(ready[1], go[0], got);
	}
	setpgid(pid, pid);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_TRUE(map_ids(pid));
	ASSERT_EQ(1, write(go[1], "", 1));
	end = kt_uptime_ms() + 3000;
	while (kt_uptime_ms() < end)
		kt_sleep_ms(100);
	EXPECT_EQ(PART, *got);
	kill(-pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
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
