// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp against a store: what Get returns in each state, who counts what,
 * refusals with the kernel's words, and threads.
 */
#include <stdatomic.h>

#include "store_test.h"

TEST_F(store, contexts_outlive_update_and_close)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT a, b;
	HCERT_SERVER_OCSP_RESPONSE h;
	uint8_t copy[BLOB];

	h = open_good(self);
	ASSERT_NE(NULL, h);
	a = CertGetServerOcspResponseContext(h, 0, NULL);
	ASSERT_NE(NULL, a);
	ASSERT_EQ(BLOB, a->cbEncodedOcspResponse);
	memcpy(copy, a->pbEncodedOcspResponse, BLOB);

	ASSERT_EQ(0, set_good(self));
	b = CertGetServerOcspResponseContext(h, 0, NULL);
	ASSERT_NE(NULL, b);
	EXPECT_NE(0, memcmp(b->pbEncodedOcspResponse, copy, BLOB));
	EXPECT_TRUE(kt_blob_ok(b->pbEncodedOcspResponse, BLOB));

	CertAddRefServerOcspResponseContext(a);
	CertFreeServerOcspResponseContext(a);
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, memcmp(a->pbEncodedOcspResponse, copy, BLOB));
	EXPECT_TRUE(kt_blob_ok(b->pbEncodedOcspResponse, BLOB));
	CertFreeServerOcspResponseContext(a);
	CertFreeServerOcspResponseContext(b);
}

TEST_F(store, states)
{
	struct ocsp_name name = { .session = -1, .key = self->pki.key };
	struct ocsp_update failure = { .failure = "the responder is on fire" };
	HCERT_SERVER_OCSP_RESPONSE h;

	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	expect_offline(h, "no response yet");
	ASSERT_EQ(0, ocsp_client_set(self->client, &name, &failure, NULL));
	/* Why there is none is asked for once a second. */
	kt_sleep_ms(2100);
	expect_offline(h, failure.failure);

	/* The newest truth, not the old good. */
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(h));
	ASSERT_EQ(0, set_for(self, &self->pki, KTLS_OCSP_CERT_STATUS_REVOKED,
			     PKI_DAY));
	EXPECT_TRUE(get_is_ok(h));
	ASSERT_EQ(0, set_for(self, &self->pki, KTLS_OCSP_CERT_STATUS_UNKNOWN,
			     PKI_DAY));
	expect_offline(h, "does not know");

	/* A good blob stays through failures. */
	ASSERT_EQ(0, set_good(self));
	ASSERT_EQ(0, ocsp_client_set(self->client, &name, &failure, NULL));
	EXPECT_TRUE(get_is_ok(h));

	ASSERT_EQ(0, ocsp_client_del(self->client, &name));
	expect_offline(h, "withdrawn");
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(store, minimum_validity)
{
	HCERT_SERVER_OCSP_RESPONSE h;

	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, set_for(self, &self->pki, 0, 599));
	expect_offline(h, "more seconds");
	ASSERT_EQ(0, set_for(self, &self->pki, 0, 660));
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(store, validity_ends_between_two_gets)
{
	HCERT_SERVER_OCSP_RESPONSE h;

	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, set_for(self, &self->pki, 0, 602));
	EXPECT_TRUE(get_is_ok(h));
	kt_sleep_ms(3100);
	expect_offline(h, "more seconds");
	CertCloseServerOcspResponse(h, 0);
}

/* To sign takes seconds there. */
static bool is_slow(void)
{
	return getenv("KSFT_MACHINE_SLOW");
}

TEST_F(store, expired_response)
{
	const int seconds = is_slow() ? 10 : 1;
	HCERT_SERVER_OCSP_RESPONSE h;

	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, set_for(self, &self->pki, 0, seconds));
	kt_sleep_ms(seconds * 1000 + 1100);
	expect_offline(h, "expired");
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(store, handle_counts)
{
	HCERT_SERVER_OCSP_RESPONSE a, b;
	int i;

	a = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(1, handles(self));
	b = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, b);
	for (i = 0; i < 3; i++)
		CertAddRefServerOcspResponse(a);
	EXPECT_EQ(1, handles(self));
	for (i = 0; i < 3; i++)
		CertCloseServerOcspResponse(a, 0);
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(a, 0);
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(b, 0);
	EXPECT_EQ(0, handles(self));
}

