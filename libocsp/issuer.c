// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Which certificate issued another. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "crypto_errors.h"
#include "issuer.h"

bool ocsp_cert_names(X509 *issuer, X509 *cert)
{
	return !X509_NAME_cmp(X509_get_subject_name(issuer),
			      X509_get_issuer_name(cert));
}

bool ocsp_cert_issued(X509 *issuer, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	return key && ocsp_cert_names(issuer, cert) &&
	       X509_verify(cert, key) > 0;
}

/*
 * The root is the same for all certificates of a server, and its signature is
 * dear: each thread keeps the SHA-256 of the last one that was right.
 */
bool ocsp_cert_is_self_signed(X509 *cert)
{
	static __thread unsigned char known[SHA256_DIGEST_LENGTH];
	unsigned char digest[SHA256_DIGEST_LENGTH];

	if (!ocsp_cert_names(cert, cert) ||
	    !X509_digest(cert, EVP_sha256(), digest, NULL))
		return false;
	if (!memcmp(known, digest, sizeof(known)))
		return true;
	if (!ocsp_cert_issued(cert, cert))
		return false;
	memcpy(known, digest, sizeof(known));
	return true;
}

static bool has_cert(const STACK_OF(X509) *certs, X509 *cert)
{
	int i;

	for (i = 0; i < sk_X509_num(certs); i++)
		if (!X509_cmp(sk_X509_value(certs, i), cert))
			return true;
	return false;
}

static bool is_valid(X509 *cert, time_t now)
{
	return X509_cmp_time(X509_get0_notBefore(cert), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(cert), &now) > 0;
}

/* Both issued the same one: is a better to have than b, which may be NULL? */
static bool is_better(X509 *a, X509 *b, time_t now)
{
	bool of_a, of_b;

	if (!b)
		return true;
	of_a = X509_check_ca(a);
	of_b = X509_check_ca(b);
	if (of_a != of_b)
		return of_a;
	of_a = is_valid(a, now);
	of_b = is_valid(b, now);
	if (of_a != of_b)
		return of_a;
	return ASN1_TIME_compare(X509_get0_notAfter(a),
				 X509_get0_notAfter(b)) == 1;
}

/* By its name; most are not even that. */
static bool is_candidate(X509 *x, X509 *cert, const STACK_OF(X509) *except)
{
	return x != cert && ocsp_cert_names(x, cert) && !has_cert(except, x);
}

X509 *ocsp_find_issuer(const STACK_OF(X509) *certs, X509 *cert,
		       const STACK_OF(X509) *except, int64_t now)
{
	bool alone = ocsp_errors_begin();
	X509 *best = NULL, *x;
	int i;

	for (i = 0; i < sk_X509_num(certs); i++) {
		x = sk_X509_value(certs, i);
		/* The dearest comes last. */
		if (is_candidate(x, cert, except) && is_better(x, best, now) &&
		    ocsp_cert_issued(x, cert))
			best = x;
	}
	errno = 0;
	if (ocsp_errors_end(alone)) {
		errno = ENOMEM;
		return NULL;
	}
	return best;
}

/* All that they say of each other fits, and that is not just the name. */
static bool is_identified(X509 *issuer, X509 *cert)
{
	return X509_get0_authority_key_id(cert) &&
	       X509_get0_subject_key_id(issuer) &&
	       X509_check_issued(issuer, cert) == X509_V_OK;
}

/* NULL: there is none that is identified, or another one of its name. */
static X509 *only_candidate(const STACK_OF(X509) *certs, X509 *cert,
			    const STACK_OF(X509) *except)
{
	X509 *only = NULL, *x;
	int i;

	for (i = 0; i < sk_X509_num(certs); i++) {
		x = sk_X509_value(certs, i);
		if (!is_candidate(x, cert, except))
			continue;
		if (only && X509_cmp(only, x))
			return NULL;
		only = x;
	}
	return only && is_identified(only, cert) ? only : NULL;
}

X509 *ocsp_presume_issuer(const STACK_OF(X509) *certs, X509 *cert,
			  const STACK_OF(X509) *except, int64_t now)
{
	X509 *only = only_candidate(certs, cert, except);

	errno = 0;
	return only ? only : ocsp_find_issuer(certs, cert, except, now);
}
