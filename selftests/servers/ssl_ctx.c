// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp-ssl, with servers and clients in this process, and with a store
 * without a kernel (fake_store.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/conf.h>

#include <libocsp/ocsp_ssl.h>

#include "fake_store.h"
#include "kselftest_harness.h"
#include "tls_pair.h"

#define MODULE	"installed/usr/local/lib/ktls-ocsp/ktls_ocsp.so"

static int messages, must_staple_messages, last_level;

static void count_message(int level, const char *text, void *arg)
{
	(void)arg;
	messages++;
	must_staple_messages += !!strstr(text, "must-staple");
	last_level = level;
	if (strchr(text, '\n'))
		abort();
}

static int state;

static void see_state(const SSL *ssl, int where, int ret)
{
	(void)ret;
	if (where & SSL_CB_HANDSHAKE_DONE)
		state = OcspGetStapleOfSsl(ssl);
}

/* Every test is a process of its own. */
FIXTURE(ssl_ctx) {
	X509 *cert;
	SSL_CTX *server;
};

FIXTURE_SETUP(ssl_ctx)
{
	OcspSetSslMessageCallback(count_message, NULL);
	self->cert = pair_cert();
	self->server = pair_server(self->cert);
	SSL_CTX_set_info_callback(self->server, see_state);
}

FIXTURE_TEARDOWN(ssl_ctx)
{
	SSL_CTX_free(self->server);
	X509_free(self->cert);
	EXPECT_EQ(0, fake_store.chains);
	EXPECT_EQ(0, fake_store.contexts);
}

static bool is_ours(struct outcome o)
{
	return o.done && o.ours && o.queue_is_clean;
}

static bool is_none(struct outcome o)
{
	return o.done && !o.stapled && o.queue_is_clean;
}

TEST_F(ssl_ctx, opens_before_the_first_handshake)
{
	ASSERT_EQ(1, OcspStapleSslCtx(self->server, 0));
	EXPECT_EQ(1, fake_store.attempts);
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_2_VERSION)));
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(OCSP_STAPLE_FROM_STORE, state);
	fake_store.is_revoked = true;
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_2_VERSION)));
	EXPECT_EQ(OCSP_STAPLE_REVOKED, state);
	EXPECT_EQ(1, fake_store.attempts);
	EXPECT_EQ(0, messages);
}

TEST_F(ssl_ctx, opens_in_a_handshake_on_request)
{
	ASSERT_EQ(1, OcspStapleSslCtx(self->server, OCSP_STAPLE_DO_NOT_OPEN));
	EXPECT_EQ(0, fake_store.attempts);
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(1, fake_store.attempts);
}

TEST_F(ssl_ctx, bad_arguments)
{
	EXPECT_EQ(0, OcspStapleSslCtx(NULL, 0));
	EXPECT_EQ(0, OcspStapleSslCtx(self->server, 2));
	EXPECT_EQ(0, fake_store.attempts);
	EXPECT_TRUE(is_none(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
}

/* Two certificates in one SSL_CTX: each has its own staple. */
static struct outcome handshake_with(SSL_CTX *server, X509 *cert, const char *sigalgs,
				     int version)
{
	SSL_CTX *client = SSL_CTX_new(TLS_client_method());
	struct outcome o;

	SSL_CTX_set1_sigalgs_list(client, sigalgs);
	SSL_CTX_set_max_proto_version(client, version);
	o = pair_handshake_by(client, server, cert);
	SSL_CTX_free(client);
	return o;
}

TEST_F(ssl_ctx, rsa_and_ecdsa)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *rsa = pair_cert_of(key);

	ASSERT_EQ(1, SSL_CTX_use_certificate(self->server, rsa));
	ASSERT_EQ(1, SSL_CTX_use_PrivateKey(self->server, key));
	ASSERT_EQ(1, OcspStapleSslCtx(self->server, 0));
	EXPECT_EQ(2, fake_store.attempts);
	EXPECT_EQ(rsa, SSL_CTX_get0_certificate(self->server));
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		EXPECT_TRUE(is_ours(handshake_with(self->server, rsa,
						   "rsa_pss_rsae_sha256", version)));
		EXPECT_TRUE(is_ours(handshake_with(self->server, self->cert,
						   "ECDSA+SHA256", version)));
	}
	EXPECT_EQ(2, fake_store.attempts);
	X509_free(rsa);
	EVP_PKEY_free(key);
}

