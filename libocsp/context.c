// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Response contexts. */
#include <string.h>

#include "context.h"
#include "pool.h"

/* Seconds from 1601-01-01, where FILETIME starts, to 1970-01-01. */
#define FILETIME_EPOCH		11644473600LL
#define FILETIME_PER_SECOND	10000000ULL

static FILETIME filetime(int64_t seconds)
{
	uint64_t t = (uint64_t)(seconds + FILETIME_EPOCH) * FILETIME_PER_SECOND;
	FILETIME ft = { .dwLowDateTime = t, .dwHighDateTime = t >> 32 };

	return ft;
}

struct ocsp_context *ocsp_context_new(const struct ocsp_entry *r)
{
	struct ocsp_context *c = ocsp_pool_alloc(sizeof(*c));
	BYTE *der = ocsp_pool_alloc(r->blob_len);

	if (!c || !der) {
		ocsp_pool_free(c, sizeof(*c));
		ocsp_pool_free(der, r->blob_len);
		return NULL;
	}
	memcpy(der, r->blob, r->blob_len);
	*c = (struct ocsp_context){
		.pub.cbSize = sizeof(c->pub),
		.pub.pbEncodedOcspResponse = der,
		.pub.cbEncodedOcspResponse = r->blob_len,
		.refs = 1,
		.status = r->status,
		.generation = r->generation,
		.this_update = r->this_update,
		.next_update = r->next_update,
	};
	return c;
}

struct ocsp_context *ocsp_context_clone(struct ocsp_context *original)
{
	struct ocsp_context *c = ocsp_pool_alloc(sizeof(*c));

	if (!c)
		return NULL;
	*c = (struct ocsp_context){
		.pub = original->pub,
		.refs = 1,
		.status = original->status,
		.original = original,
		.next_update = original->next_update,
	};
	return c;
}

bool ocsp_context_same_der(const struct ocsp_context *a,
			   const struct ocsp_context *b)
{
	return a && b &&
	       a->pub.cbEncodedOcspResponse == b->pub.cbEncodedOcspResponse &&
	       !memcmp(a->pub.pbEncodedOcspResponse,
		       b->pub.pbEncodedOcspResponse,
		       a->pub.cbEncodedOcspResponse);
}

PCCRL_CONTEXT ocsp_context_crl(const struct ocsp_context *context,
			       struct ocsp_crl *crl)
{
	if (!context)
		return NULL;
	memset(crl, 0, sizeof(*crl));
	crl->info.ThisUpdate = filetime(context->this_update);
	crl->info.NextUpdate = filetime(context->next_update);
	crl->context.dwCertEncodingType = X509_ASN_ENCODING;
	crl->context.pCrlInfo = &crl->info;
	return &crl->context;
}

/* Gives up a reference: was it the last one? */
static inline bool drop(struct ocsp_context *context)
{
	/* Release what was read through it; acquire before it is freed. */
	return atomic_fetch_sub_explicit(&context->refs, 1,
					 memory_order_acq_rel) == 1;
}

static void destroy_original(struct ocsp_context *context)
{
	ocsp_pool_free(context->pub.pbEncodedOcspResponse,
		       context->pub.cbEncodedOcspResponse);
	ocsp_pool_free(context, sizeof(*context));
}

/* That of a clone goes with its reference on the original. */
static __attribute__((noinline)) void destroy(struct ocsp_context *context)
{
	struct ocsp_context *original = context->original;

	if (!original) {
		destroy_original(context);
		return;
	}
	ocsp_pool_free(context, sizeof(*context));
	if (drop(original))
		destroy_original(original);
}

void ocsp_context_put(struct ocsp_context *context)
{
	if (context && drop(context))
		destroy(context);
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
