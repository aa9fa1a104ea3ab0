// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* See verdict.h. It shares no code with what it judges. */
#include <stdbool.h>

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "verdict.h"

static const char *const names[] = {
	[VERDICT_NONE] = "none",
	[VERDICT_GOOD] = "good",
	[VERDICT_REVOKED] = "revoked",
	[VERDICT_UNKNOWN] = "unknown",
	[VERDICT_EXPIRED] = "expired",
	[VERDICT_ERROR] = "error",
	[VERDICT_OTHER] = "other",
	[VERDICT_FORGED] = "forged",
};

const char *verdict_name(enum verdict verdict)
{
	return names[verdict];
}

static bool speaks_of(const OCSP_SINGLERESP *single, X509 *cert, X509 *issuer)
{
	OCSP_CERTID *has = (OCSP_CERTID *)OCSP_SINGLERESP_get0_id(single), *wanted;
	ASN1_OBJECT *digest;
	const EVP_MD *md;
	bool same;

	OCSP_id_get0_info(NULL, &digest, NULL, NULL, has);
	md = EVP_get_digestbyobj(digest);
	wanted = md ? OCSP_cert_to_id(md, cert, issuer) : NULL;
	same = wanted && !OCSP_id_cmp(has, wanted);
	OCSP_CERTID_free(wanted);
	return same;
}

static OCSP_SINGLERESP *find_single(OCSP_BASICRESP *basic, X509 *cert, X509 *issuer)
{
	for (int i = 0; i < OCSP_resp_count(basic); i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);

		if (speaks_of(single, cert, issuer))
			return single;
	}
	return NULL;
}

static enum verdict verdict_of_single(OCSP_SINGLERESP *single)
{
	ASN1_GENERALIZEDTIME *this_update, *next_update;
	int status;

	status = OCSP_single_get0_status(single, NULL, NULL, &this_update, &next_update);
	if (!OCSP_check_validity(this_update, next_update, 0, -1))
		return VERDICT_EXPIRED;
	switch (status) {
	case V_OCSP_CERTSTATUS_GOOD:
		return VERDICT_GOOD;
	case V_OCSP_CERTSTATUS_REVOKED:
		return VERDICT_REVOKED;
	default:
		return VERDICT_UNKNOWN;
	}
}

/* The chain of the connection has been verified: leaf, then issuer. */
static enum verdict verdict_of_basic(OCSP_BASICRESP *basic, SSL *ssl)
{
	X509_STORE *trust = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	OCSP_SINGLERESP *single;

	if (sk_X509_num(chain) < 2 || OCSP_basic_verify(basic, chain, trust, 0) != 1)
		return VERDICT_FORGED;
	single = find_single(basic, sk_X509_value(chain, 0), sk_X509_value(chain, 1));
	return single ? verdict_of_single(single) : VERDICT_OTHER;
}

enum verdict verdict_of(SSL *ssl)
{
	enum verdict verdict = VERDICT_FORGED;
	OCSP_RESPONSE *response;
	OCSP_BASICRESP *basic;
	const unsigned char *der;
	long len;

	len = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
	if (len <= 0)
		return VERDICT_NONE;
	response = d2i_OCSP_RESPONSE(NULL, &der, len);
	if (!response)
		return VERDICT_FORGED;
	if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		verdict = VERDICT_ERROR;
	} else {
		basic = OCSP_response_get1_basic(response);
		if (basic)
			verdict = verdict_of_basic(basic, ssl);
		OCSP_BASICRESP_free(basic);
	}
	OCSP_RESPONSE_free(response);
	return verdict;
}
