// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Root in a user namespace: rules the stores of the network namespaces that
 * it owns, and no other; cannot lift its limits, nor evade them by making more
 * namespaces.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "ktest.h"
#include "kselftest_harness.h"

#define NAMESPACES	6
#define SHARE		10	/* of each resource, for all together */
#define BLOB_BYTES	1000

static const char * const sums[] = {
	"userns_max_entries", "userns_max_bytes", "userns_max_sessions",
	"userns_max_handles", "userns_max_entries_of_user",
	"userns_max_bytes_of_user", "userns_max_sessions_of_user",
	"userns_max_handles_of_user",
};

#define SUMS	ARRAY_SIZE(sums)

/* What one namespace got of each, and why it got no more. */
struct got {
	int done;
	int entries, blobs, sessions, handles;
	int refusal;
	char text[256];
};

FIXTURE(userns)
{
	struct kt_sock sk;
	struct kt_msg msg;
	int initial_netns;
	long saved[SUMS];
	struct got *got;
};

FIXTURE_SETUP(userns)
{
	self->initial_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	/* Where this is not the initial network namespace, nobody may try. */
	kt_new(&self->sk);
	kt_free(&self->sk);
	if (kt_sysctl_get(sums[0]) < 0)
		SKIP(return, "not in the initial network namespace");
	for (size_t i = 0; i < SUMS; i++)
		self->saved[i] = kt_sysctl_get(sums[i]);
	self->got = kt_shared(NAMESPACES * sizeof(*self->got));
	kt_new_netns();
	kt_new(&self->sk);
}

/* In the parent, so also for a test that dies; it may be here as well. */
FIXTURE_TEARDOWN_PARENT(userns)
{
	setns(self->initial_netns, CLONE_NEWNET);
	for (size_t i = 0; i < SUMS; i++)
		kt_sysctl(sums[i], self->saved[i]);
}

static void set_sum(FIXTURE_DATA(userns) *self, const char *name, long value)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	setns(self->initial_netns, CLONE_NEWNET);
	kt_sysctl(name, value);
	setns(here, CLONE_NEWNET);
	close(here);
}

TEST_F(userns, rules_its_own)
{
	struct kt_sock sk;
	int session;
	pid_t pid;

	pid = fork();
	if (!pid) {
		kt_become_userns_root();
		kt_new(&sk);
		session = kt_session(&sk);
		EXPECT_LE(0, session);
		EXPECT_EQ(0, kt_create(&sk, session, 0, NULL));
		EXPECT_EQ(0, kt_set_for(&sk, 0, KT_DAY));
		EXPECT_EQ(0, kt_fail(&sk, 0, "no"));
		EXPECT_EQ(0, kt_get(&sk, session, 0, 1, &self->msg));
		EXPECT_EQ(0, kt_join(&sk, sk.wanted));
		EXPECT_EQ(0, kt_del(&sk, session, 0));
		_exit(0);
	}
	EXPECT_EQ(0, kt_child_status(pid));
	EXPECT_EQ(0, kt_count(&self->sk, -1));
}

#define expect_eperm(sk, call)						\
	do {								\
		EXPECT_EQ(-EPERM, call);				\
		EXPECT_NE('\0', (sk)->text[0]);				\
	} while (0)

/* A session of the host that is lent to it may be read, and no more. */
TEST_F(userns, not_the_hosts)
{
	int session = kt_session(&self->sk);
	struct kt_sock sk;
	uint64_t before;
	uint8_t data[KT_BLOB_MIN];
	struct kt_blob blob = {
		.session = session,
		.data = data,
		.len = sizeof(data),
		.this_update = kt_now(),
		.next_update = kt_now() + KT_DAY,
	};
	pid_t pid;

	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	before = kt_snapshot(&self->sk);
	pid = fork();
	if (!pid) {
		kt_become_userns_root();
		kt_new(&sk);
		EXPECT_EQ(0, kt_open(&sk, session, 0, NULL));
		EXPECT_EQ(0, kt_get(&sk, session, 0, 1, &self->msg));
		EXPECT_EQ(0, kt_close(&sk, session,
				      kt_u32(&self->msg, KTLS_OCSP_A_SLOT)));
		expect_eperm(&sk, kt_create(&sk, session, 1, NULL));
		expect_eperm(&sk, kt_set(&sk, 0, &blob, NULL));
		expect_eperm(&sk, kt_del(&sk, session, 0));
		_exit(0);
	}
	EXPECT_EQ(0, kt_child_status(pid));
	EXPECT_EQ(before, kt_snapshot(&self->sk));
}