TEST_F(store, close_with_flags_keeps_the_handle)
{
	HCERT_SERVER_OCSP_RESPONSE h;

	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	SetLastError(0);
	CertCloseServerOcspResponse(h, 1);
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(h, 0);
	EXPECT_EQ(0, handles(self));
}

TEST_F(store, chain_is_kept)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	PCCERT_CHAIN_CONTEXT chain = pki_chain(&self->pki);

	h = CertOpenServerOcspResponse(chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	CertFreeCertificateChain(chain);
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(store, chain_without_issuer)
{
	PCCERT_CHAIN_CONTEXT leaf = pki_leaf_chain(&self->pki);
	HCERT_SERVER_OCSP_RESPONSE h;

	EXPECT_EQ(NULL, CertOpenServerOcspResponse(leaf, 0, NULL));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_NE(NULL, strstr(OcspGetLastErrorMessage(), "issuer"));

	ASSERT_EQ(0, set_good(self));
	h = CertOpenServerOcspResponse(leaf, 0, NULL);
	ASSERT_NE(NULL, h);
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
	CertFreeCertificateChain(leaf);
}

TEST_F(store, wrong_issuer)
{
	PCCERT_CONTEXT twice[2];
	CERT_CHAIN_ELEMENT element;
	PCERT_CHAIN_ELEMENT saved;
	HCERT_SERVER_OCSP_RESPONSE h;

	/* The leaf as its own issuer: only in a copy of the second element. */
	twice[0] = self->chain->rgpChain[0]->rgpElement[0]->pCertContext;
	element = *self->chain->rgpChain[0]->rgpElement[1];
	element.pCertContext = twice[0];
	saved = self->chain->rgpChain[0]->rgpElement[1];
	self->chain->rgpChain[0]->rgpElement[1] = &element;
	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	self->chain->rgpChain[0]->rgpElement[1] = saved;
	EXPECT_EQ(NULL, h);
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_NE(NULL, strstr(OcspGetLastErrorMessage(), "did not issue"));
}

/* The kernel's own words, for which libnl has no ear. */
TEST_F(store, kernel_text_is_passed_on)
{
	PCCERT_CHAIN_CONTEXT chain;
	struct pki big;

	pki_new(&big, 0x11, PKI_URL, 2 * KTLS_OCSP_CERT_MAX);
	chain = pki_chain(&big);
	ASSERT_LT(KTLS_OCSP_CERT_MAX, chain->rgpChain[0]->rgpElement[0]
		  ->pCertContext->cbCertEncoded);
	EXPECT_EQ(NULL, CertOpenServerOcspResponse(chain, ASYNC, NULL));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_NE(NULL, strstr(OcspGetLastErrorMessage(), "certificate"))
		TH_LOG("text: %s", OcspGetLastErrorMessage());
	EXPECT_NE(0, strcmp(OcspGetLastErrorMessage(), strerror(ERANGE)));
	CertFreeCertificateChain(chain);
	pki_free(&big);
}

TEST_F(store, limit_reached)
{
	PCCERT_CHAIN_CONTEXT chain;
	HCERT_SERVER_OCSP_RESPONSE h;
	struct pki second;

	ASSERT_EQ(0, set_limit("max_entries", 1));
	h = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, h);
	pki_new(&second, 0x11, PKI_URL, 0);
	chain = pki_chain(&second);
	EXPECT_EQ(NULL, CertOpenServerOcspResponse(chain, ASYNC, NULL));
	EXPECT_EQ(ERROR_NO_SYSTEM_RESOURCES, GetLastError());
	EXPECT_NE(NULL, strstr(OcspGetLastErrorMessage(), "limit"))
		TH_LOG("text: %s", OcspGetLastErrorMessage());
	CertCloseServerOcspResponse(h, 0);
	CertFreeCertificateChain(chain);
	pki_free(&second);
}

