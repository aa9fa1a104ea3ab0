// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* libocsp without a store: chains from bytes, and what is asked of a chain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <libocsp/ocsp.h>
#include <wincrypt.h>

#include "cert.h"
#include "pki.h"
#include "kselftest_harness.h"

FIXTURE(memory) {
	struct pki pki;
	unsigned char *der[2];		/* leaf and CA */
	size_t len[2];
	OCSP_ERROR error;
};

FIXTURE_SETUP(memory)
{
	X509 *certs[2];
	int i;

	pki_new(&self->pki, 0x10, PKI_URL, 0);
	certs[0] = self->pki.leaf.cert;
	certs[1] = self->pki.ca.cert;
	for (i = 0; i < 2; i++)
		self->len[i] = i2d_X509(certs[i], &self->der[i]);
	SetLastError(0);
}

FIXTURE_TEARDOWN(memory)
{
	/* Nothing that we do may be found in the application's queue. */
	EXPECT_EQ(0, ERR_peek_error());
	OPENSSL_free(self->der[0]);
	OPENSSL_free(self->der[1]);
	pki_free(&self->pki);
}

static bool has_der(PCCERT_CHAIN_CONTEXT chain, DWORD i, const void *der,
		    size_t len)
{
	PCCERT_CONTEXT cert;

	if (i >= OcspGetCertificateChainLength(chain))
		return false;
	cert = chain->rgpChain[0]->rgpElement[i]->pCertContext;
	return cert->cbCertEncoded == len &&
	       !memcmp(cert->pbCertEncoded, der, len);
}

/* Both in PEM, the leaf first, after what is no certificate. */
static BIO *pem_of(const FIXTURE_DATA(memory) *self)
{
	BIO *bio = BIO_new(BIO_s_mem());

	BIO_printf(bio, "Subject: what people write there\n");
	PEM_write_bio_PrivateKey(bio, self->pki.leaf.key, NULL, NULL, 0, NULL,
				 NULL);
	PEM_write_bio_X509(bio, self->pki.leaf.cert);
	PEM_write_bio_X509(bio, self->pki.ca.cert);
	return bio;
}

#define expect_refused(chain, code, word)				\
	do {								\
		EXPECT_EQ(NULL, chain);					\
		EXPECT_EQ((DWORD)(code), GetLastError());		\
		EXPECT_EQ((DWORD)(code), self->error.dwCode);		\
		EXPECT_NE(NULL, strstr(self->error.szMessage, word))	\
			TH_LOG("text: %s", self->error.szMessage);	\
		EXPECT_STREQ(OcspGetLastErrorMessage(),			\
			     self->error.szMessage);			\
	} while (0)

TEST_F(memory, pem)
{
	BIO *bio = pem_of(self);
	PCCERT_CHAIN_CONTEXT chain;
	char *pem;
	long len = BIO_get_mem_data(bio, &pem);

	/* Not ended by a NUL */
	chain = OcspCreateCertificateChainFromMemory(pem, len, NULL);
	ASSERT_NE(NULL, chain);
	EXPECT_EQ(2, OcspGetCertificateChainLength(chain));
	EXPECT_TRUE(has_der(chain, 0, self->der[0], self->len[0]));
	EXPECT_TRUE(has_der(chain, 1, self->der[1], self->len[1]));
	CertFreeCertificateChain(chain);

	/* The last certificate is cut off. */
	chain = OcspCreateCertificateChainFromMemory(pem, len - 80,
						     &self->error);
	expect_refused(chain, ERROR_INVALID_DATA, "certificate 2 in it is damaged");
	BIO_free(bio);
}

TEST_F(memory, one_in_der)
{
	PCCERT_CHAIN_CONTEXT chain;

	chain = OcspCreateCertificateChainFromMemory(self->der[0], self->len[0],
						     NULL);
	ASSERT_NE(NULL, chain);
	EXPECT_EQ(1, OcspGetCertificateChainLength(chain));
	EXPECT_TRUE(has_der(chain, 0, self->der[0], self->len[0]));
	CertFreeCertificateChain(chain);
}

TEST_F(memory, what_is_refused)
{
	void *large = calloc(1, OCSP_FILE_MAX + 1);

	ASSERT_NE(NULL, large);
	expect_refused(OcspCreateCertificateChainFromMemory(NULL, 1, &self->error),
		       ERROR_INVALID_PARAMETER, "pData is NULL");
	expect_refused(OcspCreateCertificateChainFromMemory(NULL, 0, &self->error),
		       ERROR_INVALID_DATA, "certificates in memory: is empty");
	expect_refused(OcspCreateCertificateChainFromMemory("x", 1, &self->error),
		       ERROR_INVALID_DATA, "no certificate in it");
	expect_refused(OcspCreateCertificateChainFromMemory(large, OCSP_FILE_MAX + 1,
							    &self->error),
		       ERROR_INVALID_DATA, "more than 1048576 bytes");
	free(large);
}

