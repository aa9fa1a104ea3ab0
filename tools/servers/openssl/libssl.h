/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions of libssl that the module calls. It is loaded by libcrypto,
 * also into programs that have no libssl; so it is not linked with one, but
 * uses the one that made an SSL_CTX in this process.
 */
#ifndef KTLS_OCSP_OPENSSL_LIBSSL_H
#define KTLS_OCSP_OPENSSL_LIBSSL_H

#include <stdbool.h>

#include <openssl/ssl.h>

/* A status callback as libssl calls it, with the argument of the SSL_CTX */
typedef int (*status_callback)(SSL *ssl, void *arg);

struct libssl {
	long (*ctx_callback_ctrl)(SSL_CTX *ctx, int cmd, void (*fn)(void));
	long (*ctx_ctrl)(SSL_CTX *ctx, int cmd, long larg, void *parg);
	void *(*ctx_get_ex_data)(const SSL_CTX *ctx, int idx);
	X509_STORE *(*ctx_get_cert_store)(const SSL_CTX *ctx);
	const SSL_METHOD *(*ctx_get_ssl_method)(const SSL_CTX *ctx);
	const SSL_METHOD *(*client_method)(void);
	long (*ctrl)(SSL *ssl, int cmd, long larg, void *parg);
	X509 *(*get_certificate)(const SSL *ssl);
	SSL_CTX *(*get_ctx)(const SSL *ssl);
	int (*is_server)(const SSL *ssl);
};

/* Set by libssl_find(), constant from then on */
extern struct libssl libssl;

/*
 * Find the functions. False: there is none of this version in the process.
 * May be called by any thread and as often as one likes.
 */
bool libssl_find(void);

status_callback libssl_get_callback(SSL_CTX *ctx);
void libssl_set_callback(SSL_CTX *ctx, status_callback callback);

#endif
