// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Certificates: reading them from files, their key in the store, and what
 * they say about OCSP.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "cert.h"
#include "crypto_errors.h"

/* status_request in a TLS feature extension (RFC 7633, RFC 6066). */
#define TLS_FEATURE_STATUS_REQUEST	5

struct file_error {
	const char *path;
	char *text;
	size_t size;
};

__attribute__((format(printf, 2, 3)))
static void fail(const struct file_error *error, const char *fmt, ...)
{
	char reason[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	snprintf(error->text, error->size, "%s: %s", error->path, reason);
}

static bool no_memory(const struct file_error *e)
{
	fail(e, "no memory");
	errno = ENOMEM;
	return false;
}

/* The descriptor of a regular file of a size that we take, or -1. */
static int open_regular(const struct file_error *error)
{
	struct stat st;
	int fd;

	/* A FIFO without a writer, or a terminal line, must not stop us. */
	fd = open(error->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		fail(error, "%s", strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) < 0)
		fail(error, "%s", strerror(errno));
	else if (S_ISDIR(st.st_mode))
		fail(error, "is a directory");
	else if (!S_ISREG(st.st_mode))
		fail(error, "is not a regular file");
	else if (st.st_size > OCSP_FILE_MAX)
		fail(error, "is larger than %d bytes", OCSP_FILE_MAX);
	else
		return fd;
	close(fd);
	return -1;
}

/* Reads up to size bytes; -1: an error. */
static ssize_t read_all(int fd, unsigned char *data, size_t size)
{
	size_t have = 0;
	ssize_t n;

	while (have < size) {
		n = read(fd, data + have, size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		have += n;
	}
	return have;
}

unsigned char *ocsp_read_file(const char *path, size_t *len, char *error,
			      size_t size)
{
	const struct file_error e = { path, error, size };
	unsigned char *data, *fit;
	ssize_t n;
	int fd;

	fd = open_regular(&e);
	if (fd < 0)
		return NULL;
	/* What fstat() said may have changed: one byte more shows it. */
	data = malloc(OCSP_FILE_MAX + 1);
	if (!data) {
		close(fd);
		no_memory(&e);
		return NULL;
	}
	n = read_all(fd, data, OCSP_FILE_MAX + 1);
	if (n < 0)
		fail(&e, "%s", strerror(errno));
	else if (n > OCSP_FILE_MAX)
		fail(&e, "is larger than %d bytes", OCSP_FILE_MAX);
	close(fd);
	if (n < 0 || n > OCSP_FILE_MAX) {
		free(data);
		return NULL;
	}
	*len = n;
	fit = realloc(data, n ? n : 1);
	return fit ? fit : data;
}

/* Never ask at a terminal for the pass phrase of what no certificate needs. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

static bool push(STACK_OF(X509) *certs, X509 *cert)
{
	if (sk_X509_push(certs, cert) > 0)
		return true;
	X509_free(cert);
	return false;
}

static bool read_pem(const unsigned char *data, size_t len,
		     STACK_OF(X509) *certs, const struct file_error *e)
{
	BIO *bio = BIO_new_mem_buf(data, len);
	bool ok = bio;
	X509 *cert;

	while (ok) {
		/* With what OpenSSL puts behind it: a TRUSTED CERTIFICATE. */
		cert = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL);
		if (!cert)
			break;
		/* For what somebody trusts it is no matter here. */
		X509_trust_clear(cert);
		X509_reject_clear(cert);
		ok = push(certs, cert);
	}
	if (!ok) {
		no_memory(e);
	} else if (ERR_GET_REASON(ERR_peek_last_error()) !=
		   PEM_R_NO_START_LINE) {
		fail(e, "certificate %d in it is damaged",
		     sk_X509_num(certs) + 1);
		ok = false;
	} else if (!sk_X509_num(certs)) {
		fail(e, "no certificate in it");
		ok = false;
	}
	BIO_free(bio);
	return ok;
}

static bool read_der(const unsigned char *data, size_t len,
		     STACK_OF(X509) *certs, const struct file_error *e)
{
	const unsigned char *p = data;
	X509 *cert = d2i_X509(NULL, &p, len);

	if (!cert) {
		fail(e, "no certificate in it, in PEM or in DER");
		return false;
	}
	if (p != data + len) {
		fail(e, "%zu bytes after the certificate",
		     (size_t)(data + len - p));
		X509_free(cert);
		return false;
	}
	return push(certs, cert) || no_memory(e);
}

