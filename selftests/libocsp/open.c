// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp's own ways to open and to ask: each certificate of a chain, what is
 * known of a response, and errors in the caller's buffer. With the module, and
 * as open_standin without one.
 */
#include <time.h>

#include "cert.h"
#include "store_test.h"

/* A chain of three, whose CA names a responder, too. */
struct three {
	struct forged root, ca, leaf;
	PCCERT_CHAIN_CONTEXT chain;
};

static struct forged issue(const struct forged *issuer, const char *cn,
			   int key, const char *aia, bool is_ca)
{
	long now = time(NULL) - FORGE_NOW;
	struct forge_cert spec = {
		.cn = cn, .key = forge_ec(key), .serial = 0x40 + key,
		.issuer = issuer, .aia = aia,
		.not_before = now - PKI_DAY, .not_after = now + PKI_DAY,
		.basic_constraints = is_ca ? "critical,CA:TRUE" : NULL,
	};

	return forge_cert(&spec);
}

/* Without the root where it is left out, as servers do. */
static void three_new(struct three *t, const char *leaf_aia, bool with_root)
{
	STACK_OF(X509) *others = sk_X509_new_null();

	t->root = issue(NULL, "Root", 4, NULL, true);
	t->ca = issue(&t->root, "CA", 5, "OCSP;URI:" PKI_URL, true);
	t->leaf = issue(&t->ca, "leaf", 3, leaf_aia, false);
	sk_X509_push(others, t->ca.cert);
	if (with_root)
		sk_X509_push(others, t->root.cert);
	t->chain = OcspCreateCertificateChain(t->leaf.cert, others);
	sk_X509_free(others);
	if (!t->chain)
		abort();
}

static void three_free(struct three *t)
{
	CertFreeCertificateChain(t->chain);
	forge_free(&t->leaf);
	forge_free(&t->ca);
	forge_free(&t->root);
}

static size_t entries(struct ocsp_client *client)
{
	struct ocsp_stats stats;

	if (ocsp_client_stats(client, -1, &stats))
		return -1;
	return stats.usage[KTLS_OCSP_RESOURCE_ENTRIES].used;
}

TEST_F(store, each_of_a_chain)
{
	HCERT_SERVER_OCSP_RESPONSE h[4] = { self, self, self, self };
	OCSP_ERROR error = { .dwCode = 1 };
	struct three t;

	three_new(&t, "OCSP;URI:" PKI_URL, true);
	EXPECT_EQ(2, OcspOpenServerOcspResponses(t.chain, ASYNC, h, 4, &error));
	EXPECT_EQ(0, error.dwCode);
	EXPECT_NE(NULL, h[0]);
	EXPECT_NE(NULL, h[1]);
	EXPECT_NE(h[0], h[1]);
	EXPECT_EQ(NULL, h[2]);
	EXPECT_EQ(NULL, h[3]);
	EXPECT_EQ(2, entries(self->client));
	CertCloseServerOcspResponse(h[0], 0);
	CertCloseServerOcspResponse(h[1], 0);
	three_free(&t);
}

/* No more than there is room for. */
TEST_F(store, the_first_of_a_chain)
{
	HCERT_SERVER_OCSP_RESPONSE h[2] = { NULL, self };
	struct three t;

	three_new(&t, "OCSP;URI:" PKI_URL, true);
	EXPECT_EQ(1, OcspOpenServerOcspResponses(t.chain, ASYNC, h, 1, NULL));
	EXPECT_EQ(self, h[1]);
	EXPECT_EQ(1, entries(self->client));
	CertCloseServerOcspResponse(h[0], 0);
	three_free(&t);
}

/* That of the CA cannot be had: that of the leaf can. */
TEST_F(store, chain_without_its_root)
{
	HCERT_SERVER_OCSP_RESPONSE h[2];
	OCSP_ERROR error;
	struct three t;

	three_new(&t, "OCSP;URI:" PKI_URL, false);
	EXPECT_EQ(1, OcspOpenServerOcspResponses(t.chain, ASYNC, h, 2, &error));
	EXPECT_NE(NULL, h[0]);
	EXPECT_EQ(NULL, h[1]);
	expect_told(error, ERROR_INVALID_PARAMETER, "lacks the certificate's issuer");
	CertCloseServerOcspResponse(h[0], 0);
	three_free(&t);
}

TEST_F(store, leaf_that_names_no_responder)
{
	HCERT_SERVER_OCSP_RESPONSE h[3];
	OCSP_ERROR error;
	struct three t;

	three_new(&t, NULL, true);
	EXPECT_EQ(1, OcspOpenServerOcspResponses(t.chain, ASYNC, h, 3, &error));
	EXPECT_EQ(0, error.dwCode);
	EXPECT_EQ(NULL, h[0]);
	EXPECT_NE(NULL, h[1]);
	CertCloseServerOcspResponse(h[1], 0);

	/* And nobody does: */
	EXPECT_EQ(0, OcspOpenServerOcspResponses(t.chain, ASYNC, h, 1, &error));
	expect_told(error, CRYPT_E_NOT_IN_REVOCATION_DATABASE, "no certificate of the chain");
	three_free(&t);
}

