/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KTLS_OCSP_OPENSSL_CHAIN_H
#define KTLS_OCSP_OPENSSL_CHAIN_H

#include <openssl/ssl.h>

#include <windows.h>
#include <wincrypt.h>

/*
 * The chain of cert, with which ssl answers: from what the server sends with
 * it, or else with the issuer that it trusts. Without an issuer if there is
 * none. NULL with libocsp's last error. CertFreeCertificateChain() frees it.
 */
PCCERT_CHAIN_CONTEXT chain_of(SSL *ssl, X509 *cert);

#endif
