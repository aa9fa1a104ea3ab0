// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp against a store: handles across fork(), and descriptors that the
 * application closed without knowing whose they are. With the module, and as
 * fork_standin without one.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "store_test.h"

/*
 * This side of a parent and a child that take turns: pass() tells the other
 * side to go on, await() waits until that does.
 */
struct turns {
	pid_t pid;			/* of the child; 0: this is the child */
	int fd;
};

static void fork_in_turns(struct turns *t)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		abort();
	t->pid = fork();
	if (t->pid < 0)
		abort();
	t->fd = fds[t->pid ? 0 : 1];
	close(fds[t->pid ? 1 : 0]);
}

static void pass(struct turns *t)
{
	if (write(t->fd, "", 1) != 1)
		abort();
}

static void await(struct turns *t)
{
	char c;

	if (read(t->fd, &c, 1) != 1)
		_exit(99);
}

/* What its parent has opened is held by both, and counts once. */
TEST_F(store, child_adds_no_handle)
{
	HCERT_SERVER_OCSP_RESPONSE h = open_good(self);
	struct turns turns;

	ASSERT_NE(NULL, h);
	fork_in_turns(&turns);
	if (!turns.pid) {
		await(&turns);
		if (!get_is_ok(h))
			_exit(1);
		pass(&turns);
		await(&turns);
		if (!get_is_ok(h))
			_exit(2);
		pass(&turns);
		await(&turns);
		CertCloseServerOcspResponse(h, 0);
		_exit(0);
	}
	EXPECT_EQ(1, handles(self));
	pass(&turns);
	await(&turns);
	EXPECT_EQ(1, handles(self));
	ASSERT_EQ(0, set_good(self));
	pass(&turns);
	await(&turns);
	EXPECT_EQ(1, handles(self));
	pass(&turns);
	EXPECT_EQ(0, kt_child_status(turns.pid));
	EXPECT_EQ(1, handles(self));
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, handles(self));
}

TEST_F(store, parent_closes_first)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;
	HCERT_SERVER_OCSP_RESPONSE h = open_good(self);
	struct turns turns;

	ASSERT_NE(NULL, h);
	c = CertGetServerOcspResponseContext(h, 0, NULL);
	ASSERT_NE(NULL, c);
	fork_in_turns(&turns);
	if (!turns.pid) {
		await(&turns);
		if (!kt_blob_ok(c->pbEncodedOcspResponse, BLOB))
			_exit(1);
		CertFreeServerOcspResponseContext(c);
		if (!get_is_ok(h))
			_exit(2);
		CertAddRefServerOcspResponse(h);
		CertCloseServerOcspResponse(h, 0);
		if (!get_is_ok(h))
			_exit(3);
		CertCloseServerOcspResponse(h, 0);
		_exit(handles(self) ? 4 : 0);
	}
	CertFreeServerOcspResponseContext(c);
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, handles(self));
	pass(&turns);
	EXPECT_EQ(0, kt_child_status(turns.pid));
	EXPECT_EQ(0, handles(self));
}

TEST_F(store, child_closes_unused)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	pid_t pid;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	CertAddRefServerOcspResponse(h);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		CertCloseServerOcspResponse(h, 0);
		CertCloseServerOcspResponse(h, 0);
		_exit(0);
	}
	EXPECT_EQ(0, kt_child_status(pid));
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(h, 0);
	EXPECT_TRUE(get_is_ok(h));
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, handles(self));
}

TEST_F(store, child_is_killed)
{
	HCERT_SERVER_OCSP_RESPONSE h = open_good(self);
	struct turns turns;

	ASSERT_NE(NULL, h);
	fork_in_turns(&turns);
	if (!turns.pid) {
		CertAddRefServerOcspResponse(h);
		if (!get_is_ok(h))
			_exit(1);
		pass(&turns);
		for (;;)
			pause();
	}
	await(&turns);
	EXPECT_EQ(1, handles(self));
	kill(turns.pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, kt_child_status(turns.pid));
	EXPECT_EQ(1, handles(self));
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, handles(self));
}

