/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The functions of libssl that a staple takes. libocsp-ssl is linked with it.
 * OpenSSL's configuration module is not: libcrypto loads it, also into programs
 * that have no libssl; it finds the functions in the libssl that made an
 * SSL_CTX in this process.
 */
#ifndef LIBOCSP_SSL_LIBSSL_H
#define LIBOCSP_SSL_LIBSSL_H

#include <openssl/ssl.h>

/* A status callback as libssl calls it, with the argument of the SSL_CTX */
typedef int (*status_callback)(SSL *ssl, void *arg);

struct libssl {
	long (*ctx_callback_ctrl)(SSL_CTX *ctx, int cmd, void (*fn)(void));
	long (*ctx_ctrl)(SSL_CTX *ctx, int cmd, long larg, void *parg);
	void *(*ctx_get_ex_data)(const SSL_CTX *ctx, int idx);
	int (*ctx_set_ex_data)(SSL_CTX *ctx, int idx, void *data);
	X509_STORE *(*ctx_get_cert_store)(const SSL_CTX *ctx);
	const SSL_METHOD *(*ctx_get_ssl_method)(const SSL_CTX *ctx);
	const SSL_METHOD *(*client_method)(void);
	long (*ctrl)(SSL *ssl, int cmd, long larg, void *parg);
	X509 *(*get_certificate)(const SSL *ssl);
	SSL_CTX *(*get_ctx)(const SSL *ssl);
	int (*is_server)(const SSL *ssl);
	int (*set_ex_data)(SSL *ssl, int idx, void *data);
	int (*version)(const SSL *ssl);
};

/* Complete before the first of the functions of this folder is called */
extern struct libssl libssl;

status_callback libssl_get_callback(SSL_CTX *ctx);
void libssl_set_callback(SSL_CTX *ctx, status_callback callback);

#endif
