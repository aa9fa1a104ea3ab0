// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A TLS handshake with a server, by libssl. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "handshake.h"
#include "ocspctl.h"

/* The server chooses a certificate whose key can sign so. */
static const struct {
	const char *key_type;
	const char *sigalgs;
} key_types[] = {
	{ "rsa",
	  "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512" },
	{ "ecdsa", "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512" },
	{ "ed25519", "ed25519" },
};

static const char *sigalgs_of(const char *key_type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(key_types); i++)
		if (!strcmp(key_types[i].key_type, key_type))
			return key_types[i].sigalgs;
	return NULL;
}

bool handshake_knows_key(const char *key_type)
{
	return sigalgs_of(key_type);
}

static bool is_address(const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, address) == 1 ||
	       inet_pton(AF_INET6, name, address) == 1;
}

static SSL *make_ssl(SSL_CTX *ctx, const struct handshake_terms *terms, int fd)
{
	SSL *ssl = SSL_new(ctx);
	const char *name = terms->server_name;

	if (!ssl || !SSL_set_fd(ssl, fd) ||
	    !SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp) ||
	    (name && !is_address(name) &&
	     !SSL_set_tlsext_host_name(ssl, name)) ||
	    (terms->key_type &&
	     !SSL_set1_sigalgs_list(ssl, sigalgs_of(terms->key_type))))
		no_memory();
	return ssl;
}

static void tell_fault(struct handshake *h, SSL *ssl, int result)
{
	unsigned long err = ERR_peek_last_error();
	const char *reason = err ? ERR_reason_error_string(err) : NULL;

	if (!reason && SSL_get_error(ssl, result) == SSL_ERROR_SYSCALL && errno)
		reason = strerror(errno);
	snprintf(h->why, sizeof(h->why), "TLS handshake failed: %s",
		 reason ? reason : "the server closed the connection");
}

static bool shake_hands(struct handshake *h, SSL *ssl, struct peer *peer)
{
	int result, want;

	for (;;) {
		ERR_clear_error();
		errno = 0;
		result = SSL_connect(ssl);
		if (result == 1)
			return true;
		want = SSL_get_error(ssl, result);
		if (want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE)
			break;
		if (!peer_wait(peer, want == SSL_ERROR_WANT_READ ? POLLIN :
								   POLLOUT)) {
			snprintf(h->why, sizeof(h->why), "TLS handshake: %.200s",
				 peer->why);
			return false;
		}
	}
	tell_fault(h, ssl, result);
	return false;
}

static void keep(struct handshake *h, SSL *ssl)
{
	STACK_OF(X509) *certs = SSL_get_peer_cert_chain(ssl);
	unsigned char *staple;
	long len = SSL_get_tlsext_status_ocsp_resp(ssl, &staple);

	h->certs = certs ? X509_chain_up_ref(certs) : NULL;
	h->version = SSL_get_version(ssl);
	if (certs && !h->certs)
		no_memory();
	if (!staple || len <= 0)
		return;
	h->staple = OPENSSL_memdup(staple, len);
	if (!h->staple)
		no_memory();
	h->staple_len = len;
}

static bool run_tls(struct handshake *h, const struct handshake_terms *terms,
		    struct peer *peer)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	bool done;
	SSL *ssl;

	if (!ctx)
		no_memory();
	/* Whom the certificate convinces is another question. */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	ssl = make_ssl(ctx, terms, peer->fd);
	done = shake_hands(h, ssl, peer);
	if (done) {
		keep(h, ssl);
		/* Lest the server logs an error */
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	if (done && !sk_X509_num(h->certs)) {
		snprintf(h->why, sizeof(h->why),
			 "the server has no certificate");
		return false;
	}
	return done;
}

static bool connect_to(struct peer *peer, const struct handshake_terms *terms)
{
	int64_t end = monotonic_ms() + terms->patience_ms;

	while (!peer_connect(peer, terms->host, terms->port, terms->timeout_ms)) {
		if (monotonic_ms() >= end)
			return false;
		peer_close(peer);
		usleep(100 * 1000);
	}
	return true;
}

bool handshake_run(struct handshake *h, const struct handshake_terms *terms)
{
	struct peer peer = { 0 };
	bool done = false;

	memset(h, 0, sizeof(*h));
	if (!connect_to(&peer, terms))
		snprintf(h->why, sizeof(h->why), "cannot connect: %.200s",
			 peer.why);
	else if (terms->starttls && !starttls_run(terms->starttls, &peer))
		snprintf(h->why, sizeof(h->why), "%s", peer.why);
	else
		done = run_tls(h, terms, &peer);
	peer_close(&peer);
	return done;
}

void handshake_clear(struct handshake *h)
{
	sk_X509_pop_free(h->certs, X509_free);
	OPENSSL_free(h->staple);
	memset(h, 0, sizeof(*h));
}