TEST_F(store, parent_is_killed)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct turns turns;
	pid_t child;
	char c;

	ASSERT_EQ(0, set_good(self));
	fork_in_turns(&turns);
	if (!turns.pid) {
		h = CertOpenServerOcspResponse(self->chain, 0, NULL);
		if (!h)
			_exit(1);
		child = fork();
		if (child) {
			for (;;)
				pause();
		}
		pass(&turns);
		await(&turns);
		c = get_is_ok(h);
		if (write(turns.fd, &c, 1) != 1)
			_exit(1);
		await(&turns);
		_exit(0);
	}
	await(&turns);
	EXPECT_EQ(1, handles(self));
	kill(turns.pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, kt_child_status(turns.pid));
	EXPECT_EQ(1, handles(self));
	ASSERT_EQ(0, set_good(self));
	pass(&turns);
	ASSERT_EQ(1, read(turns.fd, &c, 1));
	EXPECT_EQ(1, c);
	EXPECT_EQ(1, handles(self));
	pass(&turns);
	EXPECT_TRUE(handles_become(self, 0));
}

/* Grandchildren, and a second fork after the child's first use. */
TEST_F(store, generations)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	pid_t child, grandchild;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		grandchild = fork();
		if (!grandchild)
			_exit(!get_is_ok(h));
		if (kt_child_status(grandchild) || !get_is_ok(h))
			_exit(1);
		grandchild = fork();
		if (!grandchild)
			_exit(!get_is_ok(h));
		_exit(kt_child_status(grandchild) || !get_is_ok(h));
	}
	EXPECT_EQ(0, kt_child_status(child));
	EXPECT_TRUE(handles_become(self, 1));
	CertCloseServerOcspResponse(h, 0);
}

/* A server at work: threads that staple, one that opens and closes, one that refreshes. */
struct load {
	FIXTURE_DATA(store) *store;
	HCERT_SERVER_OCSP_RESPONSE h;
	atomic_bool stop;
	atomic_int bad;
};

static void *staple(void *arg)
{
	struct load *load = arg;

	while (!atomic_load(&load->stop))
		if (!get_is_ok(load->h))
			atomic_fetch_add(&load->bad, 1);
	return NULL;
}

static bool open_and_close(const struct load *load)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	bool ok;

	h = CertOpenServerOcspResponse(load->store->chain, ASYNC, NULL);
	if (!h)
		return false;
	CertAddRefServerOcspResponse(h);
	CertCloseServerOcspResponse(h, 0);
	ok = get_is_ok(h);
	CertCloseServerOcspResponse(h, 0);
	return ok;
}

static void *reload(void *arg)
{
	struct load *load = arg;

	while (!atomic_load(&load->stop)) {
		if (!open_and_close(load))
			atomic_fetch_add(&load->bad, 1);
		kt_sleep_ms(1);
	}
	return NULL;
}

static void *refresh(void *arg)
{
	struct load *load = arg;

	while (!atomic_load(&load->stop)) {
		if (set_good(load->store))
			atomic_fetch_add(&load->bad, 1);
		kt_sleep_ms(1);
	}
	return NULL;
}

/* All that a worker does; forked from any moment of its parent. */
static int be_worker(const struct load *load)
{
	pid_t pid;

	alarm(120);
	for (int i = 0; i < 10; i++)
		if (!get_is_ok(load->h))
			return 1;
	if (!open_and_close(load))
		return 2;
	pid = fork();
	if (!pid)
		_exit(!get_is_ok(load->h));
	if (pid < 0 || kt_child_status(pid))
		return 3;
	CertCloseServerOcspResponse(load->h, 0);
	return 0;
}

#define FORKS	"KSFT_FORKS"	/* how many, where it is set */

TEST_F_TIMEOUT(store, fork_under_load, 3600)
{
	void *(*const work[])(void *) = {
		staple, staple, reload, refresh,
	};
	const int n = sizeof(work) / sizeof(work[0]);
	struct load load = { .store = self };
	pthread_t threads[sizeof(work) / sizeof(work[0])];
	const char *forks = getenv(FORKS);
	int i;

	load.h = open_good(self);
	ASSERT_NE(NULL, load.h);
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, work[i], &load));
	for (i = 0; i < (forks ? atoi(forks) : 20); i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (!pid)
			_exit(be_worker(&load));
		EXPECT_EQ(0, kt_child_status(pid));
	}
	atomic_store(&load.stop, true);
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, atomic_load(&load.bad));
	EXPECT_TRUE(handles_become(self, 1));
	CertCloseServerOcspResponse(load.h, 0);
	EXPECT_EQ(0, handles(self));
}