static void lend_session(int unix_fd, int go)
{
	struct kt_sock sk;
	char byte;

	kt_become_userns_root();
	kt_new(&sk);
	kt_send_fd(unix_fd, kt_session(&sk));
	_exit(read(go, &byte, 1) == 1 ? kt_count(&sk, -1) : 99);
}

/* The host's root has its capabilities in every namespace below. */
TEST_F(userns, the_host_rules_it)
{
	int pair[2], go[2], session;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	if (!pid)
		lend_session(pair[1], go[0]);
	session = kt_recv_fd(pair[0]);
	EXPECT_EQ(0, kt_create(&self->sk, session, 0, NULL));
	EXPECT_EQ(0, kt_count(&self->sk, -1));
	ASSERT_EQ(1, write(go[1], "", 1));
	EXPECT_EQ(1, kt_child_status(pid));
}

TEST_F(userns, sysctls_are_read_only)
{
	const struct kt_tunable *t;
	char path[128];
	struct stat st;
	pid_t pid;

	pid = fork();
	if (!pid) {
		kt_become_userns_root();
		for (t = kt_tunables; t->name; t++) {
			snprintf(path, sizeof(path),
				 "/proc/sys/net/ktls_ocsp/%s", t->name);
			EXPECT_EQ(t->value, kt_sysctl_get(t->name));
			EXPECT_EQ(-EACCES, kt_sysctl(t->name, 1));
			EXPECT_EQ(0, stat(path, &st));
			EXPECT_EQ(0444, st.st_mode & 0777);
		}
		for (size_t i = 0; i < SUMS; i++)
			EXPECT_EQ(-ENOENT, kt_sysctl_get(sums[i]));
		_exit(0);
	}
	EXPECT_EQ(0, kt_child_status(pid));
}

/* Takes what it can get, one resource at a time, and holds it. */
static void take_entries(struct kt_sock *sk, struct got *got)
{
	int session = kt_session(sk);

	while (got->entries <= SHARE &&
	       !(got->refusal = kt_create(sk, session, got->entries, NULL)))
		got->entries++;
}

static void take_blobs(struct kt_sock *sk, struct got *got)
{
	static uint8_t data[BLOB_BYTES];
	struct kt_blob blob = {
		.session = -1,
		.data = data,
		.len = sizeof(data),
		.next_update = kt_now() + KT_DAY,
	};
	int session = kt_session(sk);

	while (got->blobs <= SHARE &&
	       !(got->refusal = kt_set(sk, got->blobs, &blob, NULL))) {
		kt_open(sk, session, got->blobs, NULL);
		got->blobs++;
	}
}

static void take_sessions(struct kt_sock *sk, struct got *got)
{
	while (got->sessions <= SHARE) {
		got->refusal = kt_session(sk);
		if (got->refusal < 0)
			break;
		got->sessions++;
	}
}

static void take_handles(struct kt_sock *sk, struct got *got)
{
	kt_set_for(sk, 0, KT_DAY);
	while (got->handles <= SHARE) {
		int session = kt_session(sk);

		got->refusal = kt_open(sk, session, 0, NULL);
		if (got->refusal)
			break;
		got->handles++;
	}
}

typedef void (*take_fn)(struct kt_sock *sk, struct got *got);

static void be_greedy(take_fn take, struct got *got)
{
	struct kt_sock sk;

	kt_become_userns_root();
	kt_new(&sk);
	take(&sk, got);
	memcpy(got->text, sk.text, sizeof(got->text));
	__atomic_store_n(&got->done, 1, __ATOMIC_SEQ_CST);
	pause();
}