TEST_F(store, arguments)
{
	HCERT_SERVER_OCSP_RESPONSE h[1];
	OCSP_ERROR error;

	EXPECT_EQ(0, OcspOpenServerOcspResponses(NULL, ASYNC, h, 1, &error));
	expect_told(error, ERROR_INVALID_PARAMETER, "the chain is empty");
	EXPECT_EQ(0, OcspOpenServerOcspResponses(self->chain, ASYNC, NULL, 1,
						 &error));
	expect_told(error, ERROR_INVALID_PARAMETER, "no room");
	EXPECT_EQ(0, OcspOpenServerOcspResponses(self->chain, 1 << 30, h, 1,
						 &error));
	expect_told(error, ERROR_INVALID_PARAMETER, "unknown flags");
	EXPECT_EQ(NULL, OcspOpenServerOcspResponse(self->chain, 2, ASYNC, NULL,
						   &error));
	expect_told(error, ERROR_INVALID_PARAMETER, "fewer certificates");
	EXPECT_EQ(NULL, OcspOpenServerOcspResponse(self->chain, -1, ASYNC, NULL,
						   &error));
	expect_told(error, ERROR_INVALID_PARAMETER, "fewer certificates");
	EXPECT_EQ(NULL, OcspOpenServerOcspResponse(NULL, 0, ASYNC, NULL,
						   &error));
	expect_told(error, ERROR_INVALID_PARAMETER, "pChainContext is NULL");
	/* The CA of the fixture names none. */
	EXPECT_EQ(NULL, OcspOpenServerOcspResponse(self->chain, 1, ASYNC, NULL,
						   &error));
	expect_told(error, CRYPT_E_NOT_IN_REVOCATION_DATABASE, "names no OCSP responder");
	EXPECT_EQ(NULL, OcspGetServerOcspResponseContext(NULL, &error));
	expect_told(error, ERROR_INVALID_PARAMETER, "no handle");
}

/* Each handle has the response of its own certificate. */
TEST_F(store, each_its_own)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;
	HCERT_SERVER_OCSP_RESPONSE h[2];
	struct pki of_ca = { 0 };
	OCSP_ERROR error;
	struct three t;

	three_new(&t, "OCSP;URI:" PKI_URL, true);
	ASSERT_EQ(2, OcspOpenServerOcspResponses(t.chain, ASYNC, h, 2, NULL));
	of_ca.leaf = t.ca;
	of_ca.ca = t.root;
	ASSERT_EQ(0, ocsp_cert_key(t.ca.cert, of_ca.key));
	ASSERT_EQ(0, set_for(self, &of_ca, KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY));
	c = OcspGetServerOcspResponseContext(h[1], NULL);
	EXPECT_NE(NULL, c);
	CertFreeServerOcspResponseContext(c);
	EXPECT_EQ(NULL, OcspGetServerOcspResponseContext(h[0], &error));
	expect_told(error, CRYPT_E_REVOCATION_OFFLINE, "there is no response yet");
	CertCloseServerOcspResponse(h[0], 0);
	CertCloseServerOcspResponse(h[1], 0);
	three_free(&t);
}

TEST_F(store, info)
{
	OCSP_RESPONSE_INFO info = { .cbSize = sizeof(info) }, next = info;
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;
	HCERT_SERVER_OCSP_RESPONSE h;
	int64_t now = time(NULL);
	struct {
		OCSP_RESPONSE_INFO info;
		char behind[16];
	} future = { .info = { .cbSize = sizeof(future) } };

	h = open_good(self);
	ASSERT_NE(NULL, h);
	/* The first is the store's, the second the thread's. */
	for (int i = 0; i < 2; i++) {
		c = OcspGetServerOcspResponseContext(h, NULL);
		ASSERT_NE(NULL, c);
		EXPECT_EQ(1, OcspGetResponseInfo(c, &info));
		EXPECT_EQ(sizeof(info), info.cbSize);
		EXPECT_EQ(OCSP_STATUS_GOOD, info.dwStatus);
		EXPECT_LE(now - 2, info.llThisUpdate);
		EXPECT_GE(now + 2, info.llThisUpdate);
		EXPECT_LE(now + PKI_DAY - 2, info.llNextUpdate);
		EXPECT_GE(now + PKI_DAY + 2, info.llNextUpdate);
		EXPECT_NE(0, info.ullGeneration);
		CertFreeServerOcspResponseContext(c);
	}
	ASSERT_EQ(0, set_for(self, &self->pki, KTLS_OCSP_CERT_STATUS_REVOKED,
			     PKI_DAY));
	c = OcspGetServerOcspResponseContext(h, NULL);
	ASSERT_NE(NULL, c);
	EXPECT_EQ(1, OcspGetResponseInfo(c, &next));
	EXPECT_EQ(OCSP_STATUS_REVOKED, next.dwStatus);
	EXPECT_GT(next.ullGeneration, info.ullGeneration);

	/* Sizes of other versions */
	memset(future.behind, 0xa5, sizeof(future.behind));
	EXPECT_EQ(1, OcspGetResponseInfo(c, &future.info));
	EXPECT_EQ(sizeof(info), future.info.cbSize);
	EXPECT_EQ(next.ullGeneration, future.info.ullGeneration);
	EXPECT_EQ((char)0xa5, future.behind[0]);
	future.info.cbSize = 8;
	future.info.ullGeneration = 1;
	EXPECT_EQ(1, OcspGetResponseInfo(c, &future.info));
	EXPECT_EQ(OCSP_STATUS_REVOKED, future.info.dwStatus);
	EXPECT_EQ(1, future.info.ullGeneration);
	future.info.cbSize = 7;
	EXPECT_EQ(0, OcspGetResponseInfo(c, &future.info));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_EQ(0, OcspGetResponseInfo(NULL, &info));
	EXPECT_EQ(0, OcspGetResponseInfo(c, NULL));
	CertFreeServerOcspResponseContext(c);
	CertCloseServerOcspResponse(h, 0);
}

TEST_HARNESS_MAIN