/* A certificate that is added later, and one that nobody named */
TEST_F(ssl_ctx, certificate_is_replaced)
{
	X509 *other = pair_cert(), *third = pair_cert();

	ASSERT_EQ(1, OcspStapleSslCtx(self->server, 0));
	SSL_CTX_use_certificate(self->server, other);
	ASSERT_EQ(1, OcspStapleSslCtx(self->server, 0));
	EXPECT_EQ(2, fake_store.attempts);
	EXPECT_TRUE(is_ours(pair_handshake(self->server, other, TLS1_3_VERSION)));
	SSL_CTX_use_certificate(self->server, third);
	EXPECT_TRUE(is_ours(pair_handshake(self->server, third, TLS1_3_VERSION)));
	EXPECT_EQ(3, fake_store.attempts);
	X509_free(third);
	X509_free(other);
}

static int switch_context(SSL *ssl, int *alert, void *arg)
{
	(void)alert;
	SSL_set_SSL_CTX(ssl, arg);
	return SSL_TLSEXT_ERR_OK;
}

TEST_F(ssl_ctx, name_chooses_another_context)
{
	X509 *two = pair_cert();
	SSL_CTX *other = pair_server(two);

	SSL_CTX_set_tlsext_servername_callback(self->server, switch_context);
	SSL_CTX_set_tlsext_servername_arg(self->server, other);
	ASSERT_EQ(1, OcspStapleSslCtx(self->server, 0));
	ASSERT_EQ(1, OcspStapleSslCtx(other, 0));
	EXPECT_TRUE(is_ours(pair_handshake(self->server, two, TLS1_2_VERSION)));
	EXPECT_TRUE(is_ours(pair_handshake(self->server, two, TLS1_3_VERSION)));
	SSL_CTX_free(other);
	X509_free(two);
}

/* The server's own callback */

static int own_calls, own_rc = SSL_TLSEXT_ERR_OK;
static void *own_arg;

static int own_callback(SSL *ssl, void *arg)
{
	own_calls++;
	own_arg = arg;
	if (own_rc == SSL_TLSEXT_ERR_OK)
		SSL_set_tlsext_status_ocsp_resp(ssl, OPENSSL_memdup("own", 4), 4);
	return own_rc;
}

static bool is_own(struct outcome o)
{
	return o.done && !strcmp(o.other, "own");
}

