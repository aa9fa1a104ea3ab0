// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp against a store: opens that wait for the first response, with all
 * kinds of refreshers.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "store_test.h"

/* What a refresher does when a response is wanted. */
enum answer {
	SET,
	FAIL,
	REPEAT,				/* the failure that was reported before */
	NOTHING,
};

struct refresher {
	const struct pki *pki;
	enum answer answer;
	int delay;			/* ms */
	struct ocsp_client *listener;
	FIXTURE_DATA(store) writer;	/* its own client, for its thread */
	pthread_t thread;
	atomic_bool stop;
	atomic_int wanted;
};

static int on_wanted(const struct ocsp_notice *n, void *arg)
{
	struct refresher *r = arg;
	struct ocsp_name name = { .session = -1, .key = r->pki->key };
	struct ocsp_update failure = {
		.failure = "connection refused",
		.repeated = r->answer == REPEAT,
	};

	if (!n->wanted || memcmp(n->entry.key, name.key, KTLS_OCSP_KEY_LEN))
		return 0;
	atomic_fetch_add(&r->wanted, 1);
	kt_sleep_ms(r->delay);
	if (r->answer == SET)
		set_for(&r->writer, r->pki, KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY);
	else if (r->answer != NOTHING)
		ocsp_client_set(r->writer.client, &name, &failure, NULL);
	return 0;
}

static void *refresh(void *arg)
{
	struct refresher *r = arg;
	struct pollfd p = {
		.fd = ocsp_client_fd(r->listener),
		.events = POLLIN,
	};

	while (!atomic_load(&r->stop))
		if (poll(&p, 1, 100) == 1)
			ocsp_client_notice(r->listener, on_wanted, r);
	return NULL;
}

static void refresher_start(struct refresher *r)
{
	if (ocsp_client_new(&r->listener) ||
	    ocsp_client_listen(r->listener, true, false) ||
	    ocsp_client_new(&r->writer.client) ||
	    pthread_create(&r->thread, NULL, refresh, r))
		abort();
}

static void refresher_stop(struct refresher *r)
{
	atomic_store(&r->stop, true);
	pthread_join(r->thread, NULL);
	ocsp_client_free(r->listener);
	ocsp_client_free(r->writer.client);
}

/* Open a handle, and say how many ms that took. */
static HCERT_SERVER_OCSP_RESPONSE timed_open(FIXTURE_DATA(store) *self,
					     DWORD flags, int64_t *took)
{
	int64_t start = kt_uptime_ms();
	HCERT_SERVER_OCSP_RESPONSE h;

	h = CertOpenServerOcspResponse(self->chain, flags, NULL);
	*took = kt_uptime_ms() - start;
	return h;
}

/* The same with a refresher at work, which is for refresher_stop() to end. */
static HCERT_SERVER_OCSP_RESPONSE
refreshed_open(FIXTURE_DATA(store) *self, struct refresher *r,
	       enum answer answer, int delay, DWORD flags, int64_t *took)
{
	*r = (struct refresher){
		.pki = &self->pki,
		.answer = answer,
		.delay = delay,
	};
	refresher_start(r);
	return timed_open(self, flags, took);
}

TEST_F(store, nobody_refreshes)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int64_t took;

	h = timed_open(self, 0, &took);
	ASSERT_NE(NULL, h);
	EXPECT_GT(2000, took);
	expect_offline(h, "no response yet");
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(store, there_already)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct refresher r;
	int64_t took;

	ASSERT_EQ(0, set_good(self));
	h = refreshed_open(self, &r, NOTHING, 0, 0, &took);
	EXPECT_GT(2000, took);
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
	refresher_stop(&r);
	EXPECT_EQ(0, atomic_load(&r.wanted));
}

TEST_F(store, refresher_answers)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct refresher r;
	int64_t took;

	h = refreshed_open(self, &r, SET, 300, 0, &took);
	ASSERT_NE(NULL, h);
	EXPECT_LE(300, took);
	EXPECT_GT(5000, took);
	EXPECT_TRUE(get_is_ok(h));
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(h, 0);
	refresher_stop(&r);
	EXPECT_EQ(0, handles(self));
	EXPECT_EQ(1, atomic_load(&r.wanted));
}

