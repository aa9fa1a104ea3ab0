// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What is known of chains and contexts, for applications that parse no DER. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <openssl/err.h>

#include "cert.h"
#include "chain.h"
#include "context.h"
#include "error.h"
#include <libocsp/ocsp.h>

_Static_assert(KTLS_OCSP_CERT_STATUS_GOOD == (int)OCSP_STATUS_GOOD &&
	       KTLS_OCSP_CERT_STATUS_REVOKED == (int)OCSP_STATUS_REVOKED,
	       "the API's numbers are the protocol's");

int OcspGetResponseInfo(PCCERT_SERVER_OCSP_RESPONSE_CONTEXT pContext,
			OCSP_RESPONSE_INFO *pInfo)
{
	const struct ocsp_context *c = (const struct ocsp_context *)pContext;
	OCSP_RESPONSE_INFO info = { 0 };
	uint32_t size;

	if (!pContext || !pInfo ||
	    pInfo->cbSize < offsetof(OCSP_RESPONSE_INFO, llThisUpdate)) {
		ocsp_set_last_error(ERROR_INVALID_PARAMETER, "%s",
				    !pContext ? "pContext is NULL" :
				    !pInfo ? "pInfo is NULL" :
				    "pInfo: cbSize is too small");
		return 0;
	}
	/* A thread's clone has other uses for some of its members. */
	if (c->original)
		c = c->original;
	size = pInfo->cbSize < sizeof(info) ? pInfo->cbSize : sizeof(info);
	info.cbSize = size;
	info.dwStatus = c->status;
	info.llThisUpdate = c->this_update;
	info.llNextUpdate = c->next_update;
	info.ullGeneration = c->generation;
	memcpy(pInfo, &info, size);
	return 1;
}

uint32_t OcspGetCertificateChainLength(PCCERT_CHAIN_CONTEXT pChainContext)
{
	const CERT_SIMPLE_CHAIN *simple;

	simple = pChainContext ? ocsp_chain_simple(pChainContext) : NULL;
	return simple ? simple->cElement : 0;
}

int OcspMustStaple(PCCERT_CHAIN_CONTEXT pChainContext, uint32_t dwIndex)
{
	PCCERT_CONTEXT cert = NULL;
	X509 *x509 = NULL;
	bool must;

	if (dwIndex < OcspGetCertificateChainLength(pChainContext))
		cert = ocsp_chain_cert(ocsp_chain_simple(pChainContext), dwIndex);
	if (!cert) {
		ocsp_set_last_error(ERROR_INVALID_PARAMETER,
				    "the chain has no certificate %u",
				    dwIndex + 1);
		return -1;
	}
	ERR_set_mark();
	x509 = ocsp_cert_decode(cert->pbCertEncoded, cert->cbCertEncoded);
	if (!x509)
		ocsp_set_last_error(errno == ENOMEM ? ERROR_NOT_ENOUGH_MEMORY :
				    ERROR_INVALID_DATA,
				    "certificate %u of the chain cannot be read",
				    dwIndex + 1);
	must = x509 && ocsp_cert_must_staple(x509);
	ERR_pop_to_mark();
	if (!x509)
		return -1;
	X509_free(x509);
	return must;
}
