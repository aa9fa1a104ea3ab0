// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* OCSP requests, and how HTTP carries them (RFC 9919). */
#include <stdlib.h>
#include <string.h>

#include <openssl/ocsp.h>

#include "crypto_errors.h"
#include "request.h"

/* RFC 9919 6: what is longer is POSTed. */
#define URL_MAX		255

int request_make(const struct ocsp_leaf *leaf, X509 *issuer, bool sha1,
		 unsigned char **der)
{
	bool alone = ocsp_errors_begin();
	OCSP_REQUEST *request;
	OCSP_CERTID *id;
	int len = -1;

	*der = NULL;
	id = ocsp_leaf_id(sha1 ? EVP_sha1() : EVP_sha256(), leaf, issuer);
	request = OCSP_REQUEST_new();
	if (request && id && OCSP_request_add0_id(request, id)) {
		id = NULL;	/* the request's now */
		len = i2d_OCSP_REQUEST(request, der);
	}
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(request);
	ocsp_errors_end(alone);
	return len;
}

/* Appends base64 with what a URL gives a meaning to escaped. */
static void add_escaped(char *url, const char *base64)
{
	char *p = url + strlen(url);

	for (; *base64; base64++) {
		switch (*base64) {
		case '+':
			p = stpcpy(p, "%2B");
			break;
		case '/':
			p = stpcpy(p, "%2F");
			break;
		case '=':
			p = stpcpy(p, "%3D");
			break;
		default:
			*p++ = *base64;
		}
	}
	*p = '\0';
}

static char *join_url(const char *responder, const char *base64)
{
	size_t len = strlen(responder);
	char *url = malloc(len + 3 * strlen(base64) + 2);

	if (!url)
		return NULL;
	strcpy(url, responder);
	if (!len || url[len - 1] != '/')
		strcat(url, "/");
	add_escaped(url, base64);
	if (strlen(url) <= URL_MAX)
		return url;
	free(url);
	return NULL;
}

char *request_url(const char *responder, const unsigned char *der, size_t len)
{
	char *base64, *url;

	/* There is nowhere to append to behind a query. */
	if (len > URL_MAX || strpbrk(responder, "?#"))
		return NULL;
	base64 = malloc(4 * ((len + 2) / 3) + 1);
	if (!base64)
		return NULL;
	EVP_EncodeBlock((unsigned char *)base64, der, len);
	url = join_url(responder, base64);
	free(base64);
	return url;
}
