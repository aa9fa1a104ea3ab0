// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp without a store: chains and where they come from, and arguments that
 * are refused before the kernel is asked. Needs no module and no privilege, but
 * the test of what is said without a module has to unload it.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <libocsp/ocsp.h>
#include <libocsp/ocsp_ssl.h>
#include <wincrypt.h>

#include "ktest.h"
#include "pki.h"
#include "kselftest_harness.h"

FIXTURE(chain) {
	struct pki pki;
	char dir[32];
	char path[64];
};

FIXTURE_SETUP(chain)
{
	pki_new(&self->pki, 0x10, PKI_URL, 0);
	strcpy(self->dir, "/tmp/ocsp-chain-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->path, sizeof(self->path), "%s/file", self->dir);
	SetLastError(0);
}

FIXTURE_TEARDOWN(chain)
{
	/* Nothing that we do may be found in the application's queue. */
	EXPECT_EQ(0, ERR_peek_error());
	unlink(self->path);
	rmdir(self->dir);
	pki_free(&self->pki);
}

static FILE *new_file(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		abort();
	return f;
}

static bool has_cert(PCCERT_CHAIN_CONTEXT chain, DWORD i, X509 *cert)
{
	PCCERT_CONTEXT context;
	unsigned char *der = NULL;
	bool same;
	int len;

	if (i >= chain->rgpChain[0]->cElement)
		return false;
	context = chain->rgpChain[0]->rgpElement[i]->pCertContext;
	len = i2d_X509(cert, &der);
	same = len > 0 && context->cbCertEncoded == (DWORD)len &&
	       !memcmp(context->pbCertEncoded, der, len);
	OPENSSL_free(der);
	return same;
}

TEST_F(chain, from_objects)
{
	PCCERT_CHAIN_CONTEXT chain = pki_chain(&self->pki);

	EXPECT_EQ(sizeof(CERT_CHAIN_CONTEXT), chain->cbSize);
	EXPECT_EQ(1, chain->cChain);
	EXPECT_EQ(0, chain->TrustStatus.dwErrorStatus);
	EXPECT_EQ(sizeof(CERT_SIMPLE_CHAIN), chain->rgpChain[0]->cbSize);
	EXPECT_EQ(2, chain->rgpChain[0]->cElement);
	EXPECT_TRUE(has_cert(chain, 0, self->pki.leaf.cert));
	EXPECT_TRUE(has_cert(chain, 1, self->pki.ca.cert));
	EXPECT_EQ(X509_ASN_ENCODING, chain->rgpChain[0]->rgpElement[0]
		  ->pCertContext->dwCertEncodingType);
	CertFreeCertificateChain(chain);
}

TEST_F(chain, order_does_not_matter)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	PCCERT_CHAIN_CONTEXT chain;
	struct pki stranger;

	pki_new(&stranger, 0x11, PKI_URL, 0);
	sk_X509_push(others, stranger.leaf.cert);
	sk_X509_push(others, self->pki.ca.cert);
	sk_X509_push(others, self->pki.leaf.cert);
	sk_X509_push(others, self->pki.ca.cert);
	chain = OcspCreateCertificateChain(self->pki.leaf.cert, others);
	sk_X509_free(others);
	ASSERT_NE(NULL, chain);
	EXPECT_EQ(2, chain->rgpChain[0]->cElement);
	EXPECT_TRUE(has_cert(chain, 0, self->pki.leaf.cert));
	EXPECT_TRUE(has_cert(chain, 1, self->pki.ca.cert));
	CertFreeCertificateChain(chain);
	pki_free(&stranger);
}

