/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
#ifndef LIBOCSP_SSL_CHAIN_H
#define LIBOCSP_SSL_CHAIN_H

#include <openssl/ssl.h>

#include "source.h"

/*
 * A certificate of a server, and where its issuer is looked for: in the chain
 * that the server sends with it, or among the certificates that it trusts. In
 * a handshake that is what ssl has; before one, ssl is NULL, and cert is the
 * current certificate of ctx.
 */
struct ssl_source {
	struct staple_source source;
	X509 *cert;
	SSL_CTX *ctx;
	SSL *ssl;
};

struct ssl_source ssl_source_of_handshake(SSL *ssl, X509 *cert);
struct ssl_source ssl_source_of_context(SSL_CTX *ctx, X509 *cert);

/*
 * What the server sends after the certificate, where it was told: NULL where libssl
 * looks for that itself. It stays the server's.
 */
const STACK_OF(X509) *ssl_source_sent(const struct ssl_source *source);

#endif