TEST_F(memory, array)
{
	const void *ders[] = { self->der[0], self->der[1], self->der[0] };
	const size_t lens[] = { self->len[0], self->len[1], self->len[0] };
	PCCERT_CHAIN_CONTEXT chain;

	chain = OcspCreateCertificateChainFromDer(ders, lens, 3, NULL);
	ASSERT_NE(NULL, chain);
	EXPECT_EQ(2, OcspGetCertificateChainLength(chain));
	EXPECT_TRUE(has_der(chain, 0, self->der[0], self->len[0]));
	EXPECT_TRUE(has_der(chain, 1, self->der[1], self->len[1]));
	CertFreeCertificateChain(chain);
}

TEST_F(memory, arrays_that_are_refused)
{
	const void *ders[] = { self->der[0], self->der[1] };
	size_t lens[] = { self->len[0], self->len[1] - 1 };

	expect_refused(OcspCreateCertificateChainFromDer(ders, lens, 0,
							 &self->error),
		       ERROR_INVALID_PARAMETER, "no certificate");
	expect_refused(OcspCreateCertificateChainFromDer(NULL, lens, 1,
							 &self->error),
		       ERROR_INVALID_PARAMETER, "no certificate");
	expect_refused(OcspCreateCertificateChainFromDer(ders, lens, 2,
							 &self->error),
		       ERROR_INVALID_DATA, "certificate 2 of 2");
	ders[1] = NULL;
	expect_refused(OcspCreateCertificateChainFromDer(ders, lens, 2,
							 &self->error),
		       ERROR_INVALID_DATA, "certificate 2 of 2");
}

/* There is a byte behind the certificate, which its key would not cover. */
TEST_F(memory, more_than_a_certificate)
{
	unsigned char *more = malloc(self->len[0] + 1);
	const void *ders[] = { more };
	const size_t lens[] = { self->len[0] + 1 };

	ASSERT_NE(NULL, more);
	memcpy(more, self->der[0], self->len[0]);
	more[self->len[0]] = 0;
	expect_refused(OcspCreateCertificateChainFromDer(ders, lens, 1,
							 &self->error),
		       ERROR_INVALID_DATA, "certificate 1 of 1");
	free(more);
}

TEST_F(memory, must_staple)
{
	struct forge_cert spec = {
		.cn = "must", .key = forge_ec(3), .serial = 7,
		.issuer = &self->pki.ca, .tls_feature = "status_request",
	};
	struct forged leaf = forge_cert(&spec);
	STACK_OF(X509) *others = sk_X509_new_null();
	PCCERT_CHAIN_CONTEXT chain = pki_chain(&self->pki);

	EXPECT_EQ(0, OcspMustStaple(chain, 0));
	EXPECT_EQ(0, OcspMustStaple(chain, 1));
	EXPECT_EQ(-1, OcspMustStaple(chain, 2));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_EQ(-1, OcspMustStaple(NULL, 0));
	CertFreeCertificateChain(chain);

	sk_X509_push(others, self->pki.ca.cert);
	chain = OcspCreateCertificateChain(leaf.cert, others);
	EXPECT_EQ(1, OcspMustStaple(chain, 0));
	EXPECT_EQ(0, OcspMustStaple(chain, 1));
	CertFreeCertificateChain(chain);
	sk_X509_free(others);
	forge_free(&leaf);
}

TEST(length_of_nothing)
{
	EXPECT_EQ(0, OcspGetCertificateChainLength(NULL));
}

/* What a binding writes down once. */
TEST(layouts)
{
	EXPECT_EQ(512, sizeof(OCSP_ERROR));
	EXPECT_EQ(4, offsetof(OCSP_ERROR, szMessage));
	EXPECT_EQ(32, sizeof(OCSP_RESPONSE_INFO));
	EXPECT_EQ(4, offsetof(OCSP_RESPONSE_INFO, dwStatus));
	EXPECT_EQ(8, offsetof(OCSP_RESPONSE_INFO, llThisUpdate));
	EXPECT_EQ(16, offsetof(OCSP_RESPONSE_INFO, llNextUpdate));
	EXPECT_EQ(24, offsetof(OCSP_RESPONSE_INFO, ullGeneration));
}

TEST_HARNESS_MAIN
