// SPDX-License-Identifier: LGPL-2.1-or-later
#include <openssl/x509_vfy.h>

#include <libocsp/ocsp.h>

#include "chain.h"
#include "libssl.h"

/* As the server sends it. The stack stays the server's. */
static STACK_OF(X509) *sent_chain(SSL *ssl)
{
	STACK_OF(X509) *certs = NULL;

	libssl.ctrl(ssl, SSL_CTRL_GET_CHAIN_CERTS, 0, &certs);
	if (!certs)
		libssl.ctx_ctrl(libssl.get_ctx(ssl),
				SSL_CTRL_GET_EXTRA_CHAIN_CERTS, 1, &certs);
	return certs;
}

/* One of the certificates that the server trusts, with a reference, or NULL */
static X509 *trusted_issuer(SSL *ssl, X509 *cert)
{
	X509_STORE *store = libssl.ctx_get_cert_store(libssl.get_ctx(ssl));
	X509_STORE_CTX *lookup;
	X509 *issuer = NULL;

	lookup = X509_STORE_CTX_new();
	if (lookup && store &&
	    X509_STORE_CTX_init(lookup, store, cert, NULL) == 1 &&
	    X509_STORE_CTX_get1_issuer(&issuer, lookup, cert) != 1)
		issuer = NULL;
	X509_STORE_CTX_free(lookup);
	return issuer;
}

static bool has_issuer(PCCERT_CHAIN_CONTEXT chain)
{
	return chain->rgpChain[0]->cElement > 1;
}

static PCCERT_CHAIN_CONTEXT chain_with(X509 *cert, X509 *issuer)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	PCCERT_CHAIN_CONTEXT chain = NULL;

	if (certs && sk_X509_push(certs, issuer))
		chain = OcspCreateCertificateChain(cert, certs);
	sk_X509_free(certs);
	return chain;
}

PCCERT_CHAIN_CONTEXT chain_of(SSL *ssl, X509 *cert)
{
	PCCERT_CHAIN_CONTEXT chain, better;
	X509 *issuer;

	chain = OcspCreateCertificateChain(cert, sent_chain(ssl));
	if (!chain || has_issuer(chain))
		return chain;
	issuer = trusted_issuer(ssl, cert);
	better = issuer ? chain_with(cert, issuer) : NULL;
	X509_free(issuer);
	if (!better)
		return chain;
	CertFreeCertificateChain(chain);
	return better;
}