/* A twin that is over, another CA of the name, and the one to take. */
TEST_F(chain, the_right_issuer)
{
	/* The wall clock's, which a chain goes by */
	long now = time(NULL) - FORGE_NOW;
	struct forge_cert spec = {
		.cn = "Test Root", .key = self->pki.ca.key, .serial = 2,
		.not_before = now - 9 * PKI_DAY, .not_after = now - 1,
		.basic_constraints = "critical,CA:TRUE" };
	struct forged expired = forge_cert(&spec), namesake;
	STACK_OF(X509) *others = sk_X509_new_null();
	PCCERT_CHAIN_CONTEXT chain;

	spec.key = forge_ec(5);
	spec.not_after = now + 900L * PKI_DAY;
	namesake = forge_cert(&spec);
	for (int i = 0; i < 3; i++) {
		sk_X509_zero(others);
		sk_X509_push(others, i ? expired.cert : self->pki.ca.cert);
		sk_X509_push(others, namesake.cert);
		sk_X509_push(others, i == 1 ? self->pki.ca.cert : expired.cert);
		sk_X509_push(others, self->pki.ca.cert);
		chain = OcspCreateCertificateChain(self->pki.leaf.cert, others);
		ASSERT_NE(NULL, chain);
		EXPECT_EQ(2, chain->rgpChain[0]->cElement);
		EXPECT_TRUE(has_cert(chain, 1, self->pki.ca.cert));
		CertFreeCertificateChain(chain);
	}
	/* One that did not issue it would be kept for all of the host. */
	sk_X509_zero(others);
	sk_X509_push(others, namesake.cert);
	chain = OcspCreateCertificateChain(self->pki.leaf.cert, others);
	ASSERT_NE(NULL, chain);
	EXPECT_EQ(1, chain->rgpChain[0]->cElement);
	CertFreeCertificateChain(chain);
	sk_X509_free(others);
	forge_free(&namesake);
	forge_free(&expired);
}

TEST_F(chain, leaf_alone_is_partial)
{
	PCCERT_CHAIN_CONTEXT chain = pki_leaf_chain(&self->pki);

	EXPECT_EQ(1, chain->rgpChain[0]->cElement);
	EXPECT_EQ(CERT_TRUST_IS_PARTIAL_CHAIN,
		  chain->TrustStatus.dwErrorStatus);
	CertFreeCertificateChain(chain);
}

TEST_F(chain, self_signed_is_whole)
{
	PCCERT_CHAIN_CONTEXT chain;

	chain = OcspCreateCertificateChain(self->pki.ca.cert, NULL);
	ASSERT_NE(NULL, chain);
	EXPECT_EQ(1, chain->rgpChain[0]->cElement);
	EXPECT_EQ(0, chain->TrustStatus.dwErrorStatus);
	EXPECT_EQ(CERT_TRUST_IS_SELF_SIGNED, chain->TrustStatus.dwInfoStatus);
	CertFreeCertificateChain(chain);
}

TEST_F(chain, references)
{
	PCCERT_CHAIN_CONTEXT chain = pki_chain(&self->pki);

	EXPECT_EQ(chain, CertDuplicateCertificateChain(chain));
	CertFreeCertificateChain(chain);
	EXPECT_TRUE(has_cert(chain, 0, self->pki.leaf.cert));
	CertFreeCertificateChain(chain);

	EXPECT_EQ(NULL, CertDuplicateCertificateChain(NULL));
	CertFreeCertificateChain(NULL);
}

/* What an application made has no count behind it, and may be on its stack. */
TEST_F(chain, made_elsewhere)
{
	PCCERT_CHAIN_CONTEXT good = pki_chain(&self->pki), copy, again;
	struct {
		CERT_CHAIN_CONTEXT chain;
		char behind[64];
	} own;
	char before[sizeof(own)];

	memset(&own, 0xa5, sizeof(own));
	own.chain = *good;
	memcpy(before, &own, sizeof(own));
	copy = CertDuplicateCertificateChain(&own.chain);
	ASSERT_NE(NULL, copy);
	EXPECT_NE(copy, &own.chain);
	CertFreeCertificateChain(&own.chain);
	EXPECT_EQ(0, memcmp(before, &own, sizeof(own)));
	CertFreeCertificateChain(good);
	/* It is on its own, and counted. */
	again = CertDuplicateCertificateChain(copy);
	EXPECT_EQ(copy, again);
	CertFreeCertificateChain(again);
	EXPECT_EQ(0, copy->TrustStatus.dwErrorStatus);
	EXPECT_EQ(2, copy->rgpChain[0]->cElement);
	EXPECT_TRUE(has_cert(copy, 0, self->pki.leaf.cert));
	EXPECT_TRUE(has_cert(copy, 1, self->pki.ca.cert));
	EXPECT_EQ(CERT_TRUST_IS_SELF_SIGNED, copy->rgpChain[0]->rgpElement[1]
		  ->TrustStatus.dwInfoStatus);
	CertFreeCertificateChain(copy);
}

