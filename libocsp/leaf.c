// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A certificate without its public key, see leaf.h. */
#include <errno.h>
#include <stdlib.h>

#include <openssl/asn1t.h>

#include "cert_summary.h"
#include "crypto_errors.h"
#include "issuer.h"
#include "leaf.h"

static void *decode(const ASN1_ITEM *item, const struct ocsp_tlv *tlv)
{
	const unsigned char *p = tlv->start, *end = tlv->data + tlv->len;
	ASN1_VALUE *value = ASN1_item_d2i(NULL, &p, ocsp_tlv_size(tlv), item);

	if (!value || p == end)
		return value;
	ASN1_item_free(value, item);
	return NULL;
}

static bool take_tbs(struct ocsp_leaf *leaf, const struct ocsp_tlv *tbs)
{
	leaf->tbs = ASN1_STRING_new();
	return leaf->tbs &&
	       ASN1_STRING_set(leaf->tbs, tbs->start, ocsp_tlv_size(tbs));
}

static bool decode_parts(struct ocsp_leaf *leaf,
			 const struct ocsp_cert_summary *parts)
{
	leaf->name = decode(ASN1_ITEM_rptr(X509_NAME), &parts->issuer);
	leaf->number = decode(ASN1_ITEM_rptr(ASN1_INTEGER), &parts->serial);
	leaf->outer = decode(ASN1_ITEM_rptr(X509_ALGOR), &parts->algorithm);
	leaf->inner = decode(ASN1_ITEM_rptr(X509_ALGOR), &parts->tbs_algorithm);
	leaf->signature = decode(ASN1_ITEM_rptr(ASN1_BIT_STRING),
				 &parts->signature);
	leaf->issuer = leaf->name;
	leaf->serial = leaf->number;
	return leaf->name && leaf->number && leaf->outer && leaf->inner &&
	       leaf->signature && take_tbs(leaf, &parts->tbs);
}

void ocsp_leaf_free(struct ocsp_leaf *leaf)
{
	int saved = errno;

	if (!leaf)
		return;
	X509_NAME_free(leaf->name);
	ASN1_INTEGER_free(leaf->number);
	X509_ALGOR_free(leaf->outer);
	X509_ALGOR_free(leaf->inner);
	ASN1_BIT_STRING_free(leaf->signature);
	ASN1_STRING_free(leaf->tbs);
	free(leaf);
	errno = saved;
}

struct ocsp_leaf ocsp_leaf_of(X509 *cert)
{
	return (struct ocsp_leaf) {
		.issuer = X509_get_issuer_name(cert),
		.serial = X509_get0_serialNumber(cert),
		.x509 = cert,
	};
}

struct ocsp_leaf *ocsp_leaf_decode(const struct ocsp_cert_summary *summary)
{
	struct ocsp_leaf *leaf = calloc(1, sizeof(*leaf));
	bool alone, ok;

	errno = ENOMEM;
	if (!leaf)
		return NULL;
	alone = ocsp_errors_begin();
	ok = decode_parts(leaf, summary);
	errno = ocsp_errors_end(alone) ? ENOMEM : EINVAL;
	if (ok)
		return leaf;
	ocsp_leaf_free(leaf);
	return NULL;
}

bool ocsp_leaf_names(X509 *issuer, const struct ocsp_leaf *leaf)
{
	return !X509_NAME_cmp(X509_get_subject_name(issuer), leaf->issuer);
}

/* What X509_verify() does, which takes a whole certificate */
static bool verify(const struct ocsp_leaf *leaf, EVP_PKEY *key)
{
	/* RFC 5280 4.1.1.2 */
	if (X509_ALGOR_cmp(leaf->outer, leaf->inner))
		return false;
	/* As an item, that is any sequence as it stands. */
	return ASN1_item_verify(ASN1_ITEM_rptr(ASN1_SEQUENCE), leaf->outer,
				leaf->signature, leaf->tbs, key) > 0;
}

bool ocsp_leaf_issued(X509 *issuer, const struct ocsp_leaf *leaf)
{
	EVP_PKEY *key;

	if (leaf->x509)
		return ocsp_cert_issued(issuer, leaf->x509);
	key = X509_get0_pubkey(issuer);
	return key && ocsp_leaf_names(issuer, leaf) && verify(leaf, key);
}

OCSP_CERTID *ocsp_leaf_id(const EVP_MD *digest, const struct ocsp_leaf *leaf,
			  X509 *issuer)
{
	return OCSP_cert_id_new(digest, leaf->issuer,
				X509_get0_pubkey_bitstr(issuer), leaf->serial);
}
