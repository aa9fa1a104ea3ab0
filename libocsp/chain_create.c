// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Making chain contexts: from OpenSSL's objects, files, and bytes in memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "cert.h"
#include "chain.h"
#include "error.h"
#include "issuer.h"
#include <libocsp/ocsp.h>

/* Leaf, its issuer, and on; NULL: no memory. The references are borrowed. */
static STACK_OF(X509) *put_in_order(X509 *leaf, STACK_OF(X509) *others)
{
	STACK_OF(X509) *path = sk_X509_new_null();
	X509 *next = leaf;

	while (path && next) {
		if (!sk_X509_push(path, next)) {
			errno = ENOMEM;
		} else {
			if (ocsp_cert_is_self_signed(next))
				break;
			next = ocsp_presume_issuer(others, next, path, time(NULL));
		}
		if (errno == ENOMEM) {
			sk_X509_free(path);
			return NULL;
		}
	}
	return path;
}

static bool encode(X509 *cert, struct ocsp_chain_part *part)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);

	if (len <= 0)
		return false;
	part->der = der;
	part->len = len;
	part->encoding = X509_ASN_ENCODING;
	if (ocsp_cert_is_self_signed(cert))
		part->trust.dwInfoStatus = CERT_TRUST_IS_SELF_SIGNED;
	return true;
}

static PCCERT_CHAIN_CONTEXT chain_of_path(STACK_OF(X509) *path)
{
	int i, n = sk_X509_num(path);
	struct ocsp_chain_part *parts = calloc(n, sizeof(*parts));
	PCCERT_CHAIN_CONTEXT chain = NULL;

	for (i = 0; parts && i < n; i++)
		if (!encode(sk_X509_value(path, i), &parts[i]))
			break;
	if (i == n)
		chain = ocsp_chain_new(parts, n);
	for (i = 0; parts && i < n; i++)
		OPENSSL_free((void *)parts[i].der);
	free(parts);
	return chain;
}

/* NULL: *error says why. */
static PCCERT_CHAIN_CONTEXT create(X509 *leaf, STACK_OF(X509) *others,
				   struct ocsp_error *error)
{
	PCCERT_CHAIN_CONTEXT chain = NULL;
	STACK_OF(X509) *path;

	if (!leaf) {
		ocsp_error_set(error, ERROR_INVALID_PARAMETER,
			       "no certificate to make a chain of");
		return NULL;
	}
	/* The application's queue of errors is none of our business. */
	ERR_set_mark();
	errno = 0;
	path = put_in_order(leaf, others);
	if (path)
		chain = chain_of_path(path);
	sk_X509_free(path);
	ERR_pop_to_mark();
	if (!chain)
		ocsp_error_memory(error);
	return chain;
}

/* The first of certs, which is freed, is the leaf. */
static PCCERT_CHAIN_CONTEXT create_from(STACK_OF(X509) *certs,
					struct ocsp_error *error)
{
	PCCERT_CHAIN_CONTEXT chain;

	chain = create(sk_X509_value(certs, 0), certs, error);
	sk_X509_pop_free(certs, X509_free);
	return chain;
}

PCCERT_CHAIN_CONTEXT OcspCreateCertificateChain(X509 *leaf,
						STACK_OF(X509) *others)
{
	PCCERT_CHAIN_CONTEXT chain;
	struct ocsp_error error;

	chain = create(leaf, others, &error);
	if (!chain)
		ocsp_error_report(&error);
	return chain;
}

/* By the effective ids, as open() goes by them; access() does not. */
static bool may(const char *path, int how)
{
	return !faccessat(AT_FDCWD, path, how, AT_EACCESS);
}

static PCCERT_CHAIN_CONTEXT create_from_file(const char *path,
					     struct ocsp_error *error)
{
	DWORD code = ERROR_INVALID_DATA;
	STACK_OF(X509) *certs;
	char why[512];

	if (!path) {
		ocsp_error_set(error, ERROR_INVALID_PARAMETER, "no file name");
		return NULL;
	}
	errno = 0;
	certs = ocsp_read_certs(path, why, sizeof(why));
	if (certs)
		return create_from(certs, error);
	if (errno == ENOMEM)
		code = ERROR_NOT_ENOUGH_MEMORY;
	else if (!may(path, F_OK) && errno == ENOENT)
		code = ERROR_FILE_NOT_FOUND;
	else if (!may(path, R_OK) && errno == EACCES)
		code = ERROR_ACCESS_DENIED;
	ocsp_error_set(error, code, "%s", why);
	return NULL;
}

