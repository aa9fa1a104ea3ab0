/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every SSL_CTX of the process, from its beginning to its end: when it gets a
 * status callback of ours, and which one it had before.
 */
#ifndef KTLS_OCSP_OPENSSL_CONTEXTS_H
#define KTLS_OCSP_OPENSSL_CONTEXTS_H

#include <stdbool.h>

#include "libssl.h"

/*
 * To be called once, before the first SSL_CTX is made. callback is what they
 * get.
 */
bool contexts_init(status_callback callback);

/* The callback that the server has set itself on the SSL_CTX of ssl, or NULL */
status_callback context_own_callback(const SSL *ssl);

/* The locks of fork(): see module.c. */
void contexts_lock(void);
void contexts_unlock(void);

#endif
