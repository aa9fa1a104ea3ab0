// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "tls_pair.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_PKEY *the_key;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "tls_pair: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static void make_key(void)
{
	the_key = EVP_EC_gen("P-256");
	if (!the_key)
		die("no key");
}

static X509 *make_cert(EVP_PKEY *key, bool must_staple)
{
	static atomic_long serial;
	X509_EXTENSION *feature = NULL;
	X509_NAME *name;
	X509 *x = X509_new();

	if (!x)
		die("no certificate");
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	name = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)"one\ntest", -1, -1, 0);
	X509_set_issuer_name(x, name);
	if (must_staple)
		feature = X509V3_EXT_conf_nid(NULL, NULL, NID_tlsfeature,
					      "status_request");
	if ((must_staple && !X509_add_ext(x, feature, -1)) ||
	    !X509_set_pubkey(x, key) || !X509_sign(x, key, EVP_sha256()))
		die("no certificate");
	X509_EXTENSION_free(feature);
	return x;
}

X509 *pair_cert_of(EVP_PKEY *key)
{
	return make_cert(key, false);
}

X509 *pair_cert(void)
{
	pthread_once(&once, make_key);
	return make_cert(the_key, false);
}

X509 *pair_must_staple_cert(void)
{
	pthread_once(&once, make_key);
	return make_cert(the_key, true);
}

SSL_CTX *pair_server(X509 *cert)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	pthread_once(&once, make_key);
	if (!ctx || SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, the_key) != 1)
		die("no server");
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	return ctx;
}

/* Alternately, until neither can go on. */
static bool shake(SSL *client, SSL *server)
{
	int c = 0, s = 0;

	for (int i = 0; i < 20 && (c != 1 || s != 1); i++) {
		c = SSL_do_handshake(client);
		s = SSL_do_handshake(server);
	}
	return c == 1 && s == 1;
}

static void look_at(SSL *client, X509 *cert, struct outcome *o)
{
	unsigned char key[32];
	const unsigned char *der;
	long len = SSL_get_tlsext_status_ocsp_resp(client, &der);
	X509 *shown = SSL_get0_peer_certificate(client);

	o->stapled = len > 0;
	if (!o->stapled || !shown || X509_cmp(shown, cert))
		return;
	X509_digest(cert, EVP_sha256(), key, NULL);
	o->ours = len == sizeof(key) && !memcmp(der, key, sizeof(key));
	if (!o->ours && len < (long)sizeof(o->other))
		memcpy(o->other, der, len);
}

static struct outcome handshake(SSL *client, SSL *server, X509 *cert)
{
	struct outcome o = { .done = false };
	BIO *a, *b;

	if (!client || !server || !BIO_new_bio_pair(&a, 0, &b, 0))
		die("no connection");
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	SSL_set_tlsext_status_type(client, TLSEXT_STATUSTYPE_ocsp);
	SSL_set_tlsext_host_name(client, "two.test");
	ERR_clear_error();
	o.done = shake(client, server);
	/* libssl sets it to 0 before it begins. */
	o.queue_is_clean = !ERR_peek_error() && !errno;
	if (o.done)
		look_at(client, cert, &o);
	SSL_free(client);
	SSL_free(server);
	return o;
}

struct outcome pair_handshake_by(SSL_CTX *client, SSL_CTX *server, X509 *cert)
{
	return handshake(SSL_new(client), SSL_new(server), cert);
}

struct outcome pair_handshake(SSL_CTX *server, X509 *cert, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct outcome o;

	if (!ctx || !SSL_CTX_set_max_proto_version(ctx, version))
		die("no client");
	o = pair_handshake_by(ctx, server, cert);
	SSL_CTX_free(ctx);
	return o;
}
