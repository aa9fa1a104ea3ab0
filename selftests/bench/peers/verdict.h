/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What a client that checks all of it says to the staple of a handshake. */
#ifndef VERDICT_H
#define VERDICT_H

#include <openssl/ssl.h>

enum verdict {
	VERDICT_NONE,		/* no staple */
	VERDICT_GOOD,
	VERDICT_REVOKED,
	VERDICT_UNKNOWN,	/* the responder does not know the certificate */
	VERDICT_EXPIRED,	/* in order, but for its nextUpdate */
	VERDICT_ERROR,		/* an OCSP response that says "try later" or the like */
	VERDICT_OTHER,		/* of another certificate */
	VERDICT_FORGED,		/* garbage, or a signature that does not verify */
};

/* Of the certificate that the peer sent, by the trust of the connection's SSL_CTX. */
enum verdict verdict_of(SSL *ssl);

const char *verdict_name(enum verdict verdict);

#endif /* VERDICT_H */
