/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The certificates that responses bring along, decoded. A responder signs all
 * of its responses with one key and sends its certificate with each: to decode
 * and verify that costs more than the response itself. Private to this project,
 * like client.h.
 */
#ifndef OCSP_DELEGATES_H
#define OCSP_DELEGATES_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

/* A certificate of 64 KiB, which no response exceeds, is the most of each. */
#define OCSP_DELEGATES_MAX	8

/*
 * Those that were seen last. All zeroes: none. Nothing in it depends on time or
 * configuration: a certificate is known by all of its bytes, and whether an
 * issuer's key verifies its signature never changes. One thread at a time.
 */
struct ocsp_delegates {
	struct ocsp_delegate {
		X509 *cert;
		unsigned char *der;	/* what it was decoded from */
		size_t len;
		X509 *issuer;		/* whose key verifies it; or NULL */
		unsigned long used;	/* the larger, the later */
	} known[OCSP_DELEGATES_MAX];
	unsigned long uses;
};

/*
 * The certificate in der[0..len), with a reference for the caller. NULL: there
 * is none, or not in DER, or no memory. delegates may be NULL: it is decoded.
 */
X509 *ocsp_delegates_decode(struct ocsp_delegates *delegates,
			    const unsigned char *der, size_t len);

/*
 * Is it known that libcrypto has verified cert with issuer's key? And let it be
 * known, where cert came from ocsp_delegates_decode(). delegates may be NULL.
 */
bool ocsp_delegates_verified(struct ocsp_delegates *delegates,
			     const X509 *cert, const X509 *issuer);
void ocsp_delegates_set_verified(struct ocsp_delegates *delegates,
				 const X509 *cert, X509 *issuer);

void ocsp_delegates_clear(struct ocsp_delegates *delegates);

#endif /* OCSP_DELEGATES_H */
