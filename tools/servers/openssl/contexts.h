/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Every SSL_CTX of the process, from its beginning to its end: when it gets a
 * status callback of ours.
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

/* The lock, and at the beginning of a fork() what is due before it: see module.c. */
void contexts_before_fork(void);
void contexts_unlock(void);

#endif
