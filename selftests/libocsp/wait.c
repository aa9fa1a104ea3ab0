// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libocsp against a store: opens that wait for the first response, with all
 * kinds of refreshers.
 */
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>

#include "store_test.h"

/* What a refresher does when a response is wanted. */
enum answer {
	SET,
	FAIL,
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
	struct ocsp_update failure = { .failure = "connection refused" };

	if (!n->wanted || memcmp(n->response.key, name.key, KTLS_OCSP_KEY_LEN))
		return 0;
	atomic_fetch_add(&r->wanted, 1);
	kt_sleep_ms(r->delay);
	if (r->answer == SET)
		set_for(&r->writer, r->pki, KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY);
	else if (r->answer == FAIL)
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

TEST_F(store, nobody_refreshes)
{
	int64_t start = kt_uptime_ms();
	HCERT_SERVER_OCSP_RESPONSE h;

	h = CertOpenServerOcspResponse(self->chain, 0, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_GT(2000, kt_uptime_ms() - start);
	expect_offline(h, "no response yet");
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(store, there_already)
{
	struct refresher r = { .pki = &self->pki };
	int64_t start;
	HCERT_SERVER_OCSP_RESPONSE h;

	r.answer = NOTHING;
	ASSERT_EQ(0, set_good(self));
	refresher_start(&r);
	start = kt_uptime_ms();
	h = CertOpenServerOcspResponse(self->chain, 0, NULL);
	EXPECT_GT(2000, kt_uptime_ms() - start);
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
	refresher_stop(&r);
	EXPECT_EQ(0, atomic_load(&r.wanted));
}

TEST_F(store, refresher_answers)
{
	struct refresher r = { .pki = &self->pki };
	HCERT_SERVER_OCSP_RESPONSE h;
	int64_t start;

	r.answer = SET;
	r.delay = 300;
	refresher_start(&r);
	start = kt_uptime_ms();
	h = CertOpenServerOcspResponse(self->chain, 0, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_LE(300, kt_uptime_ms() - start);
	EXPECT_GT(5000, kt_uptime_ms() - start);
	EXPECT_TRUE(get_is_ok(h));
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(h, 0);
	refresher_stop(&r);
	EXPECT_EQ(0, handles(self));
	EXPECT_EQ(1, atomic_load(&r.wanted));
}

TEST_F(store, async_does_not_wait)
{
	struct refresher r = { .pki = &self->pki };
	HCERT_SERVER_OCSP_RESPONSE h;
	int64_t start;
	int tries;

	r.answer = SET;
	r.delay = 3000;
	refresher_start(&r);
	start = kt_uptime_ms();
	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_GT(2000, kt_uptime_ms() - start);
	expect_offline(h, "no response yet");
	for (tries = 0; tries < 200 && !get_is_ok(h); tries++)
		kt_sleep_ms(50);
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
	refresher_stop(&r);
}

TEST_F(store, refresher_fails)
{
	struct refresher r = { .pki = &self->pki };
	HCERT_SERVER_OCSP_RESPONSE h;
	int64_t start;

	r.answer = FAIL;
	r.delay = 300;
	refresher_start(&r);
	start = kt_uptime_ms();
	h = CertOpenServerOcspResponse(self->chain, 0, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_LE(300, kt_uptime_ms() - start);
	EXPECT_GT(5000, kt_uptime_ms() - start);
	expect_offline(h, "connection refused");
	CertCloseServerOcspResponse(h, 0);
	refresher_stop(&r);
}

/* A failure of before is no answer: there is a new attempt to wait for. */
TEST_F(store, old_failure_does_not_count)
{
	struct ocsp_update failure = { .failure = "of yesterday" };
	struct ocsp_name name = { .session = -1, .key = self->pki.key };
	struct refresher r = { .pki = &self->pki };
	HCERT_SERVER_OCSP_RESPONSE first, h;

	first = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, first);
	ASSERT_EQ(0, ocsp_client_set(self->client, &name, &failure, NULL));
	kt_sleep_ms(1100);	/* "wanted" is told once a second */
	r.answer = SET;
	r.delay = 300;
	refresher_start(&r);
	h = CertOpenServerOcspResponse(self->chain, 0, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
	CertCloseServerOcspResponse(first, 0);
	refresher_stop(&r);
}

TEST_F_TIMEOUT(store, refresher_is_mute, 60)
{
	struct refresher r = { .pki = &self->pki };
	const int limit =
		CERT_SRV_OCSP_RESP_URL_RETRIEVAL_TIMEOUT_MILLISECONDS_DEFAULT;
	HCERT_SERVER_OCSP_RESPONSE h;
	int64_t start;

	r.answer = NOTHING;
	refresher_start(&r);
	start = kt_uptime_ms();
	h = CertOpenServerOcspResponse(self->chain, 0, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_LE(limit - 10, kt_uptime_ms() - start);
	EXPECT_GT(limit + 3000, kt_uptime_ms() - start);
	expect_offline(h, "no response yet");
	CertCloseServerOcspResponse(h, 0);
	refresher_stop(&r);
}

/* A thread that opens a second response, and a time for it. */
struct opener {
	PCCERT_CHAIN_CONTEXT chain;
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

TEST_F(store, others_read_while_one_waits)
{
	struct refresher r = { 0 };
	HCERT_SERVER_OCSP_RESPONSE h;
	struct opener o = { 0 };
	pthread_t thread;
	struct pki second;
	int64_t start, longest = 0, took;
	int gets = 0;
	pid_t pid;

	ASSERT_EQ(0, set_good(self));
	h = CertOpenServerOcspResponse(self->chain, 0, NULL);
	ASSERT_NE(NULL, h);
	pki_new(&second, 0x11, PKI_URL, 0);
	o.chain = pki_chain(&second);
	r.pki = &second;
	r.answer = SET;
	r.delay = 2000;
	refresher_start(&r);
	ASSERT_EQ(0, pthread_create(&thread, NULL, open_second, &o));
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
		EXPECT_EQ(0, child_status(pid));
	}
	pthread_join(thread, NULL);
	EXPECT_LE(2000, o.took);
	EXPECT_GT(1000, longest);
	EXPECT_LE(20, gets);
	ASSERT_NE(NULL, o.h);
	EXPECT_TRUE(get_is_ok(o.h));
	CertCloseServerOcspResponse(o.h, 0);
	CertCloseServerOcspResponse(h, 0);
	refresher_stop(&r);
	CertFreeCertificateChain(o.chain);
	pki_free(&second);
}

/* Events go to the store's netns, where the thread is not: it looks again. */
TEST_F(store, wait_from_another_netns)
{
	struct refresher r = { 0 };
	struct opener o = { .new_netns = true };
	HCERT_SERVER_OCSP_RESPONSE h;
	pthread_t thread;
	struct pki second;

	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	pki_new(&second, 0x11, PKI_URL, 0);
	o.chain = pki_chain(&second);
	r.pki = &second;
	r.answer = SET;
	r.delay = 100;
	refresher_start(&r);
	ASSERT_EQ(0, pthread_create(&thread, NULL, open_second, &o));
	pthread_join(thread, NULL);
	ASSERT_NE(NULL, o.h);
	EXPECT_GT(5000, o.took);
	EXPECT_TRUE(get_is_ok(o.h));
	CertCloseServerOcspResponse(o.h, 0);
	CertCloseServerOcspResponse(h, 0);
	refresher_stop(&r);
	CertFreeCertificateChain(o.chain);
	pki_free(&second);
}

TEST_HARNESS_MAIN
