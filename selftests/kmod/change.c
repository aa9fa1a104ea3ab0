// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * poll() and read() of a session: which of its entries have changed since they
 * were last read.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ktls_ocsp_session.h>

#include "ktest.h"
#include "kselftest_harness.h"

#define MANY		100
#define BIT(event)	(1U << KTLS_OCSP_EVENT_##event)

FIXTURE(change)
{
	struct kt_sock sk;
	int session;
	uint32_t slot;			/* of entry 0 */
	struct ktls_ocsp_change told[2 * MANY];
};

FIXTURE_SETUP(change)
{
	kt_new_netns();
	kt_new(&self->sk);
	self->session = kt_session(&self->sk);
	ASSERT_LE(0, self->session);
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 0, &self->slot));
	ASSERT_EQ(0, fcntl(self->session, F_SETFL, O_NONBLOCK));
}

FIXTURE_TEARDOWN(change)
{
	close(self->session);
	kt_free(&self->sk);
}

static short polled(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) < 0 ? -1 : pfd.revents;
}

static ssize_t read_all(FIXTURE_DATA(change) *self)
{
	ssize_t len = read(self->session, self->told, sizeof(self->told));

	return len < 0 ? -errno : len / (ssize_t)sizeof(*self->told);
}

#define expect_nothing()						\
	do {								\
		EXPECT_EQ(0, polled(self->session));			\
		EXPECT_EQ(-EAGAIN, read_all(self));			\
	} while (0)

#define expect_change(what)						\
	do {								\
		EXPECT_EQ(POLLIN, polled(self->session));		\
		EXPECT_EQ(1, read_all(self));				\
		EXPECT_EQ(self->slot, self->told[0].slot);		\
		EXPECT_EQ((what), self->told[0].events);		\
		expect_nothing();					\
	} while (0)

/* What the session has just opened has not changed. */
TEST_F(change, opened)
{
	expect_nothing();
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 0, NULL));
	ASSERT_EQ(0, kt_ref(&self->sk, self->session, self->slot));
	expect_nothing();
}

TEST_F(change, each_event)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	expect_change(BIT(UPDATED));
	ASSERT_EQ(0, kt_fail(&self->sk, 0, "why"));
	expect_change(BIT(FAILED));
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, 60));
	expect_change(BIT(UPDATED) | BIT(EXPIRING));
	ASSERT_EQ(0, kt_del(&self->sk, -1, 0));
	expect_change(BIT(WITHDRAWN));
	ASSERT_EQ(0, kt_sysctl("max_entries", 1));
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	expect_change(BIT(EVICTED));
}

TEST_F(change, expired)
{
	ASSERT_EQ(0, kt_sysctl("min_validity", 0));
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_BRIEF));
	expect_change(BIT(UPDATED));
	ASSERT_EQ(1, poll(&(struct pollfd){ self->session, POLLIN, 0 }, 1,
			  KT_BRIEF * 1000 + 10000));
	expect_change(BIT(EXPIRED));
}

/* However often it changes, it is told once, with all that happened. */
TEST_F(change, told_once)
{
	for (int i = 0; i < 2 * MANY; i++)
		ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	ASSERT_EQ(0, kt_fail(&self->sk, 0, "why"));
	expect_change(BIT(UPDATED) | BIT(FAILED));
}

TEST_F(change, others_entries)
{
	int other = kt_session(&self->sk);

	ASSERT_EQ(0, kt_create(&self->sk, other, 1, NULL));
	ASSERT_EQ(0, kt_set_for(&self->sk, 1, KT_DAY));
	ASSERT_EQ(0, kt_set_for(&self->sk, 2, KT_DAY));
	expect_nothing();
	EXPECT_EQ(POLLIN, polled(other));
	/* Each session is told for itself. */
	ASSERT_EQ(0, kt_open(&self->sk, other, 0, NULL));
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	expect_change(BIT(UPDATED));
	EXPECT_EQ(2 * sizeof(struct ktls_ocsp_change),
		  read(other, self->told, sizeof(self->told)));
	close(other);
}

