// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp-gnutls, with servers and clients in this process, and with a store
 * without a kernel (fake_store.h).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <libocsp/ocsp_gnutls.h>

#include "fake_store.h"
#include "kselftest_harness.h"

#define URL		"OCSP;URI:http://127.0.0.1:1/"
#define TLS1_2		"NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS1_3		"NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define DEPTH		3	/* leaf, intermediate, root */

static EVP_PKEY *key;
static int messages, must_staple_messages;

static void count_message(int level, const char *text, void *arg)
{
	(void)level;
	(void)arg;
	messages++;
	must_staple_messages += !!strstr(text, "must-staple");
}

static void add(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	if (!e || !X509_add_ext(x, e, -1))
		abort();
	X509_EXTENSION_free(e);
}

static X509 *issue(const char *name, X509 *issuer, bool ca, const char *url,
		   bool must_staple)
{
	static long serial;
	X509 *x = X509_new();
	X509_NAME *n;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	n = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)name,
				   -1, -1, 0);
	X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : n);
	X509_set_pubkey(x, key);
	add(x, NID_basic_constraints, ca ? "critical,CA:TRUE" : "CA:FALSE");
	if (url)
		add(x, NID_info_access, url);
	if (must_staple)
		add(x, NID_tlsfeature, "status_request");
	if (!X509_sign(x, key, EVP_sha256()))
		abort();
	return x;
}

struct chain {
	X509 *certs[DEPTH];
};

static struct chain make_chain(const char *name, const char *intermediate_url)
{
	struct chain c;

	c.certs[2] = issue("root", NULL, true, NULL, false);
	c.certs[1] = issue("intermediate", c.certs[2], true, intermediate_url, false);
	c.certs[0] = issue(name, c.certs[1], false, URL, false);
	return c;
}

static void free_chain(struct chain *c)
{
	for (int i = 0; i < DEPTH; i++)
		X509_free(c->certs[i]);
}

static void load(gnutls_certificate_credentials_t cred, const struct chain *c)
{
	BIO *certs = BIO_new(BIO_s_mem()), *k = BIO_new(BIO_s_mem());
	gnutls_datum_t pem, key_pem;

	for (int i = 0; i < DEPTH; i++)
		PEM_write_bio_X509(certs, c->certs[i]);
	PEM_write_bio_PrivateKey(k, key, NULL, NULL, 0, NULL, NULL);
	pem.size = BIO_get_mem_data(certs, &pem.data);
	key_pem.size = BIO_get_mem_data(k, &key_pem.data);
	if (gnutls_certificate_set_x509_key_mem(cred, &pem, &key_pem,
						GNUTLS_X509_FMT_PEM) < 0)
		abort();
	BIO_free(certs);
	BIO_free(k);
}

/* Every test is a process of its own. */
FIXTURE(gnutls) {
	gnutls_certificate_credentials_t cred;
	struct chain chain;
};

FIXTURE_SETUP(gnutls)
{
	key = EVP_EC_gen("P-256");
	OcspSetGnutlsMessageCallback(count_message, NULL);
	self->chain = make_chain("one.test", URL);
	gnutls_certificate_allocate_credentials(&self->cred);
	load(self->cred, &self->chain);
}

FIXTURE_TEARDOWN(gnutls)
{
	OcspReleaseGnutlsCredentials(self->cred);
	gnutls_certificate_free_credentials(self->cred);
	free_chain(&self->chain);
	EVP_PKEY_free(key);
	EXPECT_EQ(0, fake_store.chains);
	EXPECT_EQ(0, fake_store.contexts);
}

/* What a client saw of each certificate */
struct outcome {
	bool done;
	char staples[DEPTH + 1];	/* of each: o ours, - none, x another */
};

static char what_is(gnutls_session_t client, unsigned int idx, X509 *cert)
{
	unsigned char expected[32];
	gnutls_datum_t der;

	if (gnutls_ocsp_status_request_get2(client, idx, &der) < 0 || !der.size)
		return '-';
	X509_digest(cert, EVP_sha256(), expected, NULL);
	return der.size == sizeof(expected) && !memcmp(der.data, expected, der.size) ? 'o' : 'x';
}

