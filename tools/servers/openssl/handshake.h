/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KTLS_OCSP_OPENSSL_HANDSHAKE_H
#define KTLS_OCSP_OPENSSL_HANDSHAKE_H

#include <stdbool.h>

#include <openssl/ssl.h>

/* The status callback: staple the store's response, or do as the server would. */
int handshake_status(SSL *ssl, void *arg);

/*
 * Whether handshakes are stapled, or all is left to the server's own
 * callbacks. May be called while there are handshakes.
 */
void handshake_enable(bool on);

#endif
