// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdatomic.h>

#include "certs.h"
#include "contexts.h"
#include "handshake.h"
#include "libssl.h"
#include "response.h"

static atomic_bool enabled;

void handshake_enable(bool on)
{
	atomic_store(&enabled, on);
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

/* The certificate is that of this handshake: SNI and all that have chosen. */
static bool staple(SSL *ssl)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT response;
	struct staple *found, *borrowed;
	X509 *cert = libssl.get_certificate(ssl);
	bool given = false;

	found = cert ? cert_staple(cert, &borrowed) : NULL;
	if (!found)
		return false;
	response = staple_response(found, ssl, cert);
	if (response) {
		given = give(ssl, response);
		CertFreeServerOcspResponseContext(response);
	}
	staple_put(borrowed);
	return given;
}

/*
 * For the server nothing may have happened: not to errno either, and
 * OpenSSL's queue of errors is left alone by what staple() calls.
 */
int handshake_status(SSL *ssl, void *arg)
{
	status_callback own = context_own_callback(ssl);
	bool server = libssl.is_server(ssl), stapled = false;
	int saved = errno;

	if (server && atomic_load_explicit(&enabled, memory_order_relaxed))
		stapled = staple(ssl);
	errno = saved;
	if (stapled)
		return SSL_TLSEXT_ERR_OK;
	if (own)
		return own(ssl, arg);
	/* A client says so that it accepts what it was sent. */
	return server ? SSL_TLSEXT_ERR_NOACK : 1;
}
