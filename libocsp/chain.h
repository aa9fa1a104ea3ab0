/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Certificate chain contexts. Private to libocsp. */
#ifndef OCSP_CHAIN_H
#define OCSP_CHAIN_H

#include "error.h"
#include <wincrypt.h>

/* What goes into an element of a chain; der is borrowed. */
struct ocsp_chain_part {
	const BYTE *der;
	DWORD len;
	DWORD encoding;
	CERT_TRUST_STATUS trust;
};

/* In one allocation, with one reference; NULL: no memory. n > 0. */
PCCERT_CHAIN_CONTEXT ocsp_chain_new(const struct ocsp_chain_part *parts,
				    DWORD n);

/*
 * A reference: on context itself, or on a copy of one that the application
 * made, which has no reference count. NULL: there is no certificate in it, or
 * no memory for the copy, as *error says.
 */
PCCERT_CHAIN_CONTEXT ocsp_chain_get(PCCERT_CHAIN_CONTEXT context,
				    struct ocsp_error *error);
/* Takes NULL. One of the application's own stays as it is. */
void ocsp_chain_put(PCCERT_CHAIN_CONTEXT context);

/* The first simple chain of a context, which anybody may have made; or NULL. */
const CERT_SIMPLE_CHAIN *ocsp_chain_simple(PCCERT_CHAIN_CONTEXT context);
/* The certificate of an element, if it has one that may be DER; or NULL. */
PCCERT_CONTEXT ocsp_chain_cert(const CERT_SIMPLE_CHAIN *simple, DWORD i);

#endif /* OCSP_CHAIN_H */
