/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an open has to know of a certificate. Private to libocsp. */
#ifndef OCSP_CERT_SUMMARY_H
#define OCSP_CERT_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A certificate that was parsed but for its public key, which OpenSSL 3 takes
 * nine tenths of the time of d2i_X509() for, and which an open has no use for.
 */
struct ocsp_cert_summary;

/*
 * NULL: it is no certificate in DER, with nothing behind it; or it may be one,
 * and errno is ENOMEM.
 */
struct ocsp_cert_summary *ocsp_cert_summary_new(const unsigned char *der, size_t len);
/* Takes NULL. */
void ocsp_cert_summary_free(struct ocsp_cert_summary *summary);

/* Is the subject of one the issuer of the other? */
bool ocsp_cert_summary_issued(const struct ocsp_cert_summary *issuer,
			 const struct ocsp_cert_summary *cert);

/*
 * Does it name an OCSP responder? As ocsp_cert_urls() finds them. Where it does
 * not, errno is ENOMEM if it may.
 */
bool ocsp_cert_summary_has_url(const struct ocsp_cert_summary *summary);

/* As ocsp_cert_url_fault(). */
char *ocsp_cert_summary_url_fault(const struct ocsp_cert_summary *summary);

#endif /* OCSP_CERT_SUMMARY_H */
