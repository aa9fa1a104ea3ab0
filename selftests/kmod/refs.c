// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Handles: every open and ref needs one close, and the session's last close
 * ends what is left, however the processes that share it come and go.
 */
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

#include "ktest.h"
#include "kselftest_harness.h"
#include "named.h"

#define MANY	1000

FIXTURE(refs)
{
	struct kt_sock sk;
	struct kt_msg msg;
	int session;
	uint32_t slot;
};

FIXTURE_SETUP(refs)
{
	kt_new_netns();
	kt_new(&self->sk);
	self->session = kt_session(&self->sk);
	ASSERT_LE(0, self->session);
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 0, &self->slot));
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
}

FIXTURE_TEARDOWN(refs)
{
	close(self->session);
	kt_free(&self->sk);
}

/* How many sessions hold entry n; -1: it is not there. */
static int holders(struct kt_sock *sk, uint32_t n)
{
	struct kt_msg msg;

	if (kt_get(sk, -1, n, 0, &msg))
		return -1;
	return kt_u32(&msg, KTLS_OCSP_A_HANDLES);
}

#define expect_not_held(session)					\
	do {								\
		EXPECT_EQ(-ENOENT, kt_close(&self->sk, session,		\
					    self->slot));		\
		EXPECT_TRUE(is_named(&self->sk, KTLS_OCSP_A_SLOT));	\
		EXPECT_EQ(-ENOENT, kt_ref(&self->sk, session,		\
					  self->slot));			\
		EXPECT_TRUE(is_named(&self->sk, KTLS_OCSP_A_SLOT));	\
	} while (0)

static int take(struct kt_sock *sk, int session, uint32_t *slot, bool by_ref)
{
	return by_ref ? kt_ref(sk, session, *slot) :
			kt_open(sk, session, 0, slot);
}

/* A bit of the order for each step: one more, or one less. */
static void run_order(struct __test_metadata *_metadata, struct kt_sock *sk,
		      uint32_t order)
{
	int session = kt_session(sk);
	uint32_t slot = 0, held = 0;

	for (int step = 0; step < 10; step++, order >>= 1) {
		if (held && !(order & 1)) {
			ASSERT_EQ(0, kt_close(sk, session, slot));
			held--;
		} else {
			ASSERT_EQ(0, take(sk, session, &slot, held && step % 2));
			held++;
		}
		ASSERT_EQ(1 + !!held, holders(sk, 0));
	}
	for (; held; held--)
		ASSERT_EQ(0, kt_close(sk, session, slot));
	ASSERT_EQ(-ENOENT, kt_close(sk, session, slot));
	ASSERT_EQ(1, holders(sk, 0));
	close(session);
}

TEST_F_TIMEOUT(refs, every_order, 120)
{
	for (uint32_t order = 0; order < 1 << 9; order++)
		run_order(_metadata, &self->sk, order);
}

TEST_F(refs, closed_once_too_often)
{
	uint64_t before;

	ASSERT_EQ(0, kt_ref(&self->sk, self->session, self->slot));
	ASSERT_EQ(0, kt_close(&self->sk, self->session, self->slot));
	ASSERT_EQ(0, kt_close(&self->sk, self->session, self->slot));
	before = kt_snapshot(&self->sk);
	for (int i = 0; i < 3; i++)
		expect_not_held(self->session);
	EXPECT_EQ(before, kt_snapshot(&self->sk));
	EXPECT_EQ(0, holders(&self->sk, 0));
	EXPECT_EQ(0, kt_open(&self->sk, self->session, 0, NULL));
	EXPECT_EQ(1, holders(&self->sk, 0));
}

/* One session cannot close what another one holds. */
TEST_F(refs, sessions_are_apart)
{
	int other = kt_session(&self->sk);

	expect_not_held(other);
	EXPECT_EQ(1, holders(&self->sk, 0));
	ASSERT_EQ(0, kt_open(&self->sk, other, 0, NULL));
	EXPECT_EQ(2, holders(&self->sk, 0));
	ASSERT_EQ(0, kt_close(&self->sk, self->session, self->slot));
	expect_not_held(self->session);
	EXPECT_EQ(1, holders(&self->sk, 0));
	close(other);
	EXPECT_EQ(0, holders(&self->sk, 0));
}

