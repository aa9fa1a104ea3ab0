// SPDX-License-Identifier: LGPL-2.1-or-later
/* Certificates without their public key: RFC 5280, section 4.1. */
#include <errno.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/x509v3.h>

#include "cert.h"
#include "crypto_errors.h"
#include "cert_summary.h"

/* TBSCertificate, whose encoding is kept as it was, since it is signed. */
typedef struct {
	ASN1_ENCODING enc;
	ASN1_INTEGER *version;
	ASN1_INTEGER *serial;
	X509_ALGOR *algorithm;
	X509_NAME *issuer;
	X509_VAL *validity;
	X509_NAME *subject;
	ASN1_TYPE *key;
	ASN1_BIT_STRING *issuer_id;
	ASN1_BIT_STRING *subject_id;
	STACK_OF(X509_EXTENSION) *extensions;
} TBS;

ASN1_SEQUENCE_enc(TBS, enc, 0) = {
	ASN1_EXP_OPT(TBS, version, ASN1_INTEGER, 0),
	ASN1_SIMPLE(TBS, serial, ASN1_INTEGER),
	ASN1_SIMPLE(TBS, algorithm, X509_ALGOR),
	ASN1_SIMPLE(TBS, issuer, X509_NAME),
	ASN1_SIMPLE(TBS, validity, X509_VAL),
	ASN1_SIMPLE(TBS, subject, X509_NAME),
	ASN1_SIMPLE(TBS, key, ASN1_ANY),
	ASN1_IMP_OPT(TBS, issuer_id, ASN1_BIT_STRING, 1),
	ASN1_IMP_OPT(TBS, subject_id, ASN1_BIT_STRING, 2),
	ASN1_EXP_SEQUENCE_OF_OPT(TBS, extensions, X509_EXTENSION, 3),
} static_ASN1_SEQUENCE_END_ref(TBS, TBS)

typedef struct ocsp_cert_summary {
	TBS *tbs;
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *signature;
} SUMMARY;

ASN1_SEQUENCE(SUMMARY) = {
	ASN1_SIMPLE(SUMMARY, tbs, TBS),
	ASN1_SIMPLE(SUMMARY, algorithm, X509_ALGOR),
	ASN1_SIMPLE(SUMMARY, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(SUMMARY)

static SUMMARY *decode(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;

	return (SUMMARY *)ASN1_item_d2i(NULL, &p, len, ASN1_ITEM_rptr(SUMMARY));
}

/* Does it encode to these bytes? Then they are DER, and all of them. */
static bool is_encoded(const SUMMARY *summary, const unsigned char *der,
		       size_t size)
{
	unsigned char *again = NULL;
	bool same;
	int len;

	len = ASN1_item_i2d((const ASN1_VALUE *)summary, &again,
			    ASN1_ITEM_rptr(SUMMARY));
	same = len > 0 && (size_t)len == size && !memcmp(again, der, size);
	OPENSSL_free(again);
	return same;
}

struct ocsp_cert_summary *ocsp_cert_summary_new(const unsigned char *der, size_t len)
{
	SUMMARY *summary;
	bool alone, ok;

	alone = ocsp_errors_begin();
	summary = decode(der, len);
	ok = summary && summary->tbs->key->type == V_ASN1_SEQUENCE &&
	     is_encoded(summary, der, len);
	errno = ocsp_errors_end(alone) ? ENOMEM : 0;
	if (ok)
		return summary;
	ocsp_cert_summary_free(summary);
	return NULL;
}

void ocsp_cert_summary_free(struct ocsp_cert_summary *summary)
{
	ASN1_item_free((ASN1_VALUE *)summary, ASN1_ITEM_rptr(SUMMARY));
}

bool ocsp_cert_summary_issued(const struct ocsp_cert_summary *issuer,
			 const struct ocsp_cert_summary *cert)
{
	return !X509_NAME_cmp(issuer->tbs->subject, cert->tbs->issuer);
}

bool ocsp_cert_summary_has_url(const struct ocsp_cert_summary *summary)
{
	STACK_OF(OPENSSL_STRING) *urls;

	urls = ocsp_extensions_urls(summary->tbs->extensions);
	X509_email_free(urls);
	return urls;
}

char *ocsp_cert_summary_url_fault(const struct ocsp_cert_summary *summary)
{
	return ocsp_extensions_url_fault(summary->tbs->extensions);
}
