/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Certificates: reading them from files, their key in the store, and what
 * they say about OCSP. Private to this project, like client.h.
 */
#ifndef OCSP_CERT_H
#define OCSP_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509v3.h>

#include <linux/ktls_ocsp.h>

/* Most bytes that a file of certificates or a response file may have. */
#define OCSP_FILE_MAX		(1 << 20)

/*
 * Read a regular file of at most OCSP_FILE_MAX bytes. Returns its bytes
 * (free() them) and sets *len; or NULL, and error[0..size) says why in one
 * line that names the file. Here and below errno is ENOMEM when that is no
 * memory, and is not otherwise.
 */
unsigned char *ocsp_read_file(const char *path, size_t *len, char *error,
			      size_t size);

/*
 * Read certificates from a file, PEM (leaf first, its issuer and the rest of
 * the chain after it; OpenSSL's TRUSTED CERTIFICATE is one) or one in DER. The
 * caller frees the stack with its certificates. NULL, and error as above, also
 * when there is none in it.
 */
STACK_OF(X509) *ocsp_read_certs(const char *path, char *error, size_t size);

/* The same of bytes in memory, which error calls name. */
STACK_OF(X509) *ocsp_parse_certs(const unsigned char *data, size_t len,
				 const char *name, char *error, size_t size);

/* The certificate in DER; NULL: it is none, or der is NULL, or no memory. */
X509 *ocsp_cert_decode(const unsigned char *der, size_t len);

/* The key of a certificate in the store: SHA-256 of its DER. 0 or -ENOMEM. */
int ocsp_cert_key(X509 *cert, uint8_t key[KTLS_OCSP_KEY_LEN]);
int ocsp_der_key(const unsigned char *der, size_t len,
		 uint8_t key[KTLS_OCSP_KEY_LEN]);

/*
 * The subject for people (RFC 4514), or the first DNS name of a certificate
 * that has an empty one; free() it. Control characters are escaped always; in
 * ascii all that is no printable ASCII is, else it is UTF-8. As long as the
 * certificate wants it to be. NULL: no memory.
 */
char *ocsp_cert_subject(X509 *cert, bool ascii);

/* The name, likewise; NULL: it is empty, or no memory. */
char *ocsp_name_text(const X509_NAME *name, bool ascii);

/*
 * The http and https OCSP URLs of the certificate's AIA, in its order;
 * X509_email_free() them. NULL: there is none, or no memory.
 */
STACK_OF(OPENSSL_STRING) *ocsp_cert_urls(X509 *cert);

/* Those in an AIA. Takes NULL. */
STACK_OF(OPENSSL_STRING) *ocsp_info_urls(const AUTHORITY_INFO_ACCESS *info);

/* Is there one in an AIA? Takes NULL. */
bool ocsp_info_has_url(const AUTHORITY_INFO_ACCESS *info);

/* The first of them; free() it. */
char *ocsp_cert_url(X509 *cert);

/*
 * What is wrong with the first OCSP URL that is none of them, in words and in
 * printable ASCII, such as "its OCSP URL " http://x/" begins with a blank or
 * control character"; free() it. As long as the URL. NULL: nothing, or no
 * memory.
 */
char *ocsp_cert_url_fault(X509 *cert);
char *ocsp_info_url_fault(const AUTHORITY_INFO_ACCESS *info);

/* True when the TLS feature extension asks for status_request (RFC 7633). */
bool ocsp_cert_must_staple(X509 *cert);

#endif /* OCSP_CERT_H */
