// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <openssl/x509_vfy.h>

#include <libocsp/ocsp_ssl.h>

#include "chain.h"
#include "libssl.h"

/* The stack stays the server's. */
static STACK_OF(X509) *own_chain(const struct ssl_source *s)
{
	STACK_OF(X509) *certs = NULL;

	if (s->ssl)
		libssl.ctrl(s->ssl, SSL_CTRL_GET_CHAIN_CERTS, 0, &certs);
	else
		libssl.ctx_ctrl(s->ctx, SSL_CTRL_GET_CHAIN_CERTS, 0, &certs);
	return certs;
}

/* Those of the whole SSL_CTX, which has no other way to name them alone */
static STACK_OF(X509) *extra_chain(const struct ssl_source *s)
{
	STACK_OF(X509) *certs = NULL;

	libssl.ctx_ctrl(s->ctx, SSL_CTRL_GET_EXTRA_CHAIN_CERTS, 1, &certs);
	return certs;
}

static X509_STORE *chain_store(const struct ssl_source *s)
{
	X509_STORE *store = NULL;

#ifdef SSL_CTRL_GET_CHAIN_CERT_STORE
	if (s->ssl)
		libssl.ctrl(s->ssl, SSL_CTRL_GET_CHAIN_CERT_STORE, 0, &store);
	else
		libssl.ctx_ctrl(s->ctx, SSL_CTRL_GET_CHAIN_CERT_STORE, 0,
				&store);
#endif
	return store;
}

static void get(const struct staple_source *source, struct staple_certs *certs,
		bool with_others)
{
	const struct ssl_source *s = (const struct ssl_source *)source;

	X509_up_ref(s->cert);
	certs->leaf = s->cert;
	certs->others = with_others ? sk_X509_new_null() : NULL;
	if (!certs->others)
		return;
	ocsp_ssl_add(certs->others, own_chain(s));
	ocsp_ssl_add(certs->others, extra_chain(s));
	ocsp_ssl_add_from_store(certs->others, chain_store(s), s->cert);
	ocsp_ssl_add_from_store(certs->others, libssl.ctx_get_cert_store(s->ctx),
				s->cert);
}

struct ssl_source ssl_source_of_handshake(SSL *ssl, X509 *cert)
{
	return (struct ssl_source){ { get }, cert, libssl.get_ctx(ssl), ssl };
}

struct ssl_source ssl_source_of_context(SSL_CTX *ctx, X509 *cert)
{
	return (struct ssl_source){ { get }, cert, ctx, NULL };
}

/* As libssl: the extra chain, where the certificate has none of its own */
const STACK_OF(X509) *ssl_source_sent(const struct ssl_source *source)
{
	const STACK_OF(X509) *own = own_chain(source);

	return own ? own : extra_chain(source);
}
