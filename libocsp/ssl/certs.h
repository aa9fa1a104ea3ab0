/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* From an X509 object to the staple of its certificate. */
#ifndef LIBOCSP_SSL_CERTS_H
#define LIBOCSP_SSL_CERTS_H

#include <stdbool.h>

#include <openssl/x509.h>

#include "staples.h"

/* To be called once. An X509 that is made from then on has room for its staple. */
bool certs_init(void);

/*
 * Make room in an X509 that is older than that, and that no other thread uses.
 * Without it, or for want of memory, its staple is looked up each time.
 */
void cert_make_room(X509 *cert);

/*
 * The staple of cert, which stays as long as the caller's reference on cert;
 * or NULL for want of memory. Without a lock from the second time on.
 * *borrowed, if it is set, is a reference for the caller to put.
 */
struct staple *cert_staple(X509 *cert, struct staple **borrowed);

/* Does it name an OCSP responder? Looked up once for each X509. */
bool cert_names_responder(X509 *cert);

#endif
