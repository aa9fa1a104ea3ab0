/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the store has for a certificate. */
#ifndef KTLS_OCSP_OPENSSL_RESPONSE_H
#define KTLS_OCSP_OPENSSL_RESPONSE_H

#include <openssl/ssl.h>

#include "staples.h"

/* The locks of fork(): see module.c. */
void responses_lock(void);
void responses_unlock(void);

/*
 * The response to staple for cert, with which ssl answers, or NULL; the log
 * says why. CertFreeServerOcspResponseContext() frees it.
 *
 * Waits for nothing but the kernel's answer to a request: while nothing
 * changed there is none; the first call of a process for a certificate makes
 * some, and a call that failed is made again after a while.
 */
PCCERT_SERVER_OCSP_RESPONSE_CONTEXT
staple_response(struct staple *staple, SSL *ssl, X509 *cert);

#endif
