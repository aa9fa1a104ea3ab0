/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * A function that chooses the certificate of credentials that have one, and hands
 * out the staples of its whole chain.
 */
#ifndef LIBOCSP_GNUTLS_RETRIEVE_H
#define LIBOCSP_GNUTLS_RETRIEVE_H

#include <stdbool.h>

#include <gnutls/gnutls.h>

/* Is it worth it, and would GnuTLS choose the same? */
bool retrieve_is_possible(gnutls_certificate_credentials_t cred);

void retrieve_set(gnutls_certificate_credentials_t cred, bool on);

#endif