static void start_greedy(take_fn take, struct got *got, pid_t pids[NAMESPACES])
{
	memset(got, 0, NAMESPACES * sizeof(*got));
	for (int i = 0; i < NAMESPACES; i++) {
		pids[i] = fork();
		if (!pids[i])
			be_greedy(take, &got[i]);
		while (!__atomic_load_n(&got[i].done, __ATOMIC_SEQ_CST) &&
		       waitpid(pids[i], NULL, WNOHANG) == 0)
			kt_sleep_ms(5);
	}
}

static void end_greedy(const pid_t pids[NAMESPACES])
{
	for (int i = 0; i < NAMESPACES; i++) {
		kill(pids[i], SIGKILL);
		kt_child_status(pids[i]);
	}
}

static int sum_of(const struct got *got, size_t member)
{
	int sum = 0;

	for (int i = 0; i < NAMESPACES; i++)
		sum += *(const int *)((const char *)&got[i] + member);
	return sum;
}

/* The host goes on, whatever the users took. */
static void host_is_well(struct __test_metadata *_metadata, struct kt_sock *sk)
{
	int session = kt_session(sk);

	EXPECT_LE(0, session);
	for (uint32_t n = 0; n < 2 * SHARE; n++) {
		EXPECT_EQ(0, kt_create(sk, session, n, NULL));
		EXPECT_EQ(0, kt_set_for(sk, n, KT_DAY));
	}
	EXPECT_EQ(2 * SHARE, kt_count(sk, -1));
	close(session);
	for (uint32_t n = 0; n < 2 * SHARE; n++)
		kt_del(sk, -1, n);
}

/* Waits for what died before: namespaces are taken down some time later. */
static void take_share(take_fn take, struct got *got, pid_t pids[NAMESPACES],
		       size_t member)
{
	int64_t end = kt_uptime_ms() + 20000;

	for (;;) {
		start_greedy(take, got, pids);
		if (sum_of(got, member) >= SHARE || kt_uptime_ms() > end)
			return;
		end_greedy(pids);
		kt_sleep_ms(200);
	}
}

/* All the namespaces get SHARE together; then, when they die, others do. */
static void share_out(struct __test_metadata *_metadata,
		      FIXTURE_DATA(userns) *self, take_fn take, size_t member)
{
	struct got *got = self->got;
	pid_t pids[NAMESPACES];

	for (int i = 0; i < 2; i++) {
		take_share(take, got, pids, member);
		EXPECT_EQ(SHARE, sum_of(got, member));
		EXPECT_EQ(-ENOSPC, got[NAMESPACES - 1].refusal);
		EXPECT_NE('\0', got[NAMESPACES - 1].text[0]);
		host_is_well(_metadata, &self->sk);
		end_greedy(pids);
	}
}

TEST_F_TIMEOUT(userns, sum_of_entries, 90)
{
	set_sum(self, "userns_max_entries", SHARE);
	share_out(_metadata, self, take_entries,
		  offsetof(struct got, entries));
}

TEST_F_TIMEOUT(userns, sum_of_bytes, 90)
{
	set_sum(self, "userns_max_bytes", SHARE * BLOB_BYTES);
	share_out(_metadata, self, take_blobs, offsetof(struct got, blobs));
}

TEST_F_TIMEOUT(userns, sum_of_sessions, 90)
{
	set_sum(self, "userns_max_sessions", SHARE);
	share_out(_metadata, self, take_sessions,
		  offsetof(struct got, sessions));
}

TEST_F_TIMEOUT(userns, sum_of_handles, 90)
{
	set_sum(self, "userns_max_handles", SHARE);
	share_out(_metadata, self, take_handles,
		  offsetof(struct got, handles));
}

/* All of them are one user's, so his share ends what they get. */
TEST_F_TIMEOUT(userns, share_of_entries, 90)
{
	set_sum(self, "userns_max_entries_of_user", SHARE);
	share_out(_metadata, self, take_entries,
		  offsetof(struct got, entries));
}

TEST_F_TIMEOUT(userns, share_of_bytes, 90)
{
	set_sum(self, "userns_max_bytes_of_user", SHARE * BLOB_BYTES);
	share_out(_metadata, self, take_blobs, offsetof(struct got, blobs));
}