STACK_OF(X509) *ocsp_parse_certs(const unsigned char *data, size_t len,
				 const char *name, char *error, size_t size)
{
	static const char begin[] = "-----BEGIN ";
	const struct file_error e = { name, error, size };
	STACK_OF(X509) *certs;
	bool ok = false, alone;

	alone = ocsp_errors_begin();
	certs = sk_X509_new_null();
	if (!certs)
		no_memory(&e);
	else if (!len)
		fail(&e, "is empty");
	else if (memmem(data, len, begin, strlen(begin)))
		ok = read_pem(data, len, certs, &e);
	else
		ok = read_der(data, len, certs, &e);
	if (ocsp_errors_end(alone) && !ok)
		no_memory(&e);
	if (ok)
		return certs;
	sk_X509_pop_free(certs, X509_free);
	return NULL;
}

STACK_OF(X509) *ocsp_read_certs(const char *path, char *error, size_t size)
{
	STACK_OF(X509) *certs;
	unsigned char *data;
	size_t len;
	int saved;

	data = ocsp_read_file(path, &len, error, size);
	if (!data)
		return NULL;
	certs = ocsp_parse_certs(data, len, path, error, size);
	saved = errno;
	/* Many a server keeps its private key in the same file. */
	OPENSSL_cleanse(data, len);
	free(data);
	errno = saved;
	return certs;
}

X509 *ocsp_cert_decode(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	bool alone;
	X509 *cert;

	errno = EINVAL;
	if (!der)
		return NULL;
	alone = ocsp_errors_begin();
	cert = d2i_X509(NULL, &p, len);
	if (ocsp_errors_end(alone))
		errno = ENOMEM;
	return cert;
}

int ocsp_der_key(const unsigned char *der, size_t len,
		 uint8_t key[KTLS_OCSP_KEY_LEN])
{
	bool alone = ocsp_errors_begin();
	size_t n = 0;
	bool ok;

	ok = EVP_Q_digest(NULL, "SHA256", NULL, der, len, key, &n) &&
	     n == KTLS_OCSP_KEY_LEN;
	ocsp_errors_end(alone);
	return ok ? 0 : -ENOMEM;
}

int ocsp_cert_key(X509 *cert, uint8_t key[KTLS_OCSP_KEY_LEN])
{
	unsigned char *der = NULL;
	int len, rc;

	len = i2d_X509(cert, &der);
	if (len < 0)
		return -ENOMEM;
	rc = ocsp_der_key(der, len, key);
	OPENSSL_free(der);
	return rc;
}

/* What the BIO gathered, as a string that free() takes. */
static char *bio_string(BIO *bio)
{
	char *data;
	long len;

	len = BIO_get_mem_data(bio, &data);
	return len > 0 ? strndup(data, len) : NULL;
}

static bool print_dns_name(BIO *bio, X509 *cert, unsigned long flags)
{
	GENERAL_NAMES *names;
	GENERAL_NAME *name;
	bool done = false;
	int i;

	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (i = 0; !done && i < sk_GENERAL_NAME_num(names); i++) {
		name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_DNS)
			continue;
		BIO_puts(bio, "DNS:");
		ASN1_STRING_print_ex(bio, name->d.dNSName, flags);
		done = true;
	}
	GENERAL_NAMES_free(names);
	return done;
}

/* The subject, or, where that is empty, the certificate's name, if it is given. */
static char *subject_text(const X509_NAME *name, X509 *cert, bool ascii)
{
	unsigned long flags = XN_FLAG_RFC2253;
	char *text = NULL;
	BIO *bio;

	if (!ascii)
		flags &= ~ASN1_STRFLGS_ESC_MSB;
	ERR_set_mark();
	bio = BIO_new(BIO_s_mem());
	if (bio) {
		if (X509_NAME_entry_count(name) > 0)
			X509_NAME_print_ex(bio, name, 0, flags);
		else if (cert && !print_dns_name(bio, cert, flags))
			BIO_puts(bio, "(no subject)");
		text = bio_string(bio);
	}
	BIO_free(bio);
	ERR_pop_to_mark();
	return text;
}

char *ocsp_cert_subject(X509 *cert, bool ascii)
{
	return subject_text(X509_get_subject_name(cert), cert, ascii);
}

char *ocsp_name_text(const X509_NAME *name, bool ascii)
{
	return subject_text(name, NULL, ascii);
}

static bool is_http(const char *url)
{
	return !strncasecmp(url, "http://", 7) ||
	       !strncasecmp(url, "https://", 8);
}

/* Blanks, and what else is not printed or has no place in a URL. */
static bool is_strange(unsigned char c)
{
	return c <= ' ' || c >= 0x7f;
}

/* The location of a responder, which need not be any URL; or NULL. */
static const ASN1_IA5STRING *
responder_location(const ACCESS_DESCRIPTION *description)
{
	const GENERAL_NAME *name = description->location;

	return OBJ_obj2nid(description->method) == NID_ad_OCSP &&
	       name->type == GEN_URI ? name->d.ia5 : NULL;
}

