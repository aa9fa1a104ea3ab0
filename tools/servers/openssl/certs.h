/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From an X509 object to the staple of its certificate. */
#ifndef KTLS_OCSP_OPENSSL_CERTS_H
#define KTLS_OCSP_OPENSSL_CERTS_H

#include <stdbool.h>

#include <openssl/x509.h>

#include "staples.h"

/* To be called once, before there is an X509 that matters. */
bool certs_init(void);

/*
 * The staple of cert, which stays as long as the caller's reference on cert;
 * or NULL for want of memory. Without a lock from the second time on.
 * *borrowed, if it is set, is a reference for the caller to put.
 */
struct staple *cert_staple(X509 *cert, struct staple **borrowed);

#endif
