// SPDX-License-Identifier: LGPL-2.1-or-later
/* Response contexts. */
#include <stdlib.h>
#include <string.h>

#include "context.h"

/* Seconds from 1601-01-01, where FILETIME starts, to 1970-01-01. */
#define FILETIME_EPOCH		11644473600LL
#define FILETIME_PER_SECOND	10000000ULL

static FILETIME filetime(int64_t seconds)
{
	uint64_t t = (uint64_t)(seconds + FILETIME_EPOCH) * FILETIME_PER_SECOND;
	FILETIME ft = { .dwLowDateTime = t, .dwHighDateTime = t >> 32 };

	return ft;
}

struct ocsp_context *ocsp_context_new(const struct ocsp_response *r)
{
	struct ocsp_context *c = calloc(1, sizeof(*c) + r->blob_len);

	if (!c)
		return NULL;
	memcpy(c->der, r->blob, r->blob_len);
	c->pub.cbSize = sizeof(c->pub);
	c->pub.pbEncodedOcspResponse = c->der;
	c->pub.cbEncodedOcspResponse = r->blob_len;
	atomic_init(&c->refs, 1);
	c->generation = r->generation;
	c->status = r->status;
	c->this_update = r->this_update;
	c->next_update = r->next_update;
	c->crl_info.ThisUpdate = filetime(r->this_update);
	c->crl_info.NextUpdate = filetime(r->next_update);
	c->crl.dwCertEncodingType = X509_ASN_ENCODING;
	c->crl.pCrlInfo = &c->crl_info;
	return c;
}

struct ocsp_context *ocsp_context_get(struct ocsp_context *context)
{
	if (context)
		atomic_fetch_add_explicit(&context->refs, 1,
					  memory_order_relaxed);
	return context;
}

void ocsp_context_put(struct ocsp_context *context)
{
	/* Release what was read through it; acquire before it is freed. */
	if (context && atomic_fetch_sub_explicit(&context->refs, 1,
						 memory_order_acq_rel) == 1)
		free(context);
}

static struct ocsp_context *
context_of(PCCERT_SERVER_OCSP_RESPONSE_CONTEXT pub)
{
	return (struct ocsp_context *)pub;
}

VOID WINAPI CertAddRefServerOcspResponseContext(
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT pServerOcspResponseContext)
{
	ocsp_context_get(context_of(pServerOcspResponseContext));
}

VOID WINAPI CertFreeServerOcspResponseContext(
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT pServerOcspResponseContext)
{
	ocsp_context_put(context_of(pServerOcspResponseContext));
}
