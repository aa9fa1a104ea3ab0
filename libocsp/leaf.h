/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * A certificate as far as OCSP names and verifies it, without its public key:
 * d2i_X509() takes longer for that than a response's whole signature. Private
 * to this project, like client.h.
 */
#ifndef OCSP_LEAF_H
#define OCSP_LEAF_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ocsp.h>
#include <openssl/x509.h>

struct ocsp_cert_summary;

struct ocsp_leaf {
	const X509_NAME *issuer;
	const ASN1_INTEGER *serial;

	/* The rest is leaf.c's. Of ocsp_leaf_of(): no reference */
	X509 *x509;
	/* Else what it was decoded to, and the part of its DER that is signed */
	X509_NAME *name;
	ASN1_INTEGER *number;
	X509_ALGOR *outer, *inner;	/* those two have to agree */
	ASN1_BIT_STRING *signature;
	ASN1_STRING *tbs;
};

/*
 * NULL, and errno is EINVAL: a part is not what it has to be; or ENOMEM. The DER
 * is not needed any more.
 */
struct ocsp_leaf *ocsp_leaf_decode(const struct ocsp_cert_summary *summary);
/* Takes NULL. */
void ocsp_leaf_free(struct ocsp_leaf *leaf);

/* As long as the certificate is there. Nothing is to be freed. */
struct ocsp_leaf ocsp_leaf_of(X509 *cert);

/* As ocsp_cert_names() and ocsp_cert_issued() in issuer.h. */
bool ocsp_leaf_names(X509 *issuer, const struct ocsp_leaf *leaf);
bool ocsp_leaf_issued(X509 *issuer, const struct ocsp_leaf *leaf);

/* As OCSP_cert_to_id(). */
OCSP_CERTID *ocsp_leaf_id(const EVP_MD *digest, const struct ocsp_leaf *leaf,
			  X509 *issuer);

#endif /* OCSP_LEAF_H */
