// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Certificate chain contexts: one allocation each, and counted. */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "error.h"
#include <libocsp/ocsp.h>

/* A certificate in a chain, with all that Windows' structs want of it. */
struct element {
	CERT_CHAIN_ELEMENT element;
	CERT_CONTEXT cert;
};

struct chain {
	CERT_CHAIN_CONTEXT context;	/* first: what the application has */
	atomic_uint refs;
	CERT_SIMPLE_CHAIN simple;
	const struct chain *self;	/* see chain_of() */
	PCERT_SIMPLE_CHAIN simple_pointer;
	PCERT_CHAIN_ELEMENT *pointers;
	struct element elements[];
};

/*
 * NULL: the application made it, so that there is no reference count behind
 * it. One of ours points into itself; where another one happens to point to
 * the same distance, what lies before is there to be read, and is not ours.
 */
static struct chain *chain_of(PCCERT_CHAIN_CONTEXT context)
{
	struct chain *chain = (struct chain *)context;

	if ((uintptr_t)context->rgpChain !=
	    (uintptr_t)context + offsetof(struct chain, simple_pointer))
		return NULL;
	return chain->self == chain ? chain : NULL;
}

static void fill_element(struct element *e, const struct ocsp_chain_part *part,
			 unsigned char **der)
{
	e->cert.dwCertEncodingType = part->encoding;
	e->cert.pbCertEncoded = *der;
	e->cert.cbCertEncoded = part->len;
	memcpy(*der, part->der, part->len);
	*der += part->len;
	e->element.cbSize = sizeof(e->element);
	e->element.pCertContext = &e->cert;
	e->element.TrustStatus = part->trust;
}

static void fill_context(struct chain *chain, DWORD n)
{
	CERT_SIMPLE_CHAIN *simple = &chain->simple;

	simple->cbSize = sizeof(*simple);
	simple->cElement = n;
	simple->rgpElement = chain->pointers;
	simple->TrustStatus = chain->elements[n - 1].element.TrustStatus;
	if (!(simple->TrustStatus.dwInfoStatus & CERT_TRUST_IS_SELF_SIGNED))
		simple->TrustStatus.dwErrorStatus |=
			CERT_TRUST_IS_PARTIAL_CHAIN;

	chain->self = chain;
	chain->simple_pointer = simple;
	chain->context.cbSize = sizeof(chain->context);
	chain->context.TrustStatus = simple->TrustStatus;
	chain->context.cChain = 1;
	chain->context.rgpChain = &chain->simple_pointer;
}

static struct chain *make_chain(const struct ocsp_chain_part *parts, DWORD n)
{
	struct chain *chain;
	unsigned char *der;
	size_t size;
	DWORD i;

	size = sizeof(*chain) +
	       n * (sizeof(struct element) + sizeof(PCERT_CHAIN_ELEMENT));
	for (i = 0; i < n; i++)
		size += parts[i].len;
	chain = calloc(1, size);
	if (!chain)
		return NULL;

	atomic_init(&chain->refs, 1);
	chain->pointers = (PCERT_CHAIN_ELEMENT *)&chain->elements[n];
	der = (unsigned char *)&chain->pointers[n];
	for (i = 0; i < n; i++) {
		fill_element(&chain->elements[i], &parts[i], &der);
		chain->pointers[i] = &chain->elements[i].element;
	}
	fill_context(chain, n);
	return chain;
}

PCCERT_CHAIN_CONTEXT ocsp_chain_new(const struct ocsp_chain_part *parts, DWORD n)
{
	struct chain *chain = make_chain(parts, n);

	return chain ? &chain->context : NULL;
}

PCCERT_CONTEXT ocsp_chain_cert(const CERT_SIMPLE_CHAIN *simple, DWORD i)
{
	PCCERT_CONTEXT cert;

	if (i >= simple->cElement || !simple->rgpElement ||
	    !simple->rgpElement[i])
		return NULL;
	cert = simple->rgpElement[i]->pCertContext;
	if (!cert || !cert->pbCertEncoded || !cert->cbCertEncoded ||
	    !(cert->dwCertEncodingType & X509_ASN_ENCODING))
		return NULL;
	return cert;
}

const CERT_SIMPLE_CHAIN *ocsp_chain_simple(PCCERT_CHAIN_CONTEXT context)
{
	if (context->cbSize < sizeof(*context) || !context->cChain ||
	    !context->rgpChain)
		return NULL;
	return context->rgpChain[0];
}

/* One of ours from one of the application's, as far as that is sound. */
static struct chain *copy_chain(const CERT_SIMPLE_CHAIN *simple)
{
	struct ocsp_chain_part *parts = calloc(simple->cElement, sizeof(*parts));
	struct chain *chain = NULL;
	PCCERT_CONTEXT cert;
	DWORD n;

	for (n = 0; parts && (cert = ocsp_chain_cert(simple, n)); n++) {
		parts[n].der = cert->pbCertEncoded;
		parts[n].len = cert->cbCertEncoded;
		parts[n].encoding = cert->dwCertEncodingType;
		parts[n].trust = simple->rgpElement[n]->TrustStatus;
	}
	if (n)
		chain = make_chain(parts, n);
	free(parts);
	return chain;
}

PCCERT_CHAIN_CONTEXT ocsp_chain_get(PCCERT_CHAIN_CONTEXT context,
				    struct ocsp_error *error)
{
	struct chain *chain = chain_of(context);
	const CERT_SIMPLE_CHAIN *simple;

	if (chain) {
		atomic_fetch_add_explicit(&chain->refs, 1,
					  memory_order_relaxed);
		return context;
	}
	simple = ocsp_chain_simple(context);
	if (!simple || !ocsp_chain_cert(simple, 0)) {
		ocsp_error_set(error, ERROR_INVALID_PARAMETER,
			       "the chain is empty");
		return NULL;
	}
	chain = copy_chain(simple);
	if (!chain) {
		ocsp_error_memory(error);
		return NULL;
	}
	return &chain->context;
}

void ocsp_chain_put(PCCERT_CHAIN_CONTEXT context)
{
	struct chain *chain = context ? chain_of(context) : NULL;

	/* Release what was read through it; acquire before it is freed. */
	if (chain && atomic_fetch_sub_explicit(&chain->refs, 1,
					       memory_order_acq_rel) == 1)
		free(chain);
}

PCCERT_CHAIN_CONTEXT WINAPI
CertDuplicateCertificateChain(PCCERT_CHAIN_CONTEXT pChainContext)
{
	PCCERT_CHAIN_CONTEXT chain;
	struct ocsp_error error;

	if (!pChainContext)
		return NULL;
	chain = ocsp_chain_get(pChainContext, &error);
	if (!chain)
		ocsp_error_report(&error);
	return chain;
}

VOID WINAPI CertFreeCertificateChain(PCCERT_CHAIN_CONTEXT pChainContext)
{
	ocsp_chain_put(pChainContext);
}
