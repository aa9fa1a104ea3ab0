/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
#ifndef LIBOCSP_SSL_STATUS_H
#define LIBOCSP_SSL_STATUS_H

#include <stdbool.h>

#include <openssl/ssl.h>

/* The status callback: staple the store's response, or do as the server would. */
int status_callback_of_store(SSL *ssl, void *arg);

/*
 * Whether handshakes are stapled, or all is left to the server's own
 * callbacks. May be called while there are handshakes.
 */
void status_enable(bool on);

/*
 * From now on the callback leaves with each SSL what it did, an
 * OCSP_STAPLE_... in ex_data with this index.
 */
void status_record_at(int ssl_index);

#endif