/* With nothing in it there is nothing to copy. */
TEST_F(chain, empty_made_elsewhere)
{
	CERT_CHAIN_CONTEXT own = { .cbSize = sizeof(own) };

	EXPECT_EQ(NULL, CertDuplicateCertificateChain(&own));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	CertFreeCertificateChain(&own);
}

TEST_F(chain, no_leaf)
{
	EXPECT_EQ(NULL, OcspCreateCertificateChain(NULL, NULL));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_EQ(NULL, OcspCreateCertificateChainFromFile(NULL));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
}

TEST_F(chain, from_pem_file)
{
	PCCERT_CHAIN_CONTEXT chain;
	FILE *f = new_file(self->path);

	PEM_write_X509(f, self->pki.leaf.cert);
	PEM_write_PrivateKey(f, self->pki.leaf.key, NULL, NULL, 0, NULL, NULL);
	PEM_write_X509(f, self->pki.ca.cert);
	fclose(f);
	chain = OcspCreateCertificateChainFromFile(self->path);
	ASSERT_NE(NULL, chain)
		TH_LOG("%s", OcspGetLastErrorMessage());
	EXPECT_TRUE(has_cert(chain, 0, self->pki.leaf.cert));
	EXPECT_TRUE(has_cert(chain, 1, self->pki.ca.cert));
	CertFreeCertificateChain(chain);
}

TEST_F(chain, from_ssl_ctx)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	PCCERT_CHAIN_CONTEXT chain;

	ASSERT_NE(NULL, ctx);
	EXPECT_EQ(NULL, OcspCreateCertificateChainFromSslCtx(ctx));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());

	ASSERT_EQ(1, SSL_CTX_use_certificate(ctx, self->pki.leaf.cert));
	ASSERT_EQ(1, SSL_CTX_add1_chain_cert(ctx, self->pki.ca.cert));
	chain = OcspCreateCertificateChainFromSslCtx(ctx);
	SSL_CTX_free(ctx);
	ASSERT_NE(NULL, chain);
	EXPECT_TRUE(has_cert(chain, 0, self->pki.leaf.cert));
	EXPECT_TRUE(has_cert(chain, 1, self->pki.ca.cert));
	CertFreeCertificateChain(chain);
}

/* The issuer where OpenSSL itself would look for it, and an expired twin. */
TEST_F(chain, from_ssl_ctx_with_an_issuer_elsewhere)
{
	long now = time(NULL) - FORGE_NOW;
	struct forged expired = forge_cert(&(struct forge_cert){
		.cn = "Test Root", .key = self->pki.ca.key, .serial = 2,
		.not_before = now - 9 * PKI_DAY, .not_after = now - 1,
		.basic_constraints = "critical,CA:TRUE" });
	PCCERT_CHAIN_CONTEXT chain;
	X509_STORE *store;
	SSL_CTX *ctx;

	for (int where = 0; where < 4; where++) {
		ctx = SSL_CTX_new(TLS_server_method());
		ASSERT_NE(NULL, ctx);
		SSL_CTX_use_certificate(ctx, self->pki.leaf.cert);
		if (where != 1)
			SSL_CTX_add1_chain_cert(ctx, expired.cert);
		X509_up_ref(self->pki.ca.cert);
		store = X509_STORE_new();
		if (where == 1 || where == 2)
			SSL_CTX_add_extra_chain_cert(ctx, self->pki.ca.cert);
		else
			X509_STORE_add_cert(where == 3 ? store :
					    SSL_CTX_get_cert_store(ctx),
					    self->pki.ca.cert);
		if (where != 1 && where != 2)
			X509_free(self->pki.ca.cert);
		SSL_CTX_set1_chain_cert_store(ctx, store);
		X509_STORE_free(store);
		chain = OcspCreateCertificateChainFromSslCtx(ctx);
		SSL_CTX_free(ctx);
		ASSERT_NE(NULL, chain);
#ifndef SSL_CTX_get0_chain_cert_store
		if (where == 3) {
			CertFreeCertificateChain(chain);
			continue;
		}
#endif
		EXPECT_TRUE(has_cert(chain, 1, self->pki.ca.cert)) {
			TH_LOG("%d", where);
		}
		CertFreeCertificateChain(chain);
	}
	forge_free(&expired);
}