static int nobody_opens(PCCERT_CHAIN_CONTEXT there, PCCERT_CHAIN_CONTEXT absent)
{
	HCERT_SERVER_OCSP_RESPONSE h;

	kt_become_nobody();
	if (CertOpenServerOcspResponse(absent, 0, NULL))
		return 1;
	if (GetLastError() != ERROR_ACCESS_DENIED)
		return 2;
	if (!strstr(OcspGetLastErrorMessage(), "CAP_NET_ADMIN"))
		return 3;
	h = CertOpenServerOcspResponse(there, 0, NULL);
	if (!h)
		return 4;
	if (!get_is_ok(h))
		return 5;
	CertCloseServerOcspResponse(h, 0);
	return 0;
}

TEST_F(store, no_privilege)
{
	PCCERT_CHAIN_CONTEXT absent;
	struct pki second;
	pid_t pid;
	int bad;

	ASSERT_EQ(0, set_good(self));
	pki_new(&second, 0x11, PKI_URL, 0);
	absent = pki_chain(&second);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		bad = nobody_opens(self->chain, absent);
		CertFreeCertificateChain(absent);
		_exit(bad);
	}
	EXPECT_EQ(0, kt_child_status(pid));
	CertFreeCertificateChain(absent);
	pki_free(&second);
}

/* A server opens as root, forks, and its workers become nobody. */
TEST_F(store, privilege_dropped_after_fork)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	pid_t pid;
	bool bad;

	h = open_good(self);
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, set_good(self));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		kt_become_nobody();
		bad = !get_is_ok(h) || handles(self) != 1;
		CertCloseServerOcspResponse(h, 0);
		_exit(bad);
	}
	EXPECT_EQ(0, kt_child_status(pid));
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(h, 0);
}

#define READERS		8

struct readers {
	HCERT_SERVER_OCSP_RESPONSE h;
	atomic_bool stop;
	atomic_long gets;
	atomic_long bad;
};

static void *reader(void *arg)
{
	struct readers *r = arg;
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;

	while (!atomic_load(&r->stop)) {
		CertAddRefServerOcspResponse(r->h);
		c = CertGetServerOcspResponseContext(r->h, 0, NULL);
		CertAddRefServerOcspResponseContext(c);
		CertFreeServerOcspResponseContext(c);
		CertCloseServerOcspResponse(r->h, 0);
		if (!c || !kt_blob_ok(c->pbEncodedOcspResponse,
				      c->cbEncodedOcspResponse))
			atomic_fetch_add(&r->bad, 1);
		CertFreeServerOcspResponseContext(c);
		atomic_fetch_add(&r->gets, 1);
	}
	return NULL;
}

TEST_F(store, threads_against_a_writer)
{
	int64_t end = kt_uptime_ms() + 3000;
	pthread_t threads[READERS];
	struct readers r = { 0 };
	int i, sets = 0;

	ASSERT_EQ(0, set_good(self));
	r.h = CertOpenServerOcspResponse(self->chain, 0, NULL);
	ASSERT_NE(NULL, r.h);
	for (i = 0; i < READERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, reader, &r));
	/* On a slow machine not one may have had its turn by then. */
	do {
		ASSERT_EQ(0, set_good(self));
		sets++;
	} while (kt_uptime_ms() < end ||
		 (is_slow() && atomic_load(&r.gets) <= READERS));
	atomic_store(&r.stop, true);
	for (i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	TH_LOG("%ld gets, %d sets", atomic_load(&r.gets), sets);
	EXPECT_EQ(0, atomic_load(&r.bad));
	EXPECT_LT(READERS, atomic_load(&r.gets));
	EXPECT_EQ(1, handles(self));
	CertCloseServerOcspResponse(r.h, 0);
	EXPECT_EQ(0, handles(self));
}

TEST_HARNESS_MAIN
