// SPDX-License-Identifier: LGPL-2.1-or-later
/* Responses in files: one directory, one file for each certificate. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "cert.h"
#include "directory.h"
#include "verify.h"

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

static X509 *parse(PCCERT_CONTEXT cert)
{
	const unsigned char *p = cert->pbCertEncoded;

	return d2i_X509(NULL, &p, cert->cbCertEncoded);
}

static struct ocsp_context *make_context(unsigned char *der, size_t len,
					 X509 *cert, X509 *issuer,
					 char *why, size_t size)
{
	struct ocsp_entry r = { .blob = der, .blob_len = len };
	struct ocsp_context *context;
	struct ocsp_verdict verdict;

	if (ocsp_verify(der, len, cert, issuer, time(NULL), &verdict)) {
		snprintf(why, size, "%s", verdict.reason);
		return NULL;
	}
	r.status = verdict.status;
	r.this_update = verdict.this_update;
	r.next_update = verdict.next_update;
	context = ocsp_context_new(&r);
	if (!context)
		snprintf(why, size, "%s", strerror(ENOMEM));
	return context;
}

/* path[0..PATH_MAX) of a file in d; false: too long. */
static bool join(const struct ocsp_directory *d, const char *name, char *path)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", d->path, name);

	return n < PATH_MAX;
}

struct ocsp_context *ocsp_directory_read(const struct ocsp_directory *d,
					 PCCERT_CONTEXT leaf,
					 PCCERT_CONTEXT issuer, char *why,
					 size_t size)
{
	struct ocsp_context *context = NULL;
	char path[PATH_MAX], reason[512];
	unsigned char *der = NULL;
	X509 *cert, *ca;
	size_t len;

	why[0] = '\0';
	if (!issuer)
		snprintf(why, size, "%s: without the certificate's issuer nothing in it can be verified",
			 d->path);
	else if (!join(d, d->upper, path) ||
		 (access(path, F_OK) && !join(d, d->lower, path)))
		snprintf(why, size, "%s: %s", d->path, strerror(ENAMETOOLONG));
	else if (!access(path, F_OK))
		der = ocsp_read_file(path, &len, why, size);
	if (!der)
		return NULL;

	ERR_set_mark();
	cert = parse(leaf);
	ca = parse(issuer);
	if (cert && ca)
		context = make_context(der, len, cert, ca, reason,
				       sizeof(reason));
	else
		snprintf(reason, sizeof(reason), "%s", strerror(ENOMEM));
	if (!context)
		snprintf(why, size, "%s: %s", path, reason);
	X509_free(ca);
	X509_free(cert);
	ERR_pop_to_mark();
	free(der);
	return context;
}

static DWORD write_error(int err)
{
	switch (err) {
	case ENOENT:
	case ENOTDIR:
		return ERROR_PATH_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERROR_ACCESS_DENIED;
	case EROFS:
		return ERROR_WRITE_PROTECT;
	case ENOSPC:
	case EDQUOT:
		return ERROR_DISK_FULL;
	case EMFILE:
	case ENFILE:
		return ERROR_TOO_MANY_OPEN_FILES;
	case ENOMEM:
		return ERROR_NOT_ENOUGH_MEMORY;
	case ENAMETOOLONG:
		return ERROR_FILENAME_EXCED_RANGE;
	default:
		return ERROR_WRITE_FAULT;
	}
}

/* 0 or an errno; a short write is ENOSPC in the making. */
static int write_all(int fd, const BYTE *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		data += n;
		len -= n;
	}
	return 0;
}

/* A new file next to the one that it will replace; its name is in temp. */
static int open_temp(const char *path, char *temp)
{
	static atomic_uint serial;
	int n;

	n = snprintf(temp, PATH_MAX, "%s.%d.%u", path, (int)getpid(),
		     atomic_fetch_add(&serial, 1));
	if (n >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	/* Left over from a process that died, and had our number. */
	unlink(temp);
	return open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		    0644);
}

DWORD ocsp_directory_write(const struct ocsp_directory *d,
			   const struct ocsp_context *c)
{
	char path[PATH_MAX], temp[PATH_MAX];
	int fd, err;

	if (!join(d, d->upper, path))
		return write_error(ENAMETOOLONG);
	fd = open_temp(path, temp);
	if (fd < 0)
		return write_error(errno);
	err = write_all(fd, c->pub.pbEncodedOcspResponse,
			c->pub.cbEncodedOcspResponse);
	if (close(fd) && !err)
		err = errno;
	if (!err && rename(temp, path))
		err = errno;
	if (!err)
		return 0;
	unlink(temp);
	return write_error(err);
}
