/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The parts of the verification. Private to verify.c, verify_parse.c and verify_signer.c. */
#ifndef OCSP_VERIFY_PRIV_H
#define OCSP_VERIFY_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ocsp.h>

#include "delegates.h"
#include "leaf.h"
#include "verify.h"

/* "2026-11-30 12:00:00 UTC", and years that no clock reaches. */
#define TIME_SIZE	40

/* What one verification works on. */
struct check {
	const struct ocsp_leaf *leaf;
	X509 *issuer;
	int64_t now;
	struct ocsp_delegates *delegates;	/* or NULL */
	OCSP_BASICRESP *basic;		/* without certificates */
	STACK_OF(X509) *certs;		/* they are here */
	struct ocsp_verdict *verdict;
};

/* Sets the verdict's reason; returns -EBADMSG. */
__attribute__((format(printf, 2, 3)))
int ocsp_refuse(const struct check *c, const char *fmt, ...);
int ocsp_refuse_memory(const struct check *c);

const char *ocsp_time_text(int64_t when, char text[TIME_SIZE]);
/* Seconds since the epoch. False: there is no time, or it is malformed. */
bool ocsp_time_value(const ASN1_TIME *asn1, int64_t *when);

/*
 * verify_parse.c. Sets basic and certs, which are the caller's to free, and
 * returns 0; or refuses what is no successful OCSPResponse in DER.
 */
int ocsp_verify_parse(struct check *c, const unsigned char *resp, size_t len);

/*
 * verify_signer.c. Each returns 0, or refuses.
 *
 * Is that the certificate's issuer? Else all below would be about nothing.
 */
int ocsp_check_issuer(const struct check *c);
/*
 * Is the response signed by the issuer, or a delegate of its? Takes what is
 * left of their validity from the verdict's. The signer is one of the
 * response's certificates, or the issuer: no reference.
 */
int ocsp_check_signer(const struct check *c, X509 **signer);
/* What a stock client would say of it. */
int ocsp_check_stock(const struct check *c, X509 *signer);

#endif /* OCSP_VERIFY_PRIV_H */
