/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
#ifndef KTLS_OCSP_OPENSSL_LIBSSL_FIND_H
#define KTLS_OCSP_OPENSSL_LIBSSL_FIND_H

#include <stdbool.h>

/*
 * Find libssl's functions. False: there is none of this version in the process.
 * May be called by any thread and as often as one likes.
 */
bool libssl_find(void);

#endif