/* A slot that was given up and taken by another entry is not held. */
TEST_F(refs, slot_used_again)
{
	int other = kt_session(&self->sk);
	uint32_t slot = 0;

	ASSERT_EQ(0, kt_close(&self->sk, self->session, self->slot));
	ASSERT_EQ(0, kt_del(&self->sk, -1, 0));
	for (uint32_t n = 1; n < 4; n++)
		ASSERT_EQ(0, kt_create(&self->sk, other, n, &slot));
	expect_not_held(self->session);
	EXPECT_EQ(1, holders(&self->sk, 1));
	close(other);
}

TEST_F(refs, many_counts)
{
	for (int i = 0; i < 5000; i++)
		ASSERT_EQ(0, kt_ref(&self->sk, self->session, self->slot));
	EXPECT_EQ(1, holders(&self->sk, 0));
	for (int i = 0; i < 5000; i++)
		ASSERT_EQ(0, kt_close(&self->sk, self->session, self->slot));
	EXPECT_EQ(1, holders(&self->sk, 0));
	ASSERT_EQ(0, kt_close(&self->sk, self->session, self->slot));
	expect_not_held(self->session);
}

static void add_holders(const struct kt_msg *msg, void *arg)
{
	*(unsigned long *)arg += kt_u32(msg, KTLS_OCSP_A_HANDLES);
}

static unsigned long all_handles(struct kt_sock *sk)
{
	unsigned long sum;

	do {
		sum = 0;
	} while (kt_dump(sk, -1, add_holders, &sum) > 0);
	return sum;
}

/* The dying process's files are closed some time after wait() returns. */
static bool handles_become(struct kt_sock *sk, unsigned long sum)
{
	int64_t end = kt_uptime_ms() + 1000;

	while (all_handles(sk) != sum) {
		if (kt_uptime_ms() > end)
			return false;
		kt_sleep_ms(20);
	}
	return true;
}

static void hold_many(int ready)
{
	struct kt_sock sk;
	int session;

	kt_new(&sk);
	session = kt_session(&sk);
	for (uint32_t n = 0; n < MANY; n++)
		if (kt_create(&sk, session, n, NULL))
			_exit(1);
	if (write(ready, "", 1) != 1)
		_exit(1);
	pause();
}

TEST_F_TIMEOUT(refs, killed, 60)
{
	int ready[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid)
		hold_many(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ(1 + MANY, all_handles(&self->sk));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_TRUE(handles_become(&self->sk, 1));
	EXPECT_EQ(MANY, kt_count(&self->sk, -1));
}

static void send_session(int unix_fd)
{
	struct kt_sock sk;
	int session;

	kt_new(&sk);
	session = kt_session(&sk);
	if (kt_open(&sk, session, 0, NULL))
		_exit(1);
	kt_send_fd(unix_fd, session);
	_exit(0);
}

/* Another process' session, which has ended, is under way to pair[0]. */
static bool send_and_end(int pair[2])
{
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return false;
	pid = fork();
	if (!pid)
		send_session(pair[1]);
	return waitpid(pid, NULL, 0) == pid;
}

/* A session is a file: it lives as long as anyone has it, or it is under way. */
TEST_F(refs, passed_on)
{
	int pair[2], session;

	ASSERT_TRUE(send_and_end(pair));
	EXPECT_EQ(2, holders(&self->sk, 0));
	session = kt_recv_fd(pair[0]);
	EXPECT_EQ(2, holders(&self->sk, 0));
	EXPECT_EQ(0, kt_ref(&self->sk, session, self->slot));
	EXPECT_EQ(0, kt_close(&self->sk, session, self->slot));
	EXPECT_EQ(0, kt_close(&self->sk, session, self->slot));
	EXPECT_EQ(1, holders(&self->sk, 0));
	expect_not_held(session);
	close(session);
}

TEST_F(refs, lost_under_way)
{
	int pair[2];

	ASSERT_TRUE(send_and_end(pair));
	EXPECT_EQ(2, holders(&self->sk, 0));
	close(pair[0]);
	close(pair[1]);
	EXPECT_TRUE(handles_become(&self->sk, 1));
}

/* From another network namespace a session still leads to its own store. */
TEST_F(refs, from_another_namespace)
{
	struct kt_sock elsewhere;
	uint32_t slot;

	kt_new_netns();
	kt_new(&elsewhere);
	ASSERT_EQ(0, kt_open(&elsewhere, self->session, 0, &slot));
	EXPECT_EQ(self->slot, slot);
	EXPECT_EQ(0, kt_get(&elsewhere, self->session, 0, 1, &self->msg));
	EXPECT_TRUE(kt_blob_ok(kt_data(&self->msg, KTLS_OCSP_A_BLOB),
			       kt_len(&self->msg, KTLS_OCSP_A_BLOB)));
	EXPECT_EQ(1, kt_count(&elsewhere, self->session));
	EXPECT_EQ(0, kt_count(&elsewhere, -1));
	EXPECT_EQ(0, kt_close(&elsewhere, self->session, slot));
	EXPECT_EQ(0, kt_close(&elsewhere, self->session, slot));
	EXPECT_EQ(0, holders(&self->sk, 0));
	kt_free(&elsewhere);
}

/* What "ocspctl show -j" of this network namespace says matches a pattern. */
static bool ocspctl_says(const char *pattern)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "\"$(dirname \"$(readlink /proc/%d/exe)\")\"/../lib/ocspctl show -j | tr -d ' \\n' | grep -Eq '%s'",
		 (int)getpid(), pattern);
	return !system(command);
}

