/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The staples of intermediate certificates, which OpenSSL 3.6 sends in TLS 1.3. */
#ifndef LIBOCSP_SSL_INTERMEDIATES_H
#define LIBOCSP_SSL_INTERMEDIATES_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include <libocsp/ocsp.h>

/*
 * Hand over leaf and the responses for the certificates of the chain that the server
 * sends with cert. False: libssl cannot send them, or there is none, and nothing has
 * happened. Leaves OpenSSL's queue of errors alone.
 */
bool intermediates_give(SSL *ssl, X509 *cert, PCCERT_SERVER_OCSP_RESPONSE_CONTEXT leaf);

#endif
