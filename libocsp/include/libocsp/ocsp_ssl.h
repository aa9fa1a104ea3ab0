/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * For servers with OpenSSL. OcspStapleSslCtx() makes an SSL_CTX staple: link with
 * libocsp-ssl ("pkg-config libocsp-ssl"). The functions that are defined here
 * take the chains of an SSL_CTX for servers that do the rest themselves, and
 * need libocsp and libssl alone.
 */
#ifndef LIBOCSP_OCSP_SSL_H
#define LIBOCSP_OCSP_SSL_H

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <libocsp/ocsp.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Open no handle yet, but each in the first handshake that wants it */
#define OCSP_STAPLE_DO_NOT_OPEN		0x00000001

/*
 * Make ctx staple what the store has for the certificate of each handshake: for
 * all that are loaded into it (RSA and ECDSA), or that a callback chooses.
 * To be called when ctx is complete, in the process that then forks workers; for
 * each SSL_CTX that the name of the server (SNI) switches to as well. No other
 * thread may use ctx meanwhile. May be called again, when a certificate was
 * added.
 *
 * The handles of the certificates are opened, without waiting for a response, and
 * live as long as the certificates do. The issuer is found where
 * OcspCreateCertificateChainFromSslCtx() finds it. What could not be opened is
 * tried again in later handshakes, with a back-off that the processes of the
 * server share.
 *
 * A status callback that ctx has already, with its argument, is called when the
 * store has nothing for a certificate. No handshake waits for a responder, or
 * fails for want of a staple.
 *
 * What keeps a certificate from being stapled is told once, with a warning if
 * its TLS feature extension demands a staple: to the journal, or to
 * OcspSetSslMessageCallback()'s.
 *
 * 1; or 0 with the last error ERROR_INVALID_PARAMETER (no ctx, an unknown flag) or
 * ERROR_NOT_ENOUGH_MEMORY, and ctx is as it was.
 */
int OcspStapleSslCtx(SSL_CTX *ctx, uint32_t dwFlags);

#define OCSP_STAPLE_NOT_ASKED	0	/* by the client, or the session is resumed */
#define OCSP_STAPLE_FROM_STORE	1	/* stapled, and not revoked */
#define OCSP_STAPLE_OWN		2	/* stapled by the server's own callback */
#define OCSP_STAPLE_NONE	3	/* the client asked, and there was none */
#define OCSP_STAPLE_REVOKED	4	/* stapled, from the store: it is revoked */

/* An OCSP_STAPLE_...: what became of the staple in the handshake of ssl. */
int OcspGetStapleOfSsl(const SSL *ssl);

/*
 * Where messages go: one line each, without a newline, and a level of syslog(3).
 * Called by any thread, during a handshake, perhaps with locks held: it must not
 * wait, nor call this library. NULL: to the journal, or where there is none to
 * standard error, as it is in the beginning. To be set before the first handshake.
 */
void OcspSetSslMessageCallback(void (*callback)(int level, const char *text,
						void *arg),
			       void *arg);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

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
