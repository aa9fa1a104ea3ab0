// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include <libocsp/ocsp_ssl.h>

#include "callback.h"
#include "certs.h"
#include "chain.h"
#include "intermediates.h"
#include "libssl.h"
#include "response.h"
#include "status.h"

static atomic_bool enabled;
static atomic_int record_index = -1;

void status_enable(bool on)
{
	atomic_store(&enabled, on);
}

void status_record_at(int ssl_index)
{
	atomic_store(&record_index, ssl_index);
}

static bool is_recorded(void)
{
	return atomic_load_explicit(&record_index, memory_order_relaxed) >= 0;
}

static void record(SSL *ssl, int what)
{
	int index = atomic_load_explicit(&record_index, memory_order_relaxed);

	if (index >= 0)
		libssl.set_ex_data(ssl, index, (void *)(intptr_t)what);
}

/* The SSL frees its copy. */
static bool give(SSL *ssl, PCCERT_SERVER_OCSP_RESPONSE_CONTEXT response)
{
	void *der = OPENSSL_memdup(response->pbEncodedOcspResponse,
				   response->cbEncodedOcspResponse);

	if (!der)
		return false;
	if (libssl.ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP,
			response->cbEncodedOcspResponse, der) == 1)
		return true;
	OPENSSL_free(der);
	return false;
}

static int state_of(PCCERT_SERVER_OCSP_RESPONSE_CONTEXT response)
{
	OCSP_RESPONSE_INFO info = { .cbSize = sizeof(info) };

	return OcspGetResponseInfo(response, &info) &&
	       info.dwStatus == OCSP_STATUS_REVOKED ? OCSP_STAPLE_REVOKED :
						      OCSP_STAPLE_FROM_STORE;
}

/*
 * The certificate is that of this handshake: SNI and all that have chosen. True:
 * and the state is recorded.
 */
static bool staple(SSL *ssl)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT response;
	struct staple *found, *borrowed;
	X509 *cert = libssl.get_certificate(ssl);
	struct ssl_source source;
	bool given = false;

	found = cert ? cert_staple(cert, &borrowed) : NULL;
	if (!found)
		return false;
	source = ssl_source_of_handshake(ssl, cert);
	response = staple_response(found, &source.source);
	if (response) {
		given = intermediates_give(ssl, cert, response) ||
			give(ssl, response);
		if (given && is_recorded())
			record(ssl, state_of(response));
		CertFreeServerOcspResponseContext(response);
	}
	staple_put(borrowed);
	return given;
}

static int do_as_the_server_would(SSL *ssl, void *arg, bool server)
{
	status_callback own = callback_replaced(ssl);
	int rc;

	/* A client says so that it accepts what it was sent. */
	rc = own ? own(ssl, arg) : server ? SSL_TLSEXT_ERR_NOACK : 1;
	if (server)
		record(ssl, own && rc == SSL_TLSEXT_ERR_OK ? OCSP_STAPLE_OWN :
							     OCSP_STAPLE_NONE);
	return rc;
}

/*
 * For the server nothing may have happened: not to errno either, and
 * OpenSSL's queue of errors is left alone by what staple() calls.
 */
int status_callback_of_store(SSL *ssl, void *arg)
{
	bool server = libssl.is_server(ssl), stapled = false;
	int saved = errno;

	if (server && atomic_load_explicit(&enabled, memory_order_relaxed))
		stapled = staple(ssl);
	errno = saved;
	if (!stapled)
		return do_as_the_server_would(ssl, arg, server);
	return SSL_TLSEXT_ERR_OK;
}
