// SPDX-License-Identifier: LGPL-2.1-or-later
/* Certificate chain contexts: one allocation each, and counted. */
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "cert.h"
#include "last_error.h"
#include "ocsp.h"

/* A certificate in a chain, with all that Windows' structs want of it. */
struct element {
	CERT_CHAIN_ELEMENT element;
	CERT_CONTEXT cert;
};

struct chain {
	CERT_CHAIN_CONTEXT context;	/* first: what the application has */
	atomic_uint refs;
	CERT_SIMPLE_CHAIN simple;
	PCERT_SIMPLE_CHAIN simple_pointer;
	PCERT_CHAIN_ELEMENT *pointers;
	struct element elements[];
};

static struct chain *chain_of(PCCERT_CHAIN_CONTEXT context)
{
	return (struct chain *)context;
}

/* The certificate among others that issued cert, not one of used; or NULL. */
static X509 *find_issuer(X509 *cert, STACK_OF(X509) *others,
			 STACK_OF(X509) *used)
{
	X509 *x;
	int i, j;

	for (i = 0; i < sk_X509_num(others); i++) {
		x = sk_X509_value(others, i);
		if (X509_check_issued(x, cert) != X509_V_OK)
			continue;
		for (j = 0; j < sk_X509_num(used); j++)
			if (!X509_cmp(sk_X509_value(used, j), x))
				break;
		if (j == sk_X509_num(used))
			return x;
	}
	return NULL;
}

static bool is_self_issued(X509 *cert)
{
	return X509_check_issued(cert, cert) == X509_V_OK;
}

/* Leaf, its issuer, and on; NULL: no memory. The references are borrowed. */
static STACK_OF(X509) *put_in_order(X509 *leaf, STACK_OF(X509) *others)
{
	STACK_OF(X509) *path = sk_X509_new_null();
	X509 *next = leaf;

	while (path && next) {
		if (!sk_X509_push(path, next)) {
			sk_X509_free(path);
			return NULL;
		}
		next = is_self_issued(next) ? NULL :
		       find_issuer(next, others, path);
	}
	return path;
}

static void fill_element(struct element *e, X509 *cert, int len,
			 unsigned char **der)
{
	e->cert.dwCertEncodingType = X509_ASN_ENCODING;
	e->cert.pbCertEncoded = *der;
	e->cert.cbCertEncoded = len;
	i2d_X509(cert, der);
	e->element.cbSize = sizeof(e->element);
	e->element.pCertContext = &e->cert;
	if (is_self_issued(cert))
		e->element.TrustStatus.dwInfoStatus = CERT_TRUST_IS_SELF_SIGNED;
}

static void fill_context(struct chain *chain, int n)
{
	CERT_SIMPLE_CHAIN *simple = &chain->simple;

	simple->cbSize = sizeof(*simple);
	simple->cElement = n;
	simple->rgpElement = chain->pointers;
	simple->TrustStatus = chain->elements[n - 1].element.TrustStatus;
	if (!(simple->TrustStatus.dwInfoStatus & CERT_TRUST_IS_SELF_SIGNED))
		simple->TrustStatus.dwErrorStatus = CERT_TRUST_IS_PARTIAL_CHAIN;

	chain->simple_pointer = simple;
	chain->context.cbSize = sizeof(chain->context);
	chain->context.TrustStatus = simple->TrustStatus;
	chain->context.cChain = 1;
	chain->context.rgpChain = &chain->simple_pointer;
}

static struct chain *make_chain(STACK_OF(X509) *path)
{
	int i, n = sk_X509_num(path);
	struct chain *chain;
	unsigned char *der;
	size_t size;
	int len;

	size = sizeof(*chain) +
	       n * (sizeof(struct element) + sizeof(PCERT_CHAIN_ELEMENT));
	for (i = 0; i < n; i++) {
		len = i2d_X509(sk_X509_value(path, i), NULL);
		if (len <= 0)
			return NULL;
		size += len;
	}
	chain = calloc(1, size);
	if (!chain)
		return NULL;

	atomic_init(&chain->refs, 1);
	chain->pointers = (PCERT_CHAIN_ELEMENT *)&chain->elements[n];
	der = (unsigned char *)&chain->pointers[n];
	for (i = 0; i < n; i++) {
		len = i2d_X509(sk_X509_value(path, i), NULL);
		fill_element(&chain->elements[i], sk_X509_value(path, i), len,
			     &der);
		chain->pointers[i] = &chain->elements[i].element;
	}
	fill_context(chain, n);
	return chain;
}

PCCERT_CHAIN_CONTEXT OcspCreateCertificateChain(X509 *leaf,
						STACK_OF(X509) *others)
{
	struct chain *chain = NULL;
	STACK_OF(X509) *path;

	if (!leaf) {
		ocsp_set_error(ERROR_INVALID_PARAMETER,
			       "no certificate to make a chain of");
		return NULL;
	}
	/* The application's queue of errors is none of our business. */
	ERR_set_mark();
	path = put_in_order(leaf, others);
	if (path)
		chain = make_chain(path);
	sk_X509_free(path);
	ERR_pop_to_mark();
	if (!chain) {
		ocsp_set_error(ERROR_NOT_ENOUGH_MEMORY, "%s", strerror(ENOMEM));
		return NULL;
	}
	return &chain->context;
}

PCCERT_CHAIN_CONTEXT OcspCreateCertificateChainFromFile(const char *path)
{
	PCCERT_CHAIN_CONTEXT chain;
	STACK_OF(X509) *certs;
	char why[512];

	if (!path) {
		ocsp_set_error(ERROR_INVALID_PARAMETER, "no file name");
		return NULL;
	}
	errno = 0;
	certs = ocsp_read_certs(path, why, sizeof(why));
	if (!certs) {
		DWORD code = ERROR_INVALID_DATA;

		if (errno == ENOMEM)
			code = ERROR_NOT_ENOUGH_MEMORY;
		else if (access(path, F_OK) && errno == ENOENT)
			code = ERROR_FILE_NOT_FOUND;
		else if (access(path, R_OK) && errno == EACCES)
			code = ERROR_ACCESS_DENIED;
		ocsp_set_error(code, "%s", why);
		return NULL;
	}
	chain = OcspCreateCertificateChain(sk_X509_value(certs, 0), certs);
	sk_X509_pop_free(certs, X509_free);
	return chain;
}

PCCERT_CHAIN_CONTEXT WINAPI
CertDuplicateCertificateChain(PCCERT_CHAIN_CONTEXT pChainContext)
{
	if (pChainContext)
		atomic_fetch_add_explicit(&chain_of(pChainContext)->refs, 1,
					  memory_order_relaxed);
	return pChainContext;
}

VOID WINAPI CertFreeCertificateChain(PCCERT_CHAIN_CONTEXT pChainContext)
{
	if (!pChainContext)
		return;
	/* Release what was read through it; acquire before it is freed. */
	if (atomic_fetch_sub_explicit(&chain_of(pChainContext)->refs, 1,
				      memory_order_acq_rel) == 1)
		free(chain_of(pChainContext));
}
