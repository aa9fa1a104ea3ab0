/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The status callback of an SSL_CTX: ours, and the one that it replaced. */
#ifndef LIBOCSP_SSL_CALLBACK_H
#define LIBOCSP_SSL_CALLBACK_H

#include <stdbool.h>

#include "libssl.h"

/* To be called once. An SSL_CTX that is made from then on has room. */
bool callback_init(void);

/*
 * Make room in an SSL_CTX that is older than that, and that no other thread
 * uses. False: there is not enough memory.
 */
bool callback_make_room(SSL_CTX *ctx);

/*
 * Set the callback, and remember the one that it replaces. Two threads may not
 * do so with the same SSL_CTX at a time; there may be handshakes. Nothing
 * happens if it is set already, or if there is no room.
 */
void callback_replace(SSL_CTX *ctx, status_callback callback);

/* The one that was replaced on the SSL_CTX of ssl, or NULL */
status_callback callback_replaced(const SSL *ssl);

#endif
