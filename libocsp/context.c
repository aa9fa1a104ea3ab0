// SPDX-License-Identifier: LGPL-2.1-or-later
/* Response contexts. */
#include <assert.h>
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

/* What a processor takes at a time; not worth asking for. */
#define CACHE_LINE	64

static_assert(sizeof(struct ocsp_context) <= CACHE_LINE);

struct original {
	struct ocsp_context context;
	BYTE der[];
};

struct ocsp_context *ocsp_context_new(const struct ocsp_response *r)
{
	struct original *o = malloc(sizeof(*o) + r->blob_len);

	if (!o)
		return NULL;
	memcpy(o->der, r->blob, r->blob_len);
	o->context = (struct ocsp_context){
		.pub.cbSize = sizeof(o->context.pub),
		.pub.pbEncodedOcspResponse = o->der,
		.pub.cbEncodedOcspResponse = r->blob_len,
		.refs = 1,
		.status = r->status,
		.generation = r->generation,
		.this_update = r->this_update,
		.next_update = r->next_update,
	};
	/* Not &o->context, behind which the analyzer of gcc 12 loses it. */
	return (struct ocsp_context *)o;
}

struct ocsp_context *ocsp_context_share(struct ocsp_context *original)
{
	struct ocsp_context *c = aligned_alloc(CACHE_LINE, CACHE_LINE);

	if (!c)
		return NULL;
	*c = (struct ocsp_context){
		.pub = original->pub,
		.refs = 1,
		.status = original->status,
		.original = original,
		.generation = original->generation,
		.this_update = original->this_update,
		.next_update = original->next_update,
	};
	return c;
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

/* That of a share goes with its reference on the original. */
static __attribute__((noinline)) void destroy(struct ocsp_context *context)
{
	struct ocsp_context *original = context->original;

	free(context);
	if (original && drop(original))
		free(original);
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