/* Why no request can be sent there, in words; NULL: one can. */
static const char *location_fault(const ASN1_IA5STRING *location)
{
	const char *url = (const char *)ASN1_STRING_get0_data(location);
	int i, len = ASN1_STRING_length(location);
	bool strange = false;

	if (!len)
		return "is empty";
	if (is_strange(url[0]))
		return "begins with a blank or control character";
	if (is_strange(url[len - 1]))
		return "ends with a blank or control character";
	for (i = 0; i < len; i++)
		strange |= is_strange(url[i]);
	if (strange)
		return "has a blank, control or non-ASCII character in it";
	return is_http(url) ? NULL : "is not an http or https URL";
}

/* The URL, if this is one of a responder; else NULL. */
static const char *responder_url(const ACCESS_DESCRIPTION *description)
{
	const ASN1_IA5STRING *location = responder_location(description);

	/* OpenSSL puts a NUL behind the string. */
	return location && !location_fault(location) ?
	       (const char *)ASN1_STRING_get0_data(location) : NULL;
}

/* False: no memory. */
static bool add_url(STACK_OF(OPENSSL_STRING) *urls, const char *url)
{
	char *copy = OPENSSL_strdup(url);

	if (copy && sk_OPENSSL_STRING_push(urls, copy) > 0)
		return true;
	OPENSSL_free(copy);
	return false;
}

bool ocsp_info_has_url(const AUTHORITY_INFO_ACCESS *info)
{
	int i;

	for (i = 0; i < sk_ACCESS_DESCRIPTION_num(info); i++)
		if (responder_url(sk_ACCESS_DESCRIPTION_value(info, i)))
			return true;
	return false;
}

STACK_OF(OPENSSL_STRING) *ocsp_info_urls(const AUTHORITY_INFO_ACCESS *info)
{
	STACK_OF(OPENSSL_STRING) *urls = sk_OPENSSL_STRING_new_null();
	bool ok = urls;
	const char *url;
	int i;

	for (i = 0; ok && i < sk_ACCESS_DESCRIPTION_num(info); i++) {
		url = responder_url(sk_ACCESS_DESCRIPTION_value(info, i));
		ok = !url || add_url(urls, url);
	}
	errno = ok ? 0 : ENOMEM;
	if (ok && sk_OPENSSL_STRING_num(urls) > 0)
		return urls;
	X509_email_free(urls);
	return NULL;
}

STACK_OF(OPENSSL_STRING) *ocsp_cert_urls(X509 *cert)
{
	STACK_OF(OPENSSL_STRING) *urls;
	AUTHORITY_INFO_ACCESS *info;
	bool alone;

	alone = ocsp_errors_begin();
	info = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
	urls = ocsp_info_urls(info);
	AUTHORITY_INFO_ACCESS_free(info);
	if (ocsp_errors_end(alone) && !urls)
		errno = ENOMEM;
	return urls;
}

char *ocsp_info_url_fault(const AUTHORITY_INFO_ACCESS *info)
{
	const ASN1_IA5STRING *location;
	const char *fault = NULL;
	char *text = NULL;
	BIO *bio;
	int i;

	for (i = 0; !fault && i < sk_ACCESS_DESCRIPTION_num(info); i++) {
		location = responder_location(sk_ACCESS_DESCRIPTION_value(info,
									  i));
		if (location)
			fault = location_fault(location);
	}
	bio = fault ? BIO_new(BIO_s_mem()) : NULL;
	if (!bio)
		return NULL;
	BIO_puts(bio, "its OCSP URL \"");
	ASN1_STRING_print_ex(bio, location, ASN1_STRFLGS_ESC_CTRL |
			     ASN1_STRFLGS_ESC_MSB);
	BIO_printf(bio, "\" %s", fault);
	text = bio_string(bio);
	BIO_free(bio);
	return text;
}

char *ocsp_cert_url_fault(X509 *cert)
{
	AUTHORITY_INFO_ACCESS *info;
	char *text;

	ERR_set_mark();
	info = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
	text = ocsp_info_url_fault(info);
	AUTHORITY_INFO_ACCESS_free(info);
	ERR_pop_to_mark();
	return text;
}

char *ocsp_cert_url(X509 *cert)
{
	STACK_OF(OPENSSL_STRING) *urls = ocsp_cert_urls(cert);
	char *first;

	if (!urls)
		return NULL;
	first = strdup(sk_OPENSSL_STRING_value(urls, 0));
	X509_email_free(urls);
	errno = first ? 0 : ENOMEM;
	return first;
}

bool ocsp_cert_must_staple(X509 *cert)
{
	TLS_FEATURE *features;
	bool found = false;
	int i;

	ERR_set_mark();
	features = X509_get_ext_d2i(cert, NID_tlsfeature, NULL, NULL);
	for (i = 0; !found && i < sk_ASN1_INTEGER_num(features); i++)
		found = ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) ==
			TLS_FEATURE_STATUS_REQUEST;
	TLS_FEATURE_free(features);
	ERR_pop_to_mark();
	return found;
}
