// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Responses in files: one directory, one file for each certificate. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "directory.h"

/* The next code point of well-formed UTF-16, or -1. */
static int32_t next_char(PCWSTR *at)
{
	uint16_t c = *(*at)++, low;

	if (c < 0xd800 || c > 0xdfff)
		return c;
	low = **at;
	if (c > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return -1;
	(*at)++;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static char *put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = c;
		return out;
	}
	if (c < 0x800) {
		*out++ = 0xc0 | c >> 6;
	} else {
		if (c < 0x10000) {
			*out++ = 0xe0 | c >> 12;
		} else {
			*out++ = 0xf0 | c >> 18;
			*out++ = 0x80 | (c >> 12 & 0x3f);
		}
		*out++ = 0x80 | (c >> 6 & 0x3f);
	}
	*out++ = 0x80 | (c & 0x3f);
	return out;
}

static int to_utf8(PCWSTR wide, char **utf8)
{
	size_t len = 0;
	char *out;
	int32_t c;

	while (wide[len])
		len++;
	*utf8 = malloc(3 * len + 1);
	if (!*utf8)
		return -ENOMEM;
	for (out = *utf8; *wide; out = put_utf8(out, c)) {
		c = next_char(&wide);
		if (c < 0) {
			free(*utf8);
			*utf8 = NULL;
			return -EINVAL;
		}
	}
	*out = '\0';
	return 0;
}

static int set_names(struct ocsp_directory *d, PCCERT_CONTEXT leaf)
{
	unsigned char sha1[SHA_DIGEST_LENGTH];
	size_t i, n = 0;

	if (!EVP_Q_digest(NULL, "SHA1", NULL, leaf->pbCertEncoded,
			  leaf->cbCertEncoded, sha1, &n) || n != sizeof(sha1))
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		sprintf(d->upper + 2 * i, "%02X", sha1[i]);
		sprintf(d->lower + 2 * i, "%02x", sha1[i]);
	}
	strcat(d->upper, ".ocsp");
	strcat(d->lower, ".ocsp");
	return 0;
}

int ocsp_directory_new(struct ocsp_directory **to, PCWSTR path, bool write,
		       PCCERT_CONTEXT leaf)
{
	struct ocsp_directory *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return -ENOMEM;
	d->write = write;
	rc = to_utf8(path, &d->path);
	if (!rc && !d->path[0])
		rc = -EINVAL;
	if (!rc)
		rc = set_names(d, leaf);
	if (!rc)
		*to = d;
	else
		ocsp_directory_free(d);
	return rc;
}

void ocsp_directory_free(struct ocsp_directory *d)
{
	if (!d)
		return;
	ocsp_context_put(d->last);
	free(d->path);
	free(d);
}

bool ocsp_directory_join(const struct ocsp_directory *d, const char *name,
			 char *path)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", d->path, name);

	return n < PATH_MAX;
}
