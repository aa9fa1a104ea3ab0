/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Which certificate issued another. Private to this project, like client.h. */
#ifndef OCSP_ISSUER_H
#define OCSP_ISSUER_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509.h>

/* Does cert name it as its issuer? */
bool ocsp_cert_names(X509 *issuer, X509 *cert);

/*
 * And did its key sign cert? Key identifiers do not count: they are hints for
 * whoever has to choose (RFC 5280 6.1 does not look at them), and some CAs
 * get them wrong. This and the next may leave errors in libcrypto's queue.
 */
bool ocsp_cert_issued(X509 *issuer, X509 *cert);

/* Is cert signed with its own key, and named so? */
bool ocsp_cert_is_self_signed(X509 *cert);

/*
 * The one of certs that issued cert. Where several did, as when a CA was
 * renewed or cross-certified: one that may issue certificates before one that
 * may not, one that is valid at the time now before one that is not, then the
 * one that is valid longest, then the first. Skips cert itself, and what
 * equals one of except. certs and except may be NULL.
 *
 * The reference stays that of certs. NULL: there is none; or errno is ENOMEM.
 */
X509 *ocsp_find_issuer(const STACK_OF(X509) *certs, X509 *cert,
		       const STACK_OF(X509) *except, int64_t now);

/*
 * The same, for a chain, and cheaper: a signature is verified only where there
 * is a doubt. If one alone has the name, and cert and it agree on its key
 * identifier (X509_check_issued()), it is taken at its word: a server with
 * many certificates would spend most of its start on their signatures. With
 * a wrong one ocspd accepts no response, and the store takes the right one
 * from the next caller with CAP_NET_ADMIN that has it.
 */
X509 *ocsp_presume_issuer(const STACK_OF(X509) *certs, X509 *cert,
			  const STACK_OF(X509) *except, int64_t now);

#endif /* OCSP_ISSUER_H */
