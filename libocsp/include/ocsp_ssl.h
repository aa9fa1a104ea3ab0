/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A chain from the certificate that an OpenSSL server is configured with. */
#ifndef LIBOCSP_OCSP_SSL_H
#define LIBOCSP_OCSP_SSL_H

#include <openssl/ssl.h>

#include "ocsp.h"

/*
 * The chain of the certificate that was loaded into ctx last, for example by
 * SSL_CTX_use_certificate_chain_file(). Here in the header, so that the
 * library itself needs no libssl. As OcspCreateCertificateChain().
 */
static inline PCCERT_CHAIN_CONTEXT
OcspCreateCertificateChainFromSslCtx(SSL_CTX *ctx)
{
	STACK_OF(X509) *others = NULL;

	/* The certificate's own chain, or else the one of the whole context. */
	SSL_CTX_get0_chain_certs(ctx, &others);
	if (!others)
		SSL_CTX_get_extra_chain_certs(ctx, &others);
	return OcspCreateCertificateChain(SSL_CTX_get0_certificate(ctx),
					  others);
}

#endif /* LIBOCSP_OCSP_SSL_H */
