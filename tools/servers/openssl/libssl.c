// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

#include "libssl.h"
#include "libssl_find.h"

/* That of the headers: its libcrypto is the one that loaded us. */
#define SONAME "libssl.so.3"

struct libssl libssl;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool found;

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	{ "SSL_CTX_callback_ctrl", offsetof(struct libssl, ctx_callback_ctrl) },
	{ "SSL_CTX_ctrl", offsetof(struct libssl, ctx_ctrl) },
	{ "SSL_CTX_get_ex_data", offsetof(struct libssl, ctx_get_ex_data) },
	{ "SSL_CTX_set_ex_data", offsetof(struct libssl, ctx_set_ex_data) },
	{ "SSL_CTX_get_cert_store",
	  offsetof(struct libssl, ctx_get_cert_store) },
	{ "SSL_CTX_get_ssl_method",
	  offsetof(struct libssl, ctx_get_ssl_method) },
	{ "TLS_client_method", offsetof(struct libssl, client_method) },
	{ "SSL_ctrl", offsetof(struct libssl, ctrl) },
	{ "SSL_get_certificate", offsetof(struct libssl, get_certificate) },
	{ "SSL_get_SSL_CTX", offsetof(struct libssl, get_ctx) },
	{ "SSL_is_server", offsetof(struct libssl, is_server) },
	{ "SSL_set_ex_data", offsetof(struct libssl, set_ex_data) },
	{ "SSL_version", offsetof(struct libssl, version) },
};

/* The reference on the library is kept: its code stays as long as ours. */
static void find(void)
{
	void *lib = dlopen(SONAME, RTLD_NOLOAD | RTLD_LAZY);
	void **at;

	if (!lib)
		return;
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		at = (void **)((char *)&libssl + symbols[i].offset);
		*at = dlsym(lib, symbols[i].name);
		if (!*at)
			return;
	}
	found = true;
}

bool libssl_find(void)
{
	pthread_once(&once, find);
	return found;
}
