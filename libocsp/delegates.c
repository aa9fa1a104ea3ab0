// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Certificates of responders, see delegates.h. */
#include <string.h>

#include "delegates.h"

/* Is der[0..len) what libcrypto makes of cert? */
static bool is_encoding(X509 *cert, const unsigned char *der, size_t len)
{
	unsigned char *own = NULL;
	int n = i2d_X509(cert, &own);
	bool same = n >= 0 && (size_t)n == len && !memcmp(own, der, len);

	OPENSSL_free(own);
	return same;
}

static X509 *decode(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	X509 *cert = d2i_X509(NULL, &p, len);

	if (cert && p == der + len && is_encoding(cert, der, len))
		return cert;
	X509_free(cert);
	return NULL;
}

static void forget(struct ocsp_delegate *delegate)
{
	X509_free(delegate->cert);
	X509_free(delegate->issuer);
	*delegate = (struct ocsp_delegate){ 0 };
}

/* In place of the one that was not used for longest. Takes a reference. */
static void remember(struct ocsp_delegates *delegates, X509 *cert)
{
	struct ocsp_delegate *oldest = delegates->known;
	int i;

	for (i = 1; i < OCSP_DELEGATES_MAX; i++)
		if (delegates->known[i].used < oldest->used)
			oldest = &delegates->known[i];
	forget(oldest);
	if (!X509_up_ref(cert))
		return;
	oldest->cert = cert;
	oldest->used = ++delegates->uses;
}

X509 *ocsp_delegates_decode(struct ocsp_delegates *delegates,
			    const unsigned char *der, size_t len)
{
	struct ocsp_delegate *d;
	X509 *cert;

	if (!delegates)
		return decode(der, len);
	for (d = delegates->known; d < delegates->known + OCSP_DELEGATES_MAX; d++)
		if (d->cert && is_encoding(d->cert, der, len)) {
			d->used = ++delegates->uses;
			return X509_up_ref(d->cert) ? d->cert : NULL;
		}
	cert = decode(der, len);
	if (cert)
		remember(delegates, cert);
	return cert;
}

bool ocsp_delegates_verified(const struct ocsp_delegates *delegates,
			     const X509 *cert, const X509 *issuer)
{
	int i;

	for (i = 0; delegates && i < OCSP_DELEGATES_MAX; i++)
		if (delegates->known[i].cert == cert)
			return delegates->known[i].issuer &&
			       !X509_cmp(delegates->known[i].issuer, issuer);
	return false;
}

void ocsp_delegates_set_verified(struct ocsp_delegates *delegates,
				 const X509 *cert, X509 *issuer)
{
	int i;

	for (i = 0; delegates && i < OCSP_DELEGATES_MAX; i++) {
		if (delegates->known[i].cert != cert || !X509_up_ref(issuer))
			continue;
		X509_free(delegates->known[i].issuer);
		delegates->known[i].issuer = issuer;
	}
}

void ocsp_delegates_clear(struct ocsp_delegates *delegates)
{
	int i;

	for (i = 0; i < OCSP_DELEGATES_MAX; i++)
		forget(&delegates->known[i]);
	delegates->uses = 0;
}