/*
 * Descriptors that the application closed. The test's own client is one of
 * them, and is made anew.
 */
static void close_all(FIXTURE_DATA(store) *self)
{
	if (close_range(3, ~0U, 0))
		abort();
	ocsp_client_abandon(self->client);
	self->client = NULL;
}

static bool renew_client(FIXTURE_DATA(store) *self)
{
	return !ocsp_client_new(&self->client);
}

TEST_F(store, descriptors_closed)
{
	HCERT_SERVER_OCSP_RESPONSE h;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	close_all(self);
	EXPECT_TRUE(get_is_ok(h));
	ASSERT_TRUE(renew_client(self));
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(h));
	EXPECT_EQ(1, handles(self));
	close_all(self);
	CertAddRefServerOcspResponse(h);
	CertCloseServerOcspResponse(h, 0);
	EXPECT_TRUE(get_is_ok(h));
	ASSERT_TRUE(renew_client(self));
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(h));
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, handles(self));
}

#define TAKEN	8

/* The application's own files on the numbers that were ours. */
struct taken {
	int fds[TAKEN];
	struct stat st[TAKEN];
	int peer;			/* of the stream sockets among them */
};

/* Pairs, so that what is written to one can be seen at the other. */
static void take_numbers(struct taken *t)
{
	int i, pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		abort();
	t->peer = fcntl(pair[1], F_DUPFD, 100);
	close(pair[1]);
	t->fds[0] = pair[0];
	for (i = 1; i < TAKEN; i++)
		t->fds[i] = i % 2 ? epoll_create1(0) : dup(pair[0]);
	for (i = 0; i < TAKEN; i++)
		if (t->fds[i] < 0 || fstat(t->fds[i], &t->st[i]))
			abort();
}

static bool untouched(struct taken *t)
{
	struct stat st;
	char c;
	int i;

	for (i = 0; i < TAKEN; i++)
		if (fstat(t->fds[i], &st) || st.st_ino != t->st[i].st_ino ||
		    st.st_dev != t->st[i].st_dev)
			return false;
	return recv(t->peer, &c, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

TEST_F(store, numbers_taken)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct taken t;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	close_all(self);
	take_numbers(&t);
	EXPECT_TRUE(get_is_ok(h));
	EXPECT_TRUE(untouched(&t));
	ASSERT_TRUE(renew_client(self));
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(h));
	EXPECT_TRUE(untouched(&t));
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, handles(self));
	EXPECT_TRUE(untouched(&t));
}

/* The handler in the child must not close them either; nor must a close. */
TEST_F(store, numbers_taken_before_fork)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct taken t;
	pid_t pid;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	close_all(self);
	take_numbers(&t);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (!untouched(&t))
			_exit(1);
		if (!get_is_ok(h))
			_exit(2);
		_exit(untouched(&t) ? 0 : 3);
	}
	EXPECT_EQ(0, kt_child_status(pid));
	CertAddRefServerOcspResponse(h);
	CertCloseServerOcspResponse(h, 0);
	CertCloseServerOcspResponse(h, 0);
	EXPECT_TRUE(untouched(&t));
}

TEST_F(store, no_descriptor_left)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct rlimit old, none;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	EXPECT_EQ(NULL, h);
	EXPECT_EQ(ERROR_TOO_MANY_OPEN_FILES, GetLastError());
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	EXPECT_NE(NULL, h);
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(store, descriptors_are_close_on_exec)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	bool before[64];
	int fd, ours = 0;

	for (fd = 3; fd < 64; fd++)
		before[fd] = fcntl(fd, F_GETFD) >= 0;
	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	for (fd = 3; fd < 64; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0 || before[fd])
			continue;
		ours++;
		EXPECT_TRUE(flags & FD_CLOEXEC);
	}
	EXPECT_EQ(2, ours);
	CertCloseServerOcspResponse(h, 0);
}

TEST_HARNESS_MAIN
