/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an open has to know of a certificate. Private to libocsp. */
#ifndef OCSP_OUTLINE_H
#define OCSP_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A certificate that was parsed but for its public key, which OpenSSL 3 takes
 * nine tenths of the time of d2i_X509() for, and which an open has no use for.
 */
struct ocsp_outline;

/*
 * NULL: it is no certificate in DER, with nothing behind it; or it may be one,
 * and errno is ENOMEM.
 */
struct ocsp_outline *ocsp_outline_new(const unsigned char *der, size_t len);
/* Takes NULL. */
void ocsp_outline_free(struct ocsp_outline *outline);

/* Is the subject of one the issuer of the other? */
bool ocsp_outline_issued(const struct ocsp_outline *issuer,
			 const struct ocsp_outline *cert);

/*
 * Does it name an OCSP responder? As ocsp_cert_urls() finds them. Where it does
 * not, errno is ENOMEM if it may.
 */
bool ocsp_outline_has_url(const struct ocsp_outline *outline);

/* As ocsp_cert_url_fault(). */
char *ocsp_outline_url_fault(const struct ocsp_outline *outline);

#endif /* OCSP_OUTLINE_H */