/* One of the many files that OpenSSL finds by a name's hash. */
TEST_F(chain, from_ssl_ctx_with_a_directory)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	PCCERT_CHAIN_CONTEXT chain;
	FILE *f;

	ASSERT_NE(NULL, ctx);
	snprintf(self->path, sizeof(self->path), "%s/%08lx.0", self->dir,
		 X509_NAME_hash_ex(X509_get_subject_name(self->pki.ca.cert),
				   NULL, NULL, NULL));
	f = new_file(self->path);
	PEM_write_X509(f, self->pki.ca.cert);
	fclose(f);
	SSL_CTX_use_certificate(ctx, self->pki.leaf.cert);
	ASSERT_EQ(1, SSL_CTX_load_verify_dir(ctx, self->dir));
	chain = OcspCreateCertificateChainFromSslCtx(ctx);
	SSL_CTX_free(ctx);
	ASSERT_NE(NULL, chain);
	EXPECT_TRUE(has_cert(chain, 1, self->pki.ca.cert));
	CertFreeCertificateChain(chain);
}

struct seen {
	int count, stop_at, issuers;
	X509 *certs[4];
};

static BOOL see(X509 *cert, PCCERT_CHAIN_CONTEXT chain, void *arg)
{
	struct seen *seen = arg;

	if (!has_cert(chain, 0, cert) || seen->count == 4)
		abort();
	seen->certs[seen->count++] = cert;
	seen->issuers += chain->rgpChain[0]->cElement == 2;
	return seen->count != seen->stop_at;
}

TEST_F(chain, all_of_ssl_ctx)
{
	struct forge_cert spec = { .cn = "other", .issuer = &self->pki.ca };
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct forged made[3];
	struct seen seen = { 0 };

	ASSERT_NE(NULL, ctx);
	made[0].key = forge_rsa(0);
	made[1].key = self->pki.leaf.key;
	made[2].key = forge_ed25519(0);
	EXPECT_FALSE(OcspEnumCertificateChainsOfSslCtx(ctx, see, &seen));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_EQ(0, seen.count);
	for (int i = 0; i < 3; i++) {
		spec.key = made[i].key;
		made[i] = forge_cert(&spec);
		ASSERT_EQ(1, SSL_CTX_use_certificate(ctx, made[i].cert));
		/* Each of its own, but for one that is in the store. */
		if (i)
			SSL_CTX_add1_chain_cert(ctx, self->pki.ca.cert);
		else
			X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx),
					    self->pki.ca.cert);
		ASSERT_EQ(1, SSL_CTX_use_PrivateKey(ctx, made[i].key));
	}
	SSL_CTX_select_current_cert(ctx, made[1].cert);
	EXPECT_TRUE(OcspEnumCertificateChainsOfSslCtx(ctx, see, &seen));
	EXPECT_EQ(3, seen.count);
	EXPECT_EQ(3, seen.issuers);
	for (int i = 0; i < 3; i++)
		EXPECT_TRUE(seen.certs[0] == made[i].cert ||
			    seen.certs[1] == made[i].cert ||
			    seen.certs[2] == made[i].cert);
	EXPECT_EQ(made[1].cert, SSL_CTX_get0_certificate(ctx));
	/* It can be ended, and is as before then as well. */
	seen = (struct seen){ .stop_at = 2 };
	EXPECT_FALSE(OcspEnumCertificateChainsOfSslCtx(ctx, see, &seen));
	EXPECT_EQ(2, seen.count);
	EXPECT_EQ(made[1].cert, SSL_CTX_get0_certificate(ctx));
	SSL_CTX_free(ctx);
	for (int i = 0; i < 3; i++)
		forge_free(&made[i]);
}

