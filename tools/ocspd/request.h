/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* OCSP requests, and how HTTP carries them (RFC 9919). */
#ifndef OCSPD_REQUEST_H
#define OCSPD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

#include "leaf.h"

/* The form of a request. 0 is what RFC 9919 wants: GET, and SHA-256. */
enum {
	FORM_POST = 1,
	FORM_SHA1 = 2,			/* in the CertID */
	FORM_NO_CACHE = 4,		/* caches on the way have to ask */
	FORM_LONG = 8,			/* POST, since it is too long for GET */
	FORM_SET_DIGEST = 16,		/* the digest is the configuration's choice */
};

/*
 * Make a request for the status of one certificate, with a CertID by SHA-1 or
 * else SHA-256, and no extensions. Returns its length and sets *der, to be
 * freed with OPENSSL_free(); -1: no memory.
 */
int request_make(const struct ocsp_leaf *leaf, X509 *issuer, bool sha1,
		 unsigned char **der);

/*
 * The URL to GET it from, of at most 255 bytes; free() it. NULL: that would
 * be longer (or there is no memory), so that it has to be POSTed.
 */
char *request_url(const char *responder, const unsigned char *der, size_t len);

#endif /* OCSPD_REQUEST_H */
