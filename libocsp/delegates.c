// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Certificates of responders, see delegates.h. */
#include <string.h>

#include "delegates.h"
#include "encoding.h"

static X509 *decode(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	X509 *cert = d2i_X509(NULL, &p, len);

	if (cert && p == der + len &&
	    ocsp_is_encoding(ASN1_ITEM_rptr(X509), cert, der, len))
		return cert;
	X509_free(cert);
	return NULL;
}

static void forget(struct ocsp_delegate *delegate)
{
	X509_free(delegate->cert);
	OPENSSL_free(delegate->der);
	X509_free(delegate->issuer);
	*delegate = (struct ocsp_delegate){ 0 };
}

/* In place of the one that was not used for longest. Takes a reference. */
static void remember(struct ocsp_delegates *delegates, X509 *cert,
		     const unsigned char *der, size_t len)
{
	struct ocsp_delegate *oldest = delegates->known;
	int i;

	for (i = 1; i < OCSP_DELEGATES_MAX; i++)
		if (delegates->known[i].used < oldest->used)
			oldest = &delegates->known[i];
	forget(oldest);
	oldest->der = OPENSSL_memdup(der, len);
	if (!oldest->der || !X509_up_ref(cert))
		return;
	oldest->len = len;
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
		if (d->cert && d->len == len && !memcmp(d->der, der, len)) {
			d->used = ++delegates->uses;
			return X509_up_ref(d->cert) ? d->cert : NULL;
		}
	cert = decode(der, len);
	if (cert)
		remember(delegates, cert, der, len);
	return cert;
}

/* The one that cert is; NULL: none. */
static struct ocsp_delegate *find(struct ocsp_delegates *delegates,
				  const X509 *cert)
{
	int i;

	for (i = 0; delegates && i < OCSP_DELEGATES_MAX; i++)
		if (delegates->known[i].cert == cert)
			return &delegates->known[i];
	return NULL;
}

bool ocsp_delegates_verified(struct ocsp_delegates *delegates,
			     const X509 *cert, const X509 *issuer)
{
	const struct ocsp_delegate *d = find(delegates, cert);

	return d && d->issuer && !X509_cmp(d->issuer, issuer);
}

void ocsp_delegates_set_verified(struct ocsp_delegates *delegates,
				 const X509 *cert, X509 *issuer)
{
	struct ocsp_delegate *d = find(delegates, cert);

	if (!d || !X509_up_ref(issuer))
		return;
	X509_free(d->issuer);
	d->issuer = issuer;
}

void ocsp_delegates_clear(struct ocsp_delegates *delegates)
{
	int i;

	for (i = 0; i < OCSP_DELEGATES_MAX; i++)
		forget(&delegates->known[i]);
	delegates->uses = 0;
}