/* The key comes later. */
TEST_F(chain, all_of_ssl_ctx_without_a_key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct seen seen = { 0 };

	ASSERT_NE(NULL, ctx);
	SSL_CTX_use_certificate(ctx, self->pki.leaf.cert);
	EXPECT_TRUE(OcspEnumCertificateChainsOfSslCtx(ctx, see, &seen));
	EXPECT_EQ(1, seen.count);
	EXPECT_EQ(self->pki.leaf.cert, SSL_CTX_get0_certificate(ctx));
	SSL_CTX_free(ctx);
}

/* A file that is refused, with its code and a text that names it. */
#define expect_refused(code)						\
	do {								\
		EXPECT_EQ(NULL, OcspCreateCertificateChainFromFile(self->path)); \
		EXPECT_EQ((DWORD)(code), GetLastError());		\
		EXPECT_NE(NULL, strstr(OcspGetLastErrorMessage(),	\
				       self->path))			\
			TH_LOG("text: %s", OcspGetLastErrorMessage());	\
		EXPECT_EQ(NULL, strchr(OcspGetLastErrorMessage(), '\n')); \
	} while (0)

TEST_F(chain, absent_file)
{
	expect_refused(ERROR_FILE_NOT_FOUND);
}

/* A server that changed its effective user alone: access() goes by the real one. */
TEST_F(chain, unreadable_file)
{
	if (geteuid())
		SKIP(return, "needs root");
	fclose(new_file(self->path));
	ASSERT_EQ(0, chmod(self->path, 0600));
	ASSERT_EQ(0, seteuid(KT_NOBODY));
	expect_refused(ERROR_ACCESS_DENIED);
	ASSERT_EQ(0, seteuid(0));
}

TEST_F(chain, directory_for_a_file)
{
	ASSERT_EQ(0, mkdir(self->path, 0700));
	expect_refused(ERROR_INVALID_DATA);
	rmdir(self->path);
}

TEST_F(chain, fifo_for_a_file)
{
	ASSERT_EQ(0, mkfifo(self->path, 0600));
	expect_refused(ERROR_INVALID_DATA);
}

TEST_F(chain, garbage)
{
	FILE *f = new_file(self->path);

	fputs("this is no certificate\n", f);
	fclose(f);
	expect_refused(ERROR_INVALID_DATA);
}

TEST_F(chain, empty_file)
{
	fclose(new_file(self->path));
	expect_refused(ERROR_INVALID_DATA);
}

TEST_F(chain, huge_file)
{
	fclose(new_file(self->path));
	ASSERT_EQ(0, truncate(self->path, 1 << 30));
	expect_refused(ERROR_INVALID_DATA);
}

TEST_F(chain, truncated_file)
{
	FILE *f = new_file(self->path);

	PEM_write_X509(f, self->pki.leaf.cert);
	fclose(f);
	ASSERT_EQ(0, truncate(self->path, 200));
	expect_refused(ERROR_INVALID_DATA);
}

/* Refused by Open before it talks to the kernel. */
#define expect_no_handle(chain, flags, para, code)			\
	do {								\
		SetLastError(0);					\
		EXPECT_EQ(NULL, CertOpenServerOcspResponse(chain, flags, para)); \
		EXPECT_EQ((DWORD)(code), GetLastError());		\
		EXPECT_NE('\0', OcspGetLastErrorMessage()[0]);		\
	} while (0)

