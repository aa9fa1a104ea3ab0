/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* A TLS handshake with a server, and what it told of itself. */
#ifndef OCSPCTL_HANDSHAKE_H
#define OCSPCTL_HANDSHAKE_H

#include <openssl/x509.h>

#include "peer.h"

struct handshake_terms {
	const char *host;
	const char *port;
	const struct starttls *starttls;	/* NULL: TLS from the start */
	const char *server_name;	/* NULL: none is sent */
	const char *key_type;		/* "rsa", "ecdsa", "ed25519" or NULL */
	int64_t timeout_ms;
	int patience_ms;		/* in which it may begin to listen */
};

struct handshake {
	STACK_OF(X509) *certs;		/* the server's first, then its chain */
	unsigned char *staple;		/* DER, or NULL: none came */
	size_t staple_len;
	const char *version;		/* of TLS */
	char why[PEER_WHY];		/* why there was no handshake */
};

/* A key_type that is known, or NULL */
bool handshake_knows_key(const char *key_type);
/* Asks for a staple. False: see why. handshake_clear() in either case. */
bool handshake_run(struct handshake *handshake,
		   const struct handshake_terms *terms);
void handshake_clear(struct handshake *handshake);

#endif /* OCSPCTL_HANDSHAKE_H */