/* A handle that goes takes with it what there was to tell. */
TEST_F(change, closed)
{
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	ASSERT_EQ(0, kt_close(&self->sk, self->session, self->slot));
	expect_nothing();
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	expect_nothing();
	ASSERT_EQ(0, kt_open(&self->sk, self->session, 0, NULL));
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	expect_change(BIT(UPDATED));
}

/* As many as there is room for, the first to change first; the rest stays. */
TEST_F(change, many)
{
	const size_t one = sizeof(struct ktls_ocsp_change);
	uint32_t slots[MANY];

	for (uint32_t n = 0; n < MANY; n++)
		ASSERT_EQ(0, kt_create(&self->sk, self->session, n, &slots[n]));
	for (uint32_t n = MANY; n--; )
		ASSERT_EQ(0, kt_set_for(&self->sk, n, KT_DAY));
	ASSERT_EQ(one, read(self->session, self->told, 2 * one - 1));
	EXPECT_EQ(slots[MANY - 1], self->told[0].slot);
	ASSERT_EQ(40 * one, read(self->session, self->told, 40 * one));
	EXPECT_EQ(slots[MANY - 41], self->told[39].slot);
	EXPECT_EQ(POLLIN, polled(self->session));
	ASSERT_EQ(MANY - 41, read_all(self));
	EXPECT_EQ(slots[0], self->told[MANY - 42].slot);
	expect_nothing();
}

TEST_F(change, refused)
{
	void *volatile nowhere = NULL;

	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	EXPECT_EQ(-1, read(self->session, self->told, 7));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pread(self->session, self->told, 8, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, write(self->session, self->told, 8));
	EXPECT_EQ(EBADF, errno);
	/* What could not be copied is still there. */
	EXPECT_EQ(-1, read(self->session, nowhere, 8));
	EXPECT_EQ(EFAULT, errno);
	expect_change(BIT(UPDATED));
}

TEST_F(change, does_not_wait)
{
	struct iovec iov = { self->told, sizeof(self->told) };

	ASSERT_EQ(0, fcntl(self->session, F_SETFL, 0));
	EXPECT_EQ(-1, preadv2(self->session, &iov, 1, -1, RWF_NOWAIT));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	EXPECT_EQ(8, preadv2(self->session, &iov, 1, -1, RWF_NOWAIT));
}

static void interrupt(int signal)
{
	(void)signal;
}

static void *set_later(void *arg)
{
	kt_sleep_ms(300);
	kt_set_for(arg, 0, KT_DAY);
	return NULL;
}

TEST_F(change, waits)
{
	struct sigaction sa = { .sa_handler = interrupt };
	struct itimerval timer = { .it_value.tv_usec = 200000 };
	pthread_t thread;

	ASSERT_EQ(0, fcntl(self->session, F_SETFL, 0));
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	EXPECT_EQ(-EINTR, read_all(self));
	ASSERT_EQ(0, pthread_create(&thread, NULL, set_later, &self->sk));
	EXPECT_EQ(1, read_all(self));
	EXPECT_EQ(BIT(UPDATED), self->told[0].events);
	pthread_join(thread, NULL);
}

/* Edges: who does not read is told of each change all the same. */
TEST_F(change, edges)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(0);

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->session, &event));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
		EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
		EXPECT_EQ(EPOLLIN, event.events);
		EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	}
	close(ep);
}

static void *wait_for_end(void *arg)
{
	struct ktls_ocsp_change change;

	return (void *)read(*(int *)arg, &change, sizeof(change));
}

