/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Certificates, servers and handshakes in one process, for the test of
 * OpenSSL's module. What fails ends the process.
 */
#ifndef TLS_PAIR_H
#define TLS_PAIR_H

#include <stdbool.h>

#include <openssl/ssl.h>

/* A certificate of its own, by the key that all have, or by another one */
X509 *pair_cert(void);
X509 *pair_cert_of(EVP_PKEY *key);

/* One whose TLS feature extension demands a staple */
X509 *pair_must_staple_cert(void);

/* A server that has the certificate, whose reference stays the caller's. */
SSL_CTX *pair_server(X509 *cert);

struct outcome {
	bool done;			/* the handshake */
	bool stapled;			/* with anything */
	bool ours;			/* with what the store has for cert */
	bool queue_is_clean;		/* of errors; errno as it was */
	char other[32];			/* not ours: text */
};

/* One full handshake; cert is what the server is to have shown. */
struct outcome pair_handshake(SSL_CTX *server, X509 *cert, int version);

/* The same, by a client that is made of this SSL_CTX. */
struct outcome pair_handshake_by(SSL_CTX *client, SSL_CTX *server, X509 *cert);

#endif
