// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What a handle was opened for: checked, and kept. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "cert.h"
#include "cert_summary.h"
#include "chain.h"
#include "handle_config.h"

#define PARA_FLAGS (CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG | \
		    CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG)

static bool invalid(struct ocsp_error *error, const char *why)
{
	return ocsp_error_set(error, ERROR_INVALID_PARAMETER, "%s", why);
}

static bool invalid_cert(struct ocsp_error *error, DWORD i, const char *why)
{
	return ocsp_error_set(error, ERROR_INVALID_PARAMETER,
			      "the chain's certificate %u %s", i + 1, why);
}

/* False: it is not DER, so that its bytes would not be those of the key. */
static bool summarize(PCCERT_CONTEXT cert, struct ocsp_cert_summary *summary)
{
	return cert && ocsp_cert_summarize(cert->pbCertEncoded,
					   cert->cbCertEncoded, summary);
}

static bool take_issuer(struct ocsp_handle_config *c,
			const CERT_SIMPLE_CHAIN *simple, DWORD i,
			const struct ocsp_cert_summary *leaf,
			struct ocsp_error *error)
{
	struct ocsp_cert_summary issuer;

	if (i == simple->cElement - 1) {
		if (ocsp_cert_summary_issued(leaf, leaf))
			c->issuer = c->leaf;
		return true;
	}
	c->issuer = ocsp_chain_cert(simple, i + 1);
	if (!summarize(c->issuer, &issuer))
		return invalid_cert(error, i + 1, "is not DER");
	if (ocsp_cert_summary_issued(&issuer, leaf))
		return true;
	return errno == ENOMEM ? ocsp_error_memory(error) :
		invalid_cert(error, i + 1, "did not issue the one before it");
}

static bool no_url(const struct ocsp_cert_summary *leaf,
		   struct ocsp_error *error)
{
	char *fault = ocsp_cert_summary_url_fault(leaf);

	ocsp_error_set(error, CRYPT_E_NOT_IN_REVOCATION_DATABASE,
		       "the certificate names no OCSP responder%s%s",
		       fault ? ": " : "", fault ? fault : "");
	free(fault);
	return false;
}

static bool take_leaf(struct ocsp_handle_config *c,
		      const CERT_SIMPLE_CHAIN *simple, DWORD i,
		      const struct ocsp_cert_summary *leaf,
		      struct ocsp_error *error)
{
	if (!ocsp_cert_summary_has_url(leaf))
		return errno == ENOMEM ? ocsp_error_memory(error) :
					 no_url(leaf, error);
	if (ocsp_der_key(c->leaf->pbCertEncoded, c->leaf->cbCertEncoded,
			 c->key))
		return ocsp_error_memory(error);
	return take_issuer(c, simple, i, leaf, error);
}

/* A reference on what was found to be sound. */
static bool keep_chain(struct ocsp_handle_config *c,
		       PCCERT_CHAIN_CONTEXT chain, DWORD i,
		       struct ocsp_error *error)
{
	const CERT_SIMPLE_CHAIN *simple;
	bool self_signed = c->issuer == c->leaf;

	c->chain = ocsp_chain_get(chain, error);
	if (!c->chain)
		return false;
	/* It may be a copy. */
	simple = ocsp_chain_simple(c->chain);
	c->leaf = ocsp_chain_cert(simple, i);
	if (c->issuer)
		c->issuer = self_signed ? c->leaf :
					  ocsp_chain_cert(simple, i + 1);
	/* A copy ends where the application's chain has something else. */
	return c->leaf || invalid_cert(error, i, "comes after one that is none");
}

static bool take_chain(struct ocsp_handle_config *c,
		       PCCERT_CHAIN_CONTEXT chain, DWORD i,
		       struct ocsp_error *error)
{
	const CERT_SIMPLE_CHAIN *simple = ocsp_chain_simple(chain);
	struct ocsp_cert_summary leaf;

	if (!simple || !simple->cElement)
		return invalid(error, "the chain is empty");
	if (i >= simple->cElement)
		return invalid(error, "the chain has fewer certificates");
	c->leaf = ocsp_chain_cert(simple, i);
	if (!summarize(c->leaf, &leaf))
		return invalid_cert(error, i, "is not DER");
	return take_leaf(c, simple, i, &leaf, error) &&
	       keep_chain(c, chain, i, error);
}

/* Copy and check what the application's struct has; it may be a shorter one. */
static bool read_para(PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA from,
		      CERT_SERVER_OCSP_RESPONSE_OPEN_PARA *para,
		      struct ocsp_error *error)
{
	DWORD used = sizeof(*para);

	memset(para, 0, sizeof(*para));
	if (!from)
		return true;
	if (from->cbSize < offsetof(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA,
				    pwszOcspDirectory))
		return invalid(error, "pOpenPara: cbSize is too small");
	if (from->cbSize < used)
		used = from->cbSize;
	/* From there on all members are pointers; half of one is none. */
	if ((used - offsetof(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA, pcbUsedSize)) %
	    sizeof(void *))
		return invalid(error, "pOpenPara: cbSize ends inside a member");
	memcpy(para, from, used);
	if (para->dwFlags & ~PARA_FLAGS)
		return invalid(error, "pOpenPara: unknown flags");
	if (para->dwFlags == PARA_FLAGS)
		return invalid(error, "pOpenPara: both of READ and WRITE");
	if (para->dwFlags && !para->pwszOcspDirectory)
		return invalid(error, "pOpenPara: a flag without a directory");
	if (!para->dwFlags && para->pwszOcspDirectory)
		return invalid(error,
			       "pOpenPara: a directory without READ or WRITE");
	if (para->pcbUsedSize)
		*para->pcbUsedSize = used;
	return true;
}

static bool take_para(struct ocsp_handle_config *c,
		      const CERT_SERVER_OCSP_RESPONSE_OPEN_PARA *para,
		      struct ocsp_error *error)
{
	int rc;

	c->callback = para->pfnUpdateCallback;
	c->callback_arg = para->pvUpdateCallbackArg;
	if (!para->pwszOcspDirectory)
		return true;
	rc = ocsp_directory_new(&c->directory, para->pwszOcspDirectory,
				para->dwFlags &
				CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG,
				c->leaf);
	if (!rc)
		return true;
	if (rc == -EINVAL)
		return invalid(error,
			       "pOpenPara: the directory is empty, or not UTF-16");
	return ocsp_error_set(error, ocsp_error_code(rc), "%s", strerror(-rc));
}

struct ocsp_handle_config *
ocsp_handle_config_new(PCCERT_CHAIN_CONTEXT chain, DWORD i,
		       PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA from,
		       struct ocsp_error *error)
{
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para;
	struct ocsp_handle_config *c;
	bool ok;

	if (!read_para(from, &para, error))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c) {
		ocsp_error_memory(error);
		return NULL;
	}
	/* The application's queue of errors is none of our business. */
	ERR_set_mark();
	ok = take_chain(c, chain, i, error) && take_para(c, &para, error);
	ERR_pop_to_mark();
	if (ok)
		return c;
	ocsp_handle_config_free(c);
	return NULL;
}

void ocsp_handle_config_free(struct ocsp_handle_config *c)
{
	if (!c)
		return;
	ocsp_updates_clear(&c->updates);
	free(c->failure);
	free(c->refusal);
	ocsp_directory_free(c->directory);
	ocsp_chain_put(c->chain);
	free(c);
}