TEST_F(ssl_ctx, own_callback_is_second)
{
	int arg;

	SSL_CTX_set_tlsext_status_cb(self->server, own_callback);
	SSL_CTX_set_tlsext_status_arg(self->server, &arg);
	ASSERT_EQ(1, OcspStapleSslCtx(self->server, 0));
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(0, own_calls);
	fake_store.is_empty = true;
	EXPECT_TRUE(is_own(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(1, own_calls);
	EXPECT_EQ(&arg, own_arg);
	EXPECT_EQ(OCSP_STAPLE_OWN, state);
	own_rc = SSL_TLSEXT_ERR_NOACK;
	EXPECT_TRUE(is_none(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(OCSP_STAPLE_NONE, state);
}

static struct outcome handshake_without_request(SSL_CTX *server)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *client = SSL_new(ctx), *ssl = SSL_new(server);
	struct outcome o = { .done = false };
	BIO *a, *b;

	if (!BIO_new_bio_pair(&a, 0, &b, 0))
		abort();
	SSL_set_bio(client, a, a);
	SSL_set_bio(ssl, b, b);
	SSL_set_connect_state(client);
	SSL_set_accept_state(ssl);
	for (int i = 0; i < 20 && !o.done; i++) {
		int rc = SSL_do_handshake(client);

		o.done = SSL_do_handshake(ssl) == 1 && rc == 1;
	}
	SSL_free(client);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return o;
}

/* A client that did not ask is untouched. */
TEST_F(ssl_ctx, client_that_does_not_ask)
{
	ASSERT_EQ(1, OcspStapleSslCtx(self->server, OCSP_STAPLE_DO_NOT_OPEN));
	state = -1;
	EXPECT_TRUE(handshake_without_request(self->server).done);
	EXPECT_EQ(OCSP_STAPLE_NOT_ASKED, state);
	EXPECT_EQ(0, fake_store.attempts);
}

/* Where an issuer may be */

enum place { OWN_CHAIN, EXTRA_CHAIN, CHAIN_STORE, STORE };

static void put_issuer(SSL_CTX *server, X509 *issuer, enum place place)
{
	X509_STORE *store;

	switch (place) {
	case OWN_CHAIN:
		SSL_CTX_add1_chain_cert(server, issuer);
		break;
	case EXTRA_CHAIN:
		X509_up_ref(issuer);
		SSL_CTX_add_extra_chain_cert(server, issuer);
		break;
	case CHAIN_STORE:
		store = X509_STORE_new();
		X509_STORE_add_cert(store, issuer);
		SSL_CTX_set0_chain_cert_store(server, store);
		break;
	case STORE:
		X509_STORE_add_cert(SSL_CTX_get_cert_store(server), issuer);
		break;
	}
}

TEST_F(ssl_ctx, issuer_is_found)
{
	fake_store.wants_issuer = true;
	for (int early = 0; early < 2; early++)
		for (int place = OWN_CHAIN; place <= STORE; place++) {
			X509 *cert = pair_cert(), *issuer = pair_cert();
			SSL_CTX *server = pair_server(cert);

			put_issuer(server, issuer, place);
			ASSERT_EQ(1, OcspStapleSslCtx(server, early ? 0 :
						      OCSP_STAPLE_DO_NOT_OPEN));
			EXPECT_EQ(early, fake_store.handles);
			EXPECT_TRUE(is_ours(pair_handshake(server, cert, TLS1_3_VERSION)));
			SSL_CTX_free(server);
			X509_free(issuer);
			X509_free(cert);
			/* What nobody refers to is closed after a while. */
			fake_store.ahead += 60000;
			OcspStapleSslCtx(self->server, OCSP_STAPLE_DO_NOT_OPEN);
			EXPECT_EQ(0, fake_store.handles);
		}
	EXPECT_EQ(0, messages);
}

/* When it fails */

TEST_F(ssl_ctx, what_is_not_stapled_is_told_once)
{
	fake_store.refuses = true;
	ASSERT_EQ(1, OcspStapleSslCtx(self->server, 0));
	EXPECT_EQ(1, messages);
	EXPECT_EQ(4, last_level);
	EXPECT_TRUE(is_none(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(1, fake_store.attempts);
	EXPECT_EQ(1, messages);
	EXPECT_EQ(0, must_staple_messages);
	fake_store.refuses = false;
	fake_store.ahead += 9000;
	EXPECT_TRUE(is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)));
	EXPECT_EQ(2, messages);
	EXPECT_EQ(5, last_level);
}

TEST_F(ssl_ctx, must_staple)
{
	X509 *cert = pair_must_staple_cert();

	SSL_CTX_use_certificate(self->server, cert);
	fake_store.refuses = true;
	ASSERT_EQ(1, OcspStapleSslCtx(self->server, 0));
	EXPECT_EQ(1, messages);
	EXPECT_EQ(1, must_staple_messages);
	X509_free(cert);
}

/* A worker has what was opened before the fork. */
TEST_F(ssl_ctx, worker)
{
	int status;
	pid_t pid;

	ASSERT_EQ(1, OcspStapleSslCtx(self->server, 0));
	pid = fork();
	if (!pid)
		_exit(!is_ours(pair_handshake(self->server, self->cert, TLS1_3_VERSION)) ||
		      fake_store.attempts != 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Beside OpenSSL's configuration module, in whatever order: one of the two does it. */
static void load_module(void)
{
	char path[4096], conf_path[] = "/tmp/servers_ssl_ctx.XXXXXX";
	FILE *f = fdopen(mkstemp(conf_path), "w");

	if (!f || !realpath(MODULE, path))
		abort();
	fprintf(f, "openssl_conf = a\n[a]\nktls_ocsp = b\n[b]\npath = %s\n", path);
	fclose(f);
	if (CONF_modules_load_file(conf_path, NULL, 0) != 1)
		abort();
	unlink(conf_path);
}

TEST_F(ssl_ctx, beside_the_module)
{
	SSL_CTX *server;
	SSL *ssl;

	load_module();
	server = pair_server(self->cert);
	SSL_CTX_set_tlsext_status_cb(server, own_callback);
	/* The module's is set, then the library's. */
	ssl = SSL_new(server);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(1, OcspStapleSslCtx(server, 0));
		EXPECT_TRUE(is_ours(pair_handshake(server, self->cert, TLS1_3_VERSION)));
	}
	fake_store.is_empty = true;
	EXPECT_TRUE(is_own(pair_handshake(server, self->cert, TLS1_3_VERSION)));
	EXPECT_TRUE(is_own(pair_handshake(server, self->cert, TLS1_2_VERSION)));
	EXPECT_EQ(2, own_calls);
	SSL_free(ssl);
	SSL_CTX_free(server);
}

TEST_HARNESS_MAIN