/* The network namespace goes: what changed before can be read, then EOF. */
TEST_F(change, namespace_goes)
{
	int session = kt_session(&self->sk), pair[2];
	struct ktls_ocsp_change change;
	pthread_t thread;
	void *result = &change;
	pid_t pid;

	/* A namespace of a child's, whose sessions it sends to us. */
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	if (!pid) {
		struct kt_sock sk;

		kt_new_netns();
		kt_new(&sk);
		for (int i = 0; i < 2; i++) {
			session = kt_session(&sk);
			if (i && kt_create(&sk, session, 0, NULL))
				_exit(1);
			kt_send_fd(pair[1], session);
		}
		_exit(kt_set_for(&sk, 0, KT_DAY));
	}
	close(session);
	session = kt_recv_fd(pair[0]);
	close(self->session);
	self->session = kt_recv_fd(pair[0]);
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_end, &session));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	pthread_join(thread, &result);
	EXPECT_EQ(NULL, result);
	EXPECT_EQ(POLLHUP, polled(session));
	EXPECT_EQ(POLLIN | POLLHUP, polled(self->session));
	EXPECT_EQ(1, read_all(self));
	EXPECT_EQ(0, read_all(self));
	EXPECT_EQ(POLLHUP, polled(self->session));
	close(session);
}

/* All at once: who sets, opens and closes, reads, and waits. */

#define RACE_MS		3000
#define RACE_MOST_MS	40000
#define RACED		8

struct race {
	int session;
	int64_t end;
	uint32_t told;
	bool bad;
};

/* On a busy machine it goes on until there was something to read. */
static bool is_over(const struct race *race)
{
	int64_t now = kt_uptime_ms();

	return now >= race->end + RACE_MOST_MS ||
	       (now >= race->end &&
		__atomic_load_n(&race->told, __ATOMIC_RELAXED));
}

static void *race_read(void *arg)
{
	struct ktls_ocsp_change changes[3];
	struct race *race = arg;
	ssize_t len;

	while (!is_over(race)) {
		struct pollfd pfd = { .fd = race->session, .events = POLLIN };

		poll(&pfd, 1, 10);
		len = read(race->session, changes, sizeof(changes));
		if (len < 0 ? errno != EAGAIN : len % sizeof(*changes))
			race->bad = true;
		for (int i = 0; i < len / (ssize_t)sizeof(*changes); i++) {
			if (!changes[i].events)
				race->bad = true;
			__atomic_add_fetch(&race->told, 1, __ATOMIC_RELAXED);
		}
	}
	return NULL;
}

static void *race_open(void *arg)
{
	struct race *race = arg;
	struct kt_sock sk;
	uint32_t slot;

	kt_new(&sk);
	for (uint32_t n = 1; !is_over(race); n++)
		if (!kt_create(&sk, race->session, 1 + n % RACED, &slot))
			kt_close(&sk, race->session, slot);
	kt_free(&sk);
	return NULL;
}

static void *race_set(void *arg)
{
	struct race *race = arg;
	struct kt_sock sk;

	kt_new(&sk);
	for (uint32_t n = 0; !is_over(race); n++) {
		kt_set_for(&sk, n % (1 + RACED), KT_DAY);
		if (n % 5 == 4)
			kt_del(&sk, -1, n % (1 + RACED));
	}
	kt_free(&sk);
	return NULL;
}

TEST_F_TIMEOUT(change, race, 120)
{
	void *(*const what[])(void *) = {
		race_read, race_read, race_open, race_open, race_set,
	};
	struct race race = {
		.session = self->session,
		.end = kt_uptime_ms() + RACE_MS,
	};
	pthread_t threads[sizeof(what) / sizeof(*what)];
	size_t i;

	for (i = 0; i < sizeof(what) / sizeof(*what); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, what[i], &race));
	for (i = 0; i < sizeof(what) / sizeof(*what); i++)
		pthread_join(threads[i], NULL);
	EXPECT_FALSE(race.bad);
	EXPECT_NE(0, race.told);
	/* What was told last is what there is: nothing was lost. */
	read_all(self);
	expect_nothing();
	ASSERT_EQ(0, kt_set_for(&self->sk, 0, KT_DAY));
	expect_change(BIT(UPDATED));
}

KT_HARNESS_MAIN
