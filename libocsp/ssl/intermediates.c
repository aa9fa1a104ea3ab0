// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "certs.h"
#include "chain.h"
#include "intermediates.h"
#include "libssl.h"
#include "response.h"

/*
 * Of OpenSSL 3.6, here also where the headers are older: the library that runs
 * knows it, or not.
 */
#ifndef SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP_EX
#define SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP_EX 143
#endif

#define MAX_CERTS	8

/* 3.6.0 sends an empty response for each certificate that has none. */
static bool libssl_sends_them(const SSL *ssl)
{
	unsigned int major = OPENSSL_version_major();
	unsigned int minor = OPENSSL_version_minor();
	unsigned int patch = OPENSSL_version_patch();

	return (major > 3 || (major == 3 && (minor > 6 || (minor == 6 && patch > 0)))) &&
	       libssl.version(ssl) == TLS1_3_VERSION;
}

static OCSP_RESPONSE *parse(PCCERT_SERVER_OCSP_RESPONSE_CONTEXT response)
{
	const unsigned char *der = response->pbEncodedOcspResponse;

	return d2i_OCSP_RESPONSE(NULL, &der, response->cbEncodedOcspResponse);
}

/* NULL: there is none for this certificate. */
static OCSP_RESPONSE *response_of(SSL *ssl, X509 *cert)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT response;
	struct staple *staple, *borrowed = NULL;
	struct ssl_source source;
	OCSP_RESPONSE *parsed = NULL;

	staple = cert_names_responder(cert) ? cert_staple(cert, &borrowed) : NULL;
	if (!staple)
		return NULL;
	source = ssl_source_of_handshake(ssl, cert);
	response = staple_response(staple, &source.source);
	if (response)
		parsed = parse(response);
	CertFreeServerOcspResponseContext(response);
	staple_put(borrowed);
	return parsed;
}

/* A NULL among them is a hole. */
static void free_responses(OPENSSL_STACK *responses)
{
	OPENSSL_sk_pop_free(responses, (OPENSSL_sk_freefunc)OCSP_RESPONSE_free);
}

/* In the order of the chain. NULL: there is none but the leaf's. */
static OPENSSL_STACK *collect(SSL *ssl, const STACK_OF(X509) *certs,
			      PCCERT_SERVER_OCSP_RESPONSE_CONTEXT leaf)
{
	OPENSSL_STACK *responses = OPENSSL_sk_new_null();
	OCSP_RESPONSE *response = parse(leaf);
	bool any = false, ok = responses && response;

	for (int i = 0; ok; i++) {
		ok = OPENSSL_sk_push(responses, response);
		if (!ok || i == sk_X509_num(certs) || i == MAX_CERTS)
			break;
		response = response_of(ssl, sk_X509_value(certs, i));
		any |= !!response;
	}
	if (!ok)
		OCSP_RESPONSE_free(response);
	if (ok && any)
		return responses;
	free_responses(responses);
	return NULL;
}

bool intermediates_give(SSL *ssl, X509 *cert, PCCERT_SERVER_OCSP_RESPONSE_CONTEXT leaf)
{
	struct ssl_source source = ssl_source_of_handshake(ssl, cert);
	const STACK_OF(X509) *certs;
	OPENSSL_STACK *responses;
	bool given;

	if (!libssl_sends_them(ssl))
		return false;
	certs = ssl_source_sent(&source);
	if (sk_X509_num(certs) <= 0)
		return false;
	ERR_set_mark();
	responses = collect(ssl, certs, leaf);
	/* The SSL frees them. */
	given = responses && libssl.ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP_EX,
					 0, responses) == 1;
	if (!given)
		free_responses(responses);
	ERR_pop_to_mark();
	return given;
}