TEST_F(store, async_does_not_wait)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct refresher r;
	int64_t took;
	int tries;

	h = refreshed_open(self, &r, SET, 3000, ASYNC, &took);
	ASSERT_NE(NULL, h);
	EXPECT_GT(2000, took);
	expect_offline(h, "no response yet");
	for (tries = 0; tries < 200 && !get_is_ok(h); tries++)
		kt_sleep_ms(50);
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
	refresher_stop(&r);
}

TEST_F(store, refresher_fails)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct refresher r;
	int64_t took;

	h = refreshed_open(self, &r, FAIL, 300, 0, &took);
	ASSERT_NE(NULL, h);
	EXPECT_LE(300, took);
	EXPECT_GT(5000, took);
	expect_offline(h, "connection refused");
	CertCloseServerOcspResponse(h, 0);
	refresher_stop(&r);
}

/* An open after an attempt has failed: how the refresher answers it. */
static HCERT_SERVER_OCSP_RESPONSE
open_after_failure(FIXTURE_DATA(store) *self, enum answer answer, int64_t *took)
{
	struct ocsp_update failure = { .failure = "of yesterday" };
	struct ocsp_name name = { .session = -1, .key = self->pki.key };
	HCERT_SERVER_OCSP_RESPONSE first, h;
	struct refresher r;

	first = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	if (!first || ocsp_client_set(self->client, &name, &failure, NULL))
		return NULL;
	kt_sleep_ms(1100);	/* "wanted" is told once a second */
	h = refreshed_open(self, &r, answer, 300, 0, took);
	CertCloseServerOcspResponse(first, 0);
	refresher_stop(&r);
	return h;
}

/* A failure of before is no answer: there is a new attempt to wait for. */
TEST_F(store, old_failure_does_not_count)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int64_t took;

	h = open_after_failure(self, SET, &took);
	ASSERT_NE(NULL, h);
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
}

/* Nobody asks the responder for us: why is told all the same, and not counted. */
TEST_F(store, failure_is_repeated)
{
	struct ocsp_name name = { .session = -1, .key = self->pki.key };
	HCERT_SERVER_OCSP_RESPONSE h;
	struct ocsp_entry entry;
	int64_t took;

	h = open_after_failure(self, REPEAT, &took);
	ASSERT_NE(NULL, h);
	EXPECT_LE(300, took);
	EXPECT_GT(5000, took);
	ASSERT_EQ(0, ocsp_client_get(self->client, &name, 0, &entry));
	EXPECT_STREQ("connection refused", entry.failure);
	EXPECT_EQ(1, entry.failures);
	ocsp_entry_clear(&entry);
	CertCloseServerOcspResponse(h, 0);
}

TEST_F_TIMEOUT(store, refresher_is_mute, 60)
{
	const int limit =
		CERT_SRV_OCSP_RESP_URL_RETRIEVAL_TIMEOUT_MILLISECONDS_DEFAULT;
	HCERT_SERVER_OCSP_RESPONSE h;
	struct refresher r;
	int64_t took;

	h = refreshed_open(self, &r, NOTHING, 0, 0, &took);
	ASSERT_NE(NULL, h);
	EXPECT_LE(limit - 10, took);
	EXPECT_GT(limit + 3000, took);
	expect_offline(h, "no response yet");
	CertCloseServerOcspResponse(h, 0);
	refresher_stop(&r);
}

/* A thread that opens a second response, which a refresher answers. */
struct opener {
	struct pki pki;
	PCCERT_CHAIN_CONTEXT chain;
	struct refresher refresher;
	pthread_t thread;
	HCERT_SERVER_OCSP_RESPONSE h;
	bool new_netns;			/* go there first */
	atomic_bool done;
	int64_t took;
};

