/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chains from the certificates that an OpenSSL server is configured with. Here
 * in a header, so that the library itself needs no libssl.
 */
#ifndef LIBOCSP_OCSP_SSL_H
#define LIBOCSP_OCSP_SSL_H

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <libocsp/ocsp.h>

/*
 * Add to certs, with references, those of a store that are called as cert's
 * issuer. The store may read them from a directory.
 */
static inline void ocsp_ssl_add_from_store(STACK_OF(X509) *certs,
					   X509_STORE *store, X509 *cert)
{
	X509_STORE_CTX *search = store ? X509_STORE_CTX_new() : NULL;
	STACK_OF(X509) *found = NULL;
	X509 *x;

	if (search && X509_STORE_CTX_init(search, store, NULL, NULL))
		found = X509_STORE_CTX_get1_certs(search,
						  X509_get_issuer_name(cert));
	while (found && (x = sk_X509_shift(found)))
		if (sk_X509_push(certs, x) <= 0)
			X509_free(x);
	sk_X509_free(found);
	X509_STORE_CTX_free(search);
}

static inline void ocsp_ssl_add(STACK_OF(X509) *certs,
				const STACK_OF(X509) *more)
{
	int i;

	for (i = 0; i < sk_X509_num(more); i++)
		if (sk_X509_push(certs, sk_X509_value(more, i)) > 0)
			X509_up_ref(sk_X509_value(more, i));
}

/*
 * The chain of the certificate that was loaded into ctx last, for example by
 * SSL_CTX_use_certificate_chain_file(). Its issuer may be in the certificate's
 * own chain, in that of the whole context (SSL_CTX_add_extra_chain_cert()), or
 * in the stores where OpenSSL looks for what it sends. As
 * OcspCreateCertificateChain().
 */
static inline PCCERT_CHAIN_CONTEXT
OcspCreateCertificateChainFromSslCtx(SSL_CTX *ctx)
{
	X509 *leaf = SSL_CTX_get0_certificate(ctx);
	STACK_OF(X509) *certs = sk_X509_new_null();
	STACK_OF(X509) *own = NULL, *extra = NULL;
	PCCERT_CHAIN_CONTEXT chain;
	X509_STORE *store = NULL;

	ERR_set_mark();
	SSL_CTX_get0_chain_certs(ctx, &own);
	SSL_CTX_get_extra_chain_certs_only(ctx, &extra);
	if (leaf && certs) {
		ocsp_ssl_add(certs, own);
		ocsp_ssl_add(certs, extra);
#ifdef SSL_CTX_get0_chain_cert_store
		SSL_CTX_get0_chain_cert_store(ctx, &store);
		ocsp_ssl_add_from_store(certs, store, leaf);
#endif
		store = SSL_CTX_get_cert_store(ctx);
		ocsp_ssl_add_from_store(certs, store, leaf);
	}
	ERR_pop_to_mark();
	chain = OcspCreateCertificateChain(leaf, certs);
	sk_X509_pop_free(certs, X509_free);
	return chain;
}

/*
 * What OcspEnumCertificateChainsOfSslCtx() calls: with a certificate as the
 * context has it, which is also what SSL_get_certificate() returns when a
 * handshake has chosen it, and with its chain. Both are valid until it returns;
 * CertOpenServerOcspResponse() takes what it needs of the chain. 0 ends the
 * enumeration.
 */
typedef int (*PFN_OCSP_ENUM_CERTIFICATE_CHAINS)(X509 *cert,
						PCCERT_CHAIN_CONTEXT chain,
						void *arg);

/*
 * Call fn for each certificate that was loaded into ctx with its private key: a
 * server may have one of each type of key. Which of them is the current one is
 * changed on the way and restored, so no other thread may use ctx meanwhile.
 *
 * 0 when fn returned 0; or when a chain could not be made, with the
 * last error of OcspCreateCertificateChain(): ERROR_INVALID_PARAMETER when there
 * is no certificate.
 */
static inline int
OcspEnumCertificateChainsOfSslCtx(SSL_CTX *ctx,
				  PFN_OCSP_ENUM_CERTIFICATE_CHAINS fn,
				  void *arg)
{
	X509 *current = SSL_CTX_get0_certificate(ctx);
	PCCERT_CHAIN_CONTEXT chain;
	int ok;

	/* Without any key there is the current one, or none. */
	SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_FIRST);
	do {
		chain = OcspCreateCertificateChainFromSslCtx(ctx);
		ok = chain && fn(SSL_CTX_get0_certificate(ctx), chain, arg);
		CertFreeCertificateChain(chain);
	} while (ok && SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_NEXT));
	if (current)
		SSL_CTX_select_current_cert(ctx, current);
	return ok;
}

#endif /* LIBOCSP_OCSP_SSL_H */
