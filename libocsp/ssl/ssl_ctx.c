// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The calls of libocsp-ssl: see <libocsp/ocsp_ssl.h>. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <openssl/err.h>

#include <windows.h>
#include <libocsp/ocsp_ssl.h>

#include "callback.h"
#include "certs.h"
#include "chain.h"
#include "init.h"
#include "log.h"
#include "response.h"
#include "status.h"

#define FLAGS	OCSP_STAPLE_DO_NOT_OPEN

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Constant after set_up() */
static bool ready;
static int record_index = -1;

static void set_up(void)
{
	record_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	ready = record_index >= 0 && staple_init() && certs_init() &&
		callback_init();
	if (!ready)
		return;
	status_record_at(record_index);
	status_enable(true);
}

/* The current one of the context. Its staple stays as long as the certificate. */
static void open_current(SSL_CTX *ctx, uint32_t flags)
{
	X509 *cert = SSL_CTX_get0_certificate(ctx);
	struct staple *staple, *borrowed;
	struct ssl_source source;

	if (!cert)
		return;
	cert_make_room(cert);
	if (flags & OCSP_STAPLE_DO_NOT_OPEN)
		return;
	source = ssl_source_of_context(ctx, cert);
	staple = cert_staple(cert, &borrowed);
	if (staple)
		staple_open(staple, &source.source);
	staple_put(borrowed);
}

static void open_all(SSL_CTX *ctx, uint32_t flags)
{
	X509 *current = SSL_CTX_get0_certificate(ctx);

	/* Without any key there is the current one, or none. */
	SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_FIRST);
	do {
		open_current(ctx, flags);
	} while (SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_NEXT));
	if (current)
		SSL_CTX_select_current_cert(ctx, current);
}

static int fail(DWORD code)
{
	SetLastError(code);
	return 0;
}

int OcspStapleSslCtx(SSL_CTX *ctx, uint32_t flags)
{
	int saved = errno;

	if (!ctx || flags & ~FLAGS)
		return fail(ERROR_INVALID_PARAMETER);
	pthread_once(&once, set_up);
	if (!ready)
		return fail(ERROR_NOT_ENOUGH_MEMORY);
	ERR_set_mark();
	if (!callback_make_room(ctx)) {
		ERR_pop_to_mark();
		return fail(ERROR_NOT_ENOUGH_MEMORY);
	}
	callback_replace(ctx, status_callback_of_store);
	open_all(ctx, flags);
	staples_reap();
	ERR_pop_to_mark();
	errno = saved;
	return 1;
}

int OcspGetStapleOfSsl(const SSL *ssl)
{
	if (record_index < 0)
		return OCSP_STAPLE_NOT_ASKED;
	return (int)(intptr_t)SSL_get_ex_data(ssl, record_index);
}

void OcspSetSslMessageCallback(void (*callback)(int level, const char *text,
						void *arg), void *arg)
{
	log_set_callback(callback, arg);
}