TEST_F(chain, open_without_url)
{
	PCCERT_CHAIN_CONTEXT chain;
	struct pki pki;

	pki_new(&pki, 0x12, NULL, 0);
	chain = pki_chain(&pki);
	expect_no_handle(chain, 0, NULL, CRYPT_E_NOT_IN_REVOCATION_DATABASE);
	expect_no_handle(chain, CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG, NULL,
			 CRYPT_E_NOT_IN_REVOCATION_DATABASE);
	CertFreeCertificateChain(chain);
	pki_free(&pki);
}

/* It may have one, and one that nobody can use: that is said. */
TEST_F(chain, open_with_bad_url)
{
	PCCERT_CHAIN_CONTEXT chain;
	struct pki pki;

	pki_new(&pki, 0x12, "http://127.0.0.1/ x", 0);
	chain = pki_chain(&pki);
	expect_no_handle(chain, 1, NULL, CRYPT_E_NOT_IN_REVOCATION_DATABASE);
	EXPECT_NE(NULL, strstr(OcspGetLastErrorMessage(),
			       "\"http://127.0.0.1/ x\" has a blank"));
	CertFreeCertificateChain(chain);
	pki_free(&pki);
}

TEST_F(chain, open_with_bad_chains)
{
	PCCERT_CHAIN_CONTEXT good = pki_chain(&self->pki);
	CERT_CHAIN_ELEMENT leaf = *good->rgpChain[0]->rgpElement[0];
	CERT_CHAIN_ELEMENT again = leaf;
	PCERT_CHAIN_ELEMENT elements[] = { &leaf, &again };
	CERT_SIMPLE_CHAIN simple = *good->rgpChain[0];
	PCERT_SIMPLE_CHAIN chains[] = { &simple };
	CERT_CHAIN_CONTEXT chain = *good;
	CERT_CONTEXT cert = *leaf.pCertContext;

	/*
	 * All of these are refused before a reference is taken, which chains
	 * of one's own making do not have.
	 */
	chain.rgpChain = chains;
	simple.rgpElement = elements;
	leaf.pCertContext = &cert;

	chain.cbSize = 4;
	expect_no_handle(&chain, 1, NULL, ERROR_INVALID_PARAMETER);
	chain.cbSize = sizeof(chain);
	chain.cChain = 0;
	expect_no_handle(&chain, 1, NULL, ERROR_INVALID_PARAMETER);
	chain.cChain = 1;
	simple.cElement = 0;
	expect_no_handle(&chain, 1, NULL, ERROR_INVALID_PARAMETER);
	simple.cElement = 2;
	cert.cbCertEncoded--;
	expect_no_handle(&chain, 1, NULL, ERROR_INVALID_PARAMETER);
	cert.cbCertEncoded = 0;
	expect_no_handle(&chain, 1, NULL, ERROR_INVALID_PARAMETER);
	cert = *again.pCertContext;
	cert.dwCertEncodingType = PKCS_7_ASN_ENCODING;
	expect_no_handle(&chain, 1, NULL, ERROR_INVALID_PARAMETER);
	leaf.pCertContext = NULL;
	expect_no_handle(&chain, 1, NULL, ERROR_INVALID_PARAMETER);
	elements[0] = NULL;
	expect_no_handle(&chain, 1, NULL, ERROR_INVALID_PARAMETER);
	simple.rgpElement = NULL;
	expect_no_handle(&chain, 1, NULL, ERROR_INVALID_PARAMETER);
	chains[0] = NULL;
	expect_no_handle(&chain, 1, NULL, ERROR_INVALID_PARAMETER);
	CertFreeCertificateChain(good);
}