static void use_elsewhere(int unix_fd)
{
	int session = kt_recv_fd(unix_fd);
	struct kt_sock sk;

	kt_new_netns();
	kt_new(&sk);
	if (kt_open(&sk, session, 0, NULL) || !ocspctl_says("^\\[\\]$"))
		_exit(1);
	if (write(unix_fd, "", 1) != 1)
		_exit(1);
	pause();
}

/* A container that was lent a session shows in its host's store, as a person sees it. */
TEST_F(refs, lent_and_shown)
{
	int pair[2], session = kt_session(&self->sk);
	char byte;
	pid_t pid;

	ASSERT_LE(0, session);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	EXPECT_TRUE(ocspctl_says("\"handles\":1[,}]"));
	pid = fork();
	if (!pid)
		use_elsewhere(pair[1]);
	close(pair[1]);
	kt_send_fd(pair[0], session);
	close(session);
	ASSERT_EQ(1, read(pair[0], &byte, 1));
	EXPECT_TRUE(ocspctl_says("\"handles\":2[,}]"));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_TRUE(ocspctl_says("\"handles\":1[,}]"));
}

TEST_F(refs, dup)
{
	int copy = dup(self->session);

	ASSERT_EQ(0, kt_ref(&self->sk, copy, self->slot));
	close(self->session);
	EXPECT_EQ(1, holders(&self->sk, 0));
	EXPECT_EQ(0, kt_close(&self->sk, copy, self->slot));
	EXPECT_EQ(0, kt_close(&self->sk, copy, self->slot));
	expect_not_held(copy);
	EXPECT_EQ(0, kt_open(&self->sk, copy, 0, NULL));
	close(copy);
	EXPECT_EQ(0, holders(&self->sk, 0));
}

/* A child's copy is the same session, and its death ends nothing. */
TEST_F(refs, fork)
{
	struct kt_sock sk;
	pid_t pid;

	pid = fork();
	if (!pid) {
		kt_new(&sk);
		EXPECT_EQ(0, kt_ref(&sk, self->session, self->slot));
		raise(SIGKILL);
	}
	EXPECT_EQ(128 + SIGKILL, kt_child_status(pid));
	EXPECT_EQ(1, holders(&self->sk, 0));
	EXPECT_EQ(0, kt_close(&self->sk, self->session, self->slot));
	EXPECT_EQ(0, kt_close(&self->sk, self->session, self->slot));
	expect_not_held(self->session);
}

static void outlive(int go, int done, int session)
{
	struct kt_sock sk;
	char byte;

	kt_new(&sk);
	if (read(go, &byte, 1) != 1 || kt_open(&sk, session, 0, NULL) ||
	    write(done, "", 1) != 1)
		_exit(1);
	read(go, &byte, 1);
	_exit(0);
}

TEST_F(refs, fork_outlives_parent)
{
	int go[2], done[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, pipe(done));
	pid = fork();
	if (!pid)
		outlive(go[0], done[1], self->session);
	close(self->session);
	EXPECT_EQ(1, holders(&self->sk, 0));
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(1, read(done[0], &byte, 1));
	EXPECT_EQ(1, holders(&self->sk, 0));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_TRUE(handles_become(&self->sk, 0));
}

/* exec() ends a session: its fd is close-on-exec. */
TEST_F(refs, exec)
{
	int session = kt_session(&self->sk);
	pid_t pid;

	ASSERT_EQ(0, kt_open(&self->sk, session, 0, NULL));
	pid = fork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", "test -e /proc/self/fd/$1", "sh",
		      (char[]){ '0' + session / 10, '0' + session % 10, 0 },
		      NULL);
		_exit(2);
	}
	EXPECT_EQ(1, kt_child_status(pid));
	close(session);
	EXPECT_EQ(1, holders(&self->sk, 0));
}

KT_HARNESS_MAIN