static void *open_second(void *arg)
{
	struct opener *o = arg;
	int64_t start = kt_uptime_ms();

	if (o->new_netns)
		kt_new_netns();
	o->h = CertOpenServerOcspResponse(o->chain, 0, NULL);
	o->took = kt_uptime_ms() - start;
	atomic_store(&o->done, true);
	return NULL;
}

/* And a refresher that does what o says, SET by default */
static void opener_new(struct opener *o, int delay)
{
	pki_new(&o->pki, 0x11, PKI_URL, 0);
	o->chain = pki_chain(&o->pki);
	o->refresher.pki = &o->pki;
	o->refresher.delay = delay;
	refresher_start(&o->refresher);
}

static void opener_start(struct opener *o)
{
	if (pthread_create(&o->thread, NULL, open_second, o))
		abort();
}

static void opener_free(struct opener *o)
{
	CertCloseServerOcspResponse(o->h, 0);
	refresher_stop(&o->refresher);
	CertFreeCertificateChain(o->chain);
	pki_free(&o->pki);
}

TEST_F(store, others_read_while_one_waits)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct opener o = { 0 };
	int64_t start, longest = 0, took;
	int gets = 0;
	pid_t pid;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	opener_new(&o, 2000);
	opener_start(&o);
	while (!atomic_load(&o.done)) {
		start = kt_uptime_ms();
		EXPECT_TRUE(get_is_ok(h));
		took = kt_uptime_ms() - start;
		longest = took > longest ? took : longest;
		gets++;
		kt_sleep_ms(10);
		if (gets != 20)
			continue;
		/* And fork, and close: nobody else has to wait. */
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(!get_is_ok(h));
		EXPECT_EQ(0, kt_child_status(pid));
	}
	pthread_join(o.thread, NULL);
	EXPECT_LE(2000, o.took);
	EXPECT_GT(1000, longest);
	EXPECT_LE(20, gets);
	ASSERT_NE(NULL, o.h);
	EXPECT_TRUE(get_is_ok(o.h));
	opener_free(&o);
	CertCloseServerOcspResponse(h, 0);
}

/* Which of the first descriptors are open */
#define DESCRIPTORS	64

static void look_at_descriptors(bool *open)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		open[fd] = fcntl(fd, F_GETFD) != -1;
}

/* What has the number of the descriptor that is waited for then is not read. */
TEST_F(store, descriptors_are_taken_while_one_waits)
{
	bool before[DESCRIPTORS], after[DESCRIPTORS];
	struct opener o = { .refresher.answer = NOTHING };
	int ends[2], fd, taken = 0;
	char byte;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends));
	opener_new(&o, 0);
	look_at_descriptors(before);
	opener_start(&o);
	kt_sleep_ms(500);
	look_at_descriptors(after);
	for (fd = 0; fd < DESCRIPTORS; fd++)
		if (after[fd] && !before[fd])
			taken += syscall(SYS_dup3, ends[0], fd, O_CLOEXEC) == fd;
	EXPECT_LE(3, taken);
	ASSERT_EQ(1, write(ends[1], "x", 1));
	kt_sleep_ms(1500);
	EXPECT_EQ(1, recv(ends[0], &byte, 1, MSG_DONTWAIT));
	ASSERT_EQ(0, set_for(self, &o.pki, KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY));
	pthread_join(o.thread, NULL);
	ASSERT_NE(NULL, o.h);
	EXPECT_GT(6000, o.took);
	EXPECT_TRUE(get_is_ok(o.h));
	opener_free(&o);
	close(ends[0]);
	close(ends[1]);
}

/* Events go to the store's netns, where the thread is not: it looks again. */
TEST_F(store, wait_from_another_netns)
{
	struct opener o = { .new_netns = true };
	HCERT_SERVER_OCSP_RESPONSE h;

	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	opener_new(&o, 100);
	opener_start(&o);
	pthread_join(o.thread, NULL);
	ASSERT_NE(NULL, o.h);
	EXPECT_GT(5000, o.took);
	EXPECT_TRUE(get_is_ok(o.h));
	opener_free(&o);
	CertCloseServerOcspResponse(h, 0);
}

TEST_HARNESS_MAIN