PCCERT_CHAIN_CONTEXT OcspCreateCertificateChainFromFile(const char *path)
{
	PCCERT_CHAIN_CONTEXT chain;
	struct ocsp_error error;

	chain = create_from_file(path, &error);
	if (!chain)
		ocsp_error_report(&error);
	return chain;
}

static PCCERT_CHAIN_CONTEXT create_from_memory(const void *data, size_t len,
					       struct ocsp_error *error)
{
	STACK_OF(X509) *certs;
	char why[512];

	if (!data && len) {
		ocsp_error_set(error, ERROR_INVALID_PARAMETER,
			       "no certificates: pData is NULL");
		return NULL;
	}
	if (len > OCSP_FILE_MAX) {
		ocsp_error_set(error, ERROR_INVALID_DATA,
			       "certificates in memory: more than %d bytes",
			       OCSP_FILE_MAX);
		return NULL;
	}
	errno = 0;
	certs = ocsp_parse_certs(data, len, "certificates in memory", why,
				 sizeof(why));
	if (certs)
		return create_from(certs, error);
	ocsp_error_set(error, errno == ENOMEM ? ERROR_NOT_ENOUGH_MEMORY :
		       ERROR_INVALID_DATA, "%s", why);
	return NULL;
}

PCCERT_CHAIN_CONTEXT OcspCreateCertificateChainFromMemory(const void *pData,
							  size_t cbData,
							  OCSP_ERROR *pError)
{
	PCCERT_CHAIN_CONTEXT chain;
	struct ocsp_error error;

	chain = create_from_memory(pData, cbData, &error);
	if (!chain)
		ocsp_error_give(&error, pError);
	return chain;
}

/* The certificate of DER that is one, and nothing behind it. */
static X509 *decode(const void *der, size_t len, uint32_t i, uint32_t n,
		    struct ocsp_error *error)
{
	X509 *cert = NULL;

	errno = 0;
	if (der && len <= OCSP_FILE_MAX)
		cert = ocsp_cert_decode(der, len);
	if (cert && (size_t)i2d_X509(cert, NULL) == len)
		return cert;
	X509_free(cert);
	if (!cert && errno == ENOMEM)
		ocsp_error_memory(error);
	else
		ocsp_error_set(error, ERROR_INVALID_DATA,
			       "certificate %u of %u is not one in DER",
			       i + 1, n);
	return NULL;
}

static PCCERT_CHAIN_CONTEXT create_from_der(const void *const *ders,
					    const size_t *lens, uint32_t n,
					    struct ocsp_error *error)
{
	STACK_OF(X509) *certs;
	X509 *cert;
	uint32_t i;

	if (!n || !ders || !lens) {
		ocsp_error_set(error, ERROR_INVALID_PARAMETER,
			       "no certificate to make a chain of");
		return NULL;
	}
	certs = sk_X509_new_null();
	if (!certs) {
		ocsp_error_memory(error);
		return NULL;
	}
	for (i = 0; i < n; i++) {
		cert = decode(ders[i], lens[i], i, n, error);
		if (!cert)
			break;
		if (sk_X509_push(certs, cert) <= 0) {
			X509_free(cert);
			ocsp_error_memory(error);
			break;
		}
	}
	if (i == n)
		return create_from(certs, error);
	sk_X509_pop_free(certs, X509_free);
	return NULL;
}

PCCERT_CHAIN_CONTEXT
OcspCreateCertificateChainFromDer(const void *const *rgpDer,
				  const size_t *rgcbDer, uint32_t cDer,
				  OCSP_ERROR *pError)
{
	PCCERT_CHAIN_CONTEXT chain;
	struct ocsp_error error;

	ERR_set_mark();
	chain = create_from_der(rgpDer, rgcbDer, cDer, &error);
	ERR_pop_to_mark();
	if (!chain)
		ocsp_error_give(&error, pError);
	return chain;
}
