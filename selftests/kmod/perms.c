// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Who may do what: anyone may open, hold and read what is there; to create,
 * set and delete takes CAP_NET_ADMIN over the store's network namespace.
 */
#include <sys/socket.h>

#include "as_nobody.h"

#define HERE	1
#define ABSENT	2

FIXTURE(perms)
{
	struct kt_sock sk;
	uint64_t before;
};

FIXTURE_SETUP(perms)
{
	kt_new_netns();
	kt_new(&self->sk);
	ASSERT_EQ(0, kt_set_for(&self->sk, HERE, KT_DAY));
	self->before = kt_snapshot(&self->sk);
}

FIXTURE_TEARDOWN(perms)
{
	kt_free(&self->sk);
}

static void read_and_hold(struct __test_metadata *_metadata, struct kt_sock *sk)
{
	int session = kt_session(sk);
	struct kt_msg msg;
	uint32_t slot;

	EXPECT_LE(0, session);
	EXPECT_EQ(0, kt_open(sk, session, HERE, &slot));
	EXPECT_EQ(0, kt_create(sk, session, HERE, &slot));
	EXPECT_EQ(0, kt_ref(sk, session, slot));
	EXPECT_EQ(0, kt_get(sk, session, HERE, KT_ALL_PARTS, &msg));
	EXPECT_TRUE(kt_blob_ok(kt_data(&msg, KTLS_OCSP_A_BLOB),
			       kt_len(&msg, KTLS_OCSP_A_BLOB)));
	EXPECT_EQ(1, kt_count(sk, -1));
	EXPECT_EQ(1, kt_count(sk, session));
	EXPECT_EQ(0, kt_close(sk, session, slot));
	EXPECT_EQ(0, kt_join(sk, sk->events));
}

static void expect_eperm(struct __test_metadata *_metadata,
			 struct kt_sock *sk, int err, const char *what)
{
	EXPECT_EQ(-EPERM, err) TH_LOG("%s", what);
	EXPECT_NE('\0', sk->text[0]) TH_LOG("%s: no text", what);
}

static void try_to_write(struct __test_metadata *_metadata, struct kt_sock *sk)
{
	int session = kt_session(sk);

	EXPECT_LE(0, session);
	expect_eperm(_metadata, sk, kt_create(sk, session, ABSENT, NULL),
		     "create");
	expect_eperm(_metadata, sk, kt_set_for(sk, HERE, KT_DAY), "set");
	expect_eperm(_metadata, sk, kt_set_for(sk, ABSENT, KT_DAY), "set new");
	expect_eperm(_metadata, sk, kt_fail(sk, HERE, "no"), "set failure");
	expect_eperm(_metadata, sk, kt_del(sk, -1, HERE), "del");
	expect_eperm(_metadata, sk, kt_del(sk, session, HERE), "del in session");
}

static void try_to_listen(struct __test_metadata *_metadata, struct kt_sock *sk)
{
	EXPECT_EQ(-EPERM, kt_join(sk, sk->wanted));
}

TEST_F(perms, anyone_reads_and_holds)
{
	as_nobody(_metadata, read_and_hold, NULL);
	EXPECT_EQ(self->before, kt_snapshot(&self->sk));
}

TEST_F(perms, nobody_writes)
{
	as_nobody(_metadata, try_to_write, NULL);
	EXPECT_EQ(self->before, kt_snapshot(&self->sk));
}

/* The kernel's PF_SUPERPRIV: a capability was asked for, and was there. */
#define USED_PRIVILEGE	0x100

static bool used_privilege(void)
{
	unsigned int flags = 0;
	char line[512] = "";
	FILE *file;

	file = fopen("/proc/self/stat", "re");
	if (!file || !fgets(line, sizeof(line), file) ||
	    sscanf(strrchr(line, ')') ?: "", ") %*c %*d %*d %*d %*d %*d %u",
		   &flags) != 1)
		_exit(127);
	fclose(file);
	return flags & USED_PRIVILEGE;
}

/* Privilege is not asked for, and so not audited, where nothing is created. */
TEST_F(perms, privilege_is_asked_for_to_create)
{
	int session = kt_session(&self->sk);
	uint32_t slot;
	pid_t pid;

	ASSERT_LE(0, session);
	ASSERT_EQ(0, kt_create(&self->sk, session, HERE, NULL));
	/* A child has not used any yet. */
	pid = fork();
	if (!pid) {
		EXPECT_FALSE(used_privilege());
		EXPECT_EQ(0, kt_create(&self->sk, session, HERE, &slot));
		EXPECT_EQ(0, kt_close(&self->sk, session, slot));
		EXPECT_FALSE(used_privilege());
		EXPECT_EQ(0, kt_create(&self->sk, session, ABSENT, &slot));
		EXPECT_TRUE(used_privilege());
		_exit(0);
	}
	EXPECT_EQ(0, kt_child_status(pid));
}

TEST_F(perms, nobody_hears_wanted)
{
	as_nobody(_metadata, try_to_listen, NULL);
}

/* A socket that root opened lends no privilege to who inherits it ... */
TEST_F(perms, roots_socket)
{
	as_nobody(_metadata, try_to_write, &self->sk);
	EXPECT_EQ(self->before, kt_snapshot(&self->sk));
}

static void send_socket(int unix_fd)
{
	struct kt_sock sk;

	kt_become_nobody();
	kt_new(&sk);
	kt_send_fd(unix_fd, sk.fd);
	_exit(0);
}

/* ... and one that nobody opened is not trusted in root's hands. */
TEST_F(perms, nobodys_socket)
{
	struct kt_sock sk = self->sk;
	int pair[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	if (!pid)
		send_socket(pair[1]);
	sk.fd = kt_recv_fd(pair[0]);
	try_to_write(_metadata, &sk);
	kt_free(&sk);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(self->before, kt_snapshot(&self->sk));
}

/* Nor does a session that root made, or an entry that root created. */
TEST_F(perms, roots_session)
{
	int session = kt_session(&self->sk);
	struct kt_sock sk;
	pid_t pid;

	ASSERT_LE(0, session);
	pid = fork();
	if (!pid) {
		kt_become_nobody();
		kt_new(&sk);
		EXPECT_EQ(0, kt_open(&sk, session, HERE, NULL));
		expect_eperm(_metadata, &sk,
			     kt_create(&sk, session, ABSENT, NULL), "create");
		expect_eperm(_metadata, &sk, kt_del(&sk, session, HERE), "del");
		_exit(0);
	}
	EXPECT_EQ(0, kt_child_status(pid));
	close(session);
	EXPECT_EQ(self->before, kt_snapshot(&self->sk));
}

KT_HARNESS_MAIN