TEST_F(chain, open_with_bad_para)
{
	PCCERT_CHAIN_CONTEXT chain = pki_chain(&self->pki);
	WCHAR dir[] = { '/', 't', 'm', 'p', 0 };
	WCHAR half[] = { '/', 0xd800, '/', 0 };
	WCHAR empty[] = { 0 };
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para = { .cbSize = sizeof(para) };
	DWORD used = 0;

	para.pcbUsedSize = &used;
	/* Half of a pointer is none. */
	for (para.cbSize = 0; para.cbSize < sizeof(para); para.cbSize++)
		if (para.cbSize < offsetof(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA,
					   pcbUsedSize) ||
		    para.cbSize % sizeof(void *))
			expect_no_handle(chain, 1, &para,
					 ERROR_INVALID_PARAMETER);
	EXPECT_EQ(0, used);
	para.cbSize = sizeof(para);
	para.dwFlags = 3;
	para.pwszOcspDirectory = dir;
	expect_no_handle(chain, 1, &para, ERROR_INVALID_PARAMETER);
	para.dwFlags = 4;
	expect_no_handle(chain, 1, &para, ERROR_INVALID_PARAMETER);
	para.dwFlags = 0;
	expect_no_handle(chain, 1, &para, ERROR_INVALID_PARAMETER);
	para.dwFlags = 1;
	para.pwszOcspDirectory = NULL;
	expect_no_handle(chain, 1, &para, ERROR_INVALID_PARAMETER);
	EXPECT_EQ(0, used);
	para.pwszOcspDirectory = half;
	expect_no_handle(chain, 1, &para, ERROR_INVALID_PARAMETER);
	para.pwszOcspDirectory = empty;
	expect_no_handle(chain, 1, &para, ERROR_INVALID_PARAMETER);
	EXPECT_EQ(sizeof(para), used);
	CertFreeCertificateChain(chain);
}

TEST_F(chain, last_error_is_of_the_thread)
{
	SetLastError(1234);
	EXPECT_EQ(1234, GetLastError());
	EXPECT_EQ(NULL, CertGetServerOcspResponseContext(NULL, 0, NULL));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_NE('\0', OcspGetLastErrorMessage()[0]);
}

#define MODPROBE	"/proc/sys/kernel/modprobe"

static bool module_is_there(void)
{
	struct ocsp_client *client;
	int rc = ocsp_client_new(&client);

	ocsp_client_free(client);
	return rc != -ENOENT;
}

static bool set_modprobe(const char *path)
{
	FILE *f = fopen(MODPROBE, "w");
	bool ok = f && fputs(path, f) >= 0;

	return f && !fclose(f) && ok;
}

/*
 * Take the module away, and keep the kernel from loading it again: only where
 * that is how it comes back, and nobody uses it.
 */
static bool unload(char *modprobe, size_t size)
{
	FILE *f = fopen(MODPROBE, "r");
	bool ok = f && fgets(modprobe, size, f);

	if (f)
		fclose(f);
	if (!ok || system("modprobe -q --dry-run " KTLS_OCSP_FAMILY_NAME) ||
	    !set_modprobe("/bin/false"))
		return false;
	if (!syscall(SYS_delete_module, KTLS_OCSP_FAMILY_NAME, O_NONBLOCK))
		return true;
	set_modprobe(modprobe);
	return false;
}

TEST_F(chain, open_without_module)
{
	PCCERT_CHAIN_CONTEXT chain = pki_chain(&self->pki);
	bool unloaded = false;
	char modprobe[256];

	if (module_is_there()) {
		unloaded = unload(modprobe, sizeof(modprobe));
		if (!unloaded)
			SKIP(goto out, "the module cannot be unloaded");
	}
	expect_no_handle(chain, 0, NULL, ERROR_SERVICE_NOT_ACTIVE);
	expect_no_handle(chain, 1, NULL, ERROR_SERVICE_NOT_ACTIVE);
	EXPECT_NE(NULL, strstr(OcspGetLastErrorMessage(),
			       "modprobe ktls_ocsp"));
	if (!unloaded)
		goto out;
	EXPECT_TRUE(set_modprobe(modprobe));
	EXPECT_TRUE(module_is_there());
out:
	CertFreeCertificateChain(chain);
}

TEST_HARNESS_MAIN