TEST_F_TIMEOUT(userns, share_of_sessions, 90)
{
	set_sum(self, "userns_max_sessions_of_user", SHARE);
	share_out(_metadata, self, take_sessions,
		  offsetof(struct got, sessions));
}

TEST_F_TIMEOUT(userns, share_of_handles, 90)
{
	set_sum(self, "userns_max_handles_of_user", SHARE);
	share_out(_metadata, self, take_handles,
		  offsetof(struct got, handles));
}

/* The first socket stays open: it keeps the outer network namespace. */
static void take_nested(struct kt_sock *sk, struct got *got)
{
	struct kt_sock inner;

	take_entries(sk, got);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		_exit(1);
	kt_new(&inner);
	take_entries(&inner, got);
	memcpy(sk->text, inner.text, sizeof(sk->text));
}

/* A user namespace inside a user namespace counts like any other. */
TEST_F_TIMEOUT(userns, nested, 90)
{
	set_sum(self, "userns_max_entries", SHARE);
	share_out(_metadata, self, take_nested,
		  offsetof(struct got, entries));
}

static int session_of_owner(struct kt_sock *sk, uint32_t owner)
{
	struct kt_req req;

	kt_begin(&req, sk, KTLS_OCSP_CMD_SESSION, NLM_F_ACK);
	kt_put_u32(&req, KTLS_OCSP_A_OWNER, owner);
	return kt_call(sk, &req, NULL);
}

/* A socket of the user namespace's, which whoever made the namespace gets. */
static void send_socket(int unix_fd)
{
	struct kt_sock sk;

	kt_become_userns_root();
	kt_new(&sk);
	kt_send_fd(unix_fd, sk.fd);
	_exit(0);
}

/* As nobody, outside: how many sessions can he make that others pay for? */
static void charge_others(int unix_fd)
{
	struct kt_sock sk;
	int n;

	kt_become_nobody();
	kt_new(&sk);
	close(sk.fd);
	sk.fd = kt_recv_fd(unix_fd);
	for (n = 0; n < 2 * SHARE; n++)
		if (session_of_owner(&sk, n))
			break;
	_exit(n);
}

/* The owner of a user namespace has all capabilities in it, from outside too. */
TEST_F_TIMEOUT(userns, owner_from_outside, 60)
{
	pid_t inside, outside;
	int pair[2];

	set_sum(self, "userns_max_sessions_of_user", SHARE);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	inside = fork();
	if (!inside)
		send_socket(pair[0]);
	outside = fork();
	if (!outside)
		charge_others(pair[1]);
	EXPECT_EQ(SHARE, kt_child_status(outside));
	EXPECT_EQ(0, kt_child_status(inside));
}

/* Three times the share, of which nothing is held; how many were refused. */
static int set_idle(struct kt_sock *sk)
{
	int refused = 0;

	for (uint32_t n = 0; n < 3 * SHARE; n++)
		refused += kt_set_for(sk, n, KT_DAY + n) != 0;
	return refused;
}

static void be_idle(struct __test_metadata *_metadata, struct kt_msg *msg)
{
	int64_t end = kt_uptime_ms() + 20000;
	struct kt_sock sk;
	int refused;

	kt_become_userns_root();
	kt_new(&sk);
	/* Until the namespaces that died before are taken down. */
	do {
		kt_sleep_ms(200);
		refused = set_idle(&sk);
	} while (kt_count(&sk, -1) < SHARE && kt_uptime_ms() < end);
	EXPECT_EQ(0, refused);
	EXPECT_EQ(SHARE, kt_count(&sk, -1));
	EXPECT_EQ(0, kt_get(&sk, -1, 3 * SHARE - 1, 1, msg));
	_exit(0);
}

/* Where the users' share is gone, what one of them does not hold makes room. */
TEST_F_TIMEOUT(userns, idle_makes_room, 60)
{
	pid_t pid;

	set_sum(self, "userns_max_entries", SHARE);
	pid = fork();
	if (!pid)
		be_idle(_metadata, &self->msg);
	EXPECT_EQ(0, kt_child_status(pid));
}

KT_HARNESS_MAIN