static struct outcome handshake(gnutls_certificate_credentials_t cred,
				const char *priority, const char *name,
				const struct chain *chain)
{
	gnutls_certificate_credentials_t none;
	gnutls_session_t client, server;
	struct outcome o = { .done = false };
	int fds[2], c = GNUTLS_E_AGAIN, s = GNUTLS_E_AGAIN;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds))
		abort();
	gnutls_certificate_allocate_credentials(&none);
	gnutls_init(&client, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
	gnutls_init(&server, GNUTLS_SERVER | GNUTLS_NONBLOCK);
	gnutls_priority_set_direct(client, priority, NULL);
	gnutls_set_default_priority(server);
	gnutls_server_name_set(client, GNUTLS_NAME_DNS, name, strlen(name));
	gnutls_credentials_set(client, GNUTLS_CRD_CERTIFICATE, none);
	gnutls_credentials_set(server, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_transport_set_int(client, fds[0]);
	gnutls_transport_set_int(server, fds[1]);
	for (int i = 0; i < 20 && (c || s); i++) {
		if (c)
			c = gnutls_handshake(client);
		if (s)
			s = gnutls_handshake(server);
	}
	o.done = !c && !s;
	for (int i = 0; o.done && i < DEPTH; i++)
		o.staples[i] = what_is(client, i, chain->certs[i]);
	gnutls_deinit(client);
	gnutls_deinit(server);
	gnutls_certificate_free_credentials(none);
	close(fds[0]);
	close(fds[1]);
	return o;
}

#define EXPECT_STAPLES(expected, priority)					\
do {										\
	struct outcome o = handshake(self->cred, priority, "one.test",		\
				     &self->chain);				\
	EXPECT_TRUE(o.done);							\
	EXPECT_STREQ(expected, o.staples);					\
} while (0)

TEST_F(gnutls, leaf)
{
	ASSERT_EQ(1, OcspStapleGnutlsCredentials(self->cred, NULL, NULL, 0));
	EXPECT_EQ(1, fake_store.attempts);
	EXPECT_STAPLES("o--", TLS1_2);
	EXPECT_STAPLES("o--", TLS1_3);
	EXPECT_EQ(1, fake_store.attempts);
	EXPECT_EQ(0, messages);
}

TEST_F(gnutls, whole_chain)
{
	ASSERT_EQ(1, OcspStapleGnutlsCredentials(self->cred, NULL, NULL,
						 OCSP_STAPLE_WHOLE_CHAIN));
	EXPECT_EQ(2, fake_store.attempts);
	EXPECT_STAPLES("oo-", TLS1_3);
	EXPECT_STAPLES("o--", TLS1_2);
	EXPECT_EQ(2, fake_store.attempts);
}

TEST_F(gnutls, opens_in_a_handshake_on_request)
{
	ASSERT_EQ(1, OcspStapleGnutlsCredentials(self->cred, NULL, NULL,
						 OCSP_STAPLE_WHOLE_CHAIN |
						 OCSP_STAPLE_DO_NOT_OPEN));
	EXPECT_EQ(0, fake_store.attempts);
	EXPECT_STAPLES("oo-", TLS1_3);
	EXPECT_EQ(2, fake_store.attempts);
}

TEST_F(gnutls, bad_arguments)
{
	EXPECT_EQ(0, OcspStapleGnutlsCredentials(NULL, NULL, NULL, 0));
	EXPECT_EQ(0, OcspStapleGnutlsCredentials(self->cred, NULL, NULL, 4));
	EXPECT_STAPLES("---", TLS1_3);
}

/* An issuer that the server trusts, and does not send */
TEST_F(gnutls, issuer_is_among_the_trusted)
{
	gnutls_certificate_credentials_t cred;
	gnutls_datum_t pem, key_pem;
	BIO *b = BIO_new(BIO_s_mem()), *k = BIO_new(BIO_s_mem());

	fake_store.wants_issuer = true;
	gnutls_certificate_allocate_credentials(&cred);
	PEM_write_bio_X509(b, self->chain.certs[1]);
	pem.size = BIO_get_mem_data(b, &pem.data);
	ASSERT_EQ(1, gnutls_certificate_set_x509_trust_mem(cred, &pem, GNUTLS_X509_FMT_PEM));
	(void)BIO_reset(b);
	PEM_write_bio_X509(b, self->chain.certs[0]);
	PEM_write_bio_PrivateKey(k, key, NULL, NULL, 0, NULL, NULL);
	pem.size = BIO_get_mem_data(b, &pem.data);
	key_pem.size = BIO_get_mem_data(k, &key_pem.data);
	ASSERT_LE(0, gnutls_certificate_set_x509_key_mem(cred, &pem, &key_pem,
							 GNUTLS_X509_FMT_PEM));
	ASSERT_EQ(1, OcspStapleGnutlsCredentials(cred, NULL, NULL, 0));
	EXPECT_EQ(1, fake_store.handles);
	EXPECT_STREQ("o--", handshake(cred, TLS1_3, "one.test", &self->chain).staples);
	OcspReleaseGnutlsCredentials(cred);
	gnutls_certificate_free_credentials(cred);
	BIO_free(b);
	BIO_free(k);
}

static int own_calls;

static int own(gnutls_session_t session, void *ptr, gnutls_datum_t *response)
{
	(void)session;
	own_calls++;
	response->data = gnutls_malloc(4);
	memcpy(response->data, ptr, 4);
	response->size = 4;
	return 0;
}

TEST_F(gnutls, own_function_is_second)
{
	ASSERT_EQ(1, OcspStapleGnutlsCredentials(self->cred, own, "own",
						 OCSP_STAPLE_WHOLE_CHAIN));
	EXPECT_STAPLES("oo-", TLS1_3);
	EXPECT_EQ(0, own_calls);
	fake_store.is_empty = true;
	EXPECT_STAPLES("x--", TLS1_3);
	EXPECT_STAPLES("x--", TLS1_2);
	EXPECT_EQ(2, own_calls);
}

TEST_F(gnutls, refused)
{
	fake_store.refuses = true;
	ASSERT_EQ(1, OcspStapleGnutlsCredentials(self->cred, NULL, NULL,
						 OCSP_STAPLE_WHOLE_CHAIN));
	EXPECT_EQ(2, messages);
	EXPECT_STAPLES("---", TLS1_3);
	EXPECT_STAPLES("---", TLS1_2);
	EXPECT_EQ(2, fake_store.attempts);
	fake_store.refuses = false;
	fake_store.ahead += 9000;
	EXPECT_STAPLES("oo-", TLS1_3);
	EXPECT_EQ(4, messages);
}

TEST_F(gnutls, must_staple)
{
	X509 *leaf = self->chain.certs[0];

	self->chain.certs[0] = issue("one.test", self->chain.certs[1], false, URL, true);
	X509_free(leaf);
	gnutls_certificate_free_keys(self->cred);
	load(self->cred, &self->chain);
	fake_store.refuses = true;
	ASSERT_EQ(1, OcspStapleGnutlsCredentials(self->cred, NULL, NULL, 0));
	EXPECT_EQ(1, must_staple_messages);
}

/*
 * With two certificates to choose from GnuTLS chooses, and the leaf is stapled; also when the
 * second one comes later.
 */
TEST_F(gnutls, two_certificates)
{
	struct chain two = make_chain("two.test", URL);

	ASSERT_EQ(1, OcspStapleGnutlsCredentials(self->cred, NULL, NULL,
						 OCSP_STAPLE_WHOLE_CHAIN));
	EXPECT_STAPLES("oo-", TLS1_3);
	load(self->cred, &two);
	ASSERT_EQ(1, OcspStapleGnutlsCredentials(self->cred, NULL, NULL,
						 OCSP_STAPLE_WHOLE_CHAIN));
	EXPECT_STREQ("o--", handshake(self->cred, TLS1_3, "two.test", &two).staples);
	EXPECT_STREQ("o--", handshake(self->cred, TLS1_2, "two.test", &two).staples);
	EXPECT_STAPLES("o--", TLS1_3);
	free_chain(&two);
}

/* What has no handshake for long stays open until it is released. */
TEST_F(gnutls, handles_are_held)
{
	ASSERT_EQ(1, OcspStapleGnutlsCredentials(self->cred, NULL, NULL,
						 OCSP_STAPLE_WHOLE_CHAIN));
	for (int i = 0; i < 3; i++) {
		fake_store.ahead += 60000;
		EXPECT_STAPLES("o--", TLS1_2);
		EXPECT_EQ(2, fake_store.handles);
	}
	OcspReleaseGnutlsCredentials(self->cred);
	EXPECT_EQ(2, fake_store.handles);
	fake_store.ahead += 60000;
	OcspReleaseGnutlsCredentials(self->cred);
	ASSERT_EQ(1, OcspStapleGnutlsCredentials(self->cred, NULL, NULL,
						 OCSP_STAPLE_DO_NOT_OPEN));
	EXPECT_STAPLES("o--", TLS1_2);
	EXPECT_EQ(1, fake_store.handles);
}

TEST_F(gnutls, worker)
{
	int status;
	pid_t pid;

	ASSERT_EQ(1, OcspStapleGnutlsCredentials(self->cred, NULL, NULL,
						 OCSP_STAPLE_WHOLE_CHAIN));
	pid = fork();
	if (!pid)
		_exit(strcmp(handshake(self->cred, TLS1_3, "one.test",
				       &self->chain).staples, "oo-") ||
		      fake_store.attempts != 2);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
