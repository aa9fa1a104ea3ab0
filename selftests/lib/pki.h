/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * A CA, server certificates and their OCSP responses by the wall clock, for
 * the tests of libocsp: forge.h with everything in order.
 *
 * Nothing here returns an error: what fails ends the test.
 */
#ifndef PKI_H
#define PKI_H

#include <stddef.h>
#include <stdint.h>

#include <wincrypt.h>

#include "client.h"
#include "forge.h"

#define PKI_URL		"http://127.0.0.1:8/"	/* where nobody listens */
#define PKI_DAY		86400

/* A server certificate, its issuer, and the key that names it in the store. */
struct pki {
	struct forged ca;
	struct forged leaf;
	uint8_t key[KTLS_OCSP_KEY_LEN];
};

/*
 * serial tells certificates apart. Without url, no OCSP responder is named;
 * padding makes the DER that much longer.
 */
void pki_new(struct pki *pki, long serial, const char *url, size_t padding);
void pki_free(struct pki *pki);

/* Leaf and CA; the leaf alone. CertFreeCertificateChain() them. */
PCCERT_CHAIN_CONTEXT pki_chain(const struct pki *pki);
PCCERT_CHAIN_CONTEXT pki_leaf_chain(const struct pki *pki);

/* A signed response with times in seconds from now; free() it. */
unsigned char *pki_response(const struct pki *pki, int status, long from,
			    long to, size_t *len);

/*
 * Store a blob, which need not be a response: valid from now on, for so many
 * seconds. Returns what the store did.
 */
int pki_set(struct ocsp_client *client, const struct pki *pki,
	    const void *blob, size_t len, enum ktls_ocsp_cert_status status,
	    long seconds);

#endif /* PKI_H */
