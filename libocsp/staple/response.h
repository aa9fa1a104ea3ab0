/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What the store has for a certificate. */
#ifndef LIBOCSP_STAPLE_RESPONSE_H
#define LIBOCSP_STAPLE_RESPONSE_H

#include <stdbool.h>

#include "source.h"
#include "staples.h"

/* The locks of fork(): see init.h. */
void responses_lock(void);
void responses_unlock(void);

/*
 * Open the handle of a staple, if there is none yet, before there is a
 * handshake. May wait for the kernel to load its module, once, and for nothing
 * else. When it fails the log says why, and staple_response() tries again.
 */
void staple_open(struct staple *staple, const struct staple_source *source);

/*
 * The response to staple for the certificate, or NULL; the log says why.
 * CertFreeServerOcspResponseContext() frees it.
 *
 * Waits for nothing but the kernel's answer to a request: while nothing
 * changed there is none; the first call of a process for a certificate makes
 * some, and a call that failed is made again after a while. OpenSSL's queue of
 * errors stays as it is; errno does not.
 */
PCCERT_SERVER_OCSP_RESPONSE_CONTEXT
staple_response(struct staple *staple, const struct staple_source *source);

#endif
