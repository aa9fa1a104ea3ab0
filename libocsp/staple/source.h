/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Where a certificate and its issuer come from: each TLS library has them in a
 * way of its own. Asked when a handle is opened, and when the log names the
 * certificate.
 */
#ifndef LIBOCSP_STAPLE_SOURCE_H
#define LIBOCSP_STAPLE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

#include <libocsp/ocsp.h>

struct staple_certs {
	X509 *leaf;			/* NULL: not enough memory */
	STACK_OF(X509) *others;		/* in any order; or NULL */
};

struct staple_source {
	/*
	 * Set what there is, with a reference on each certificate; others only
	 * if with_others.
	 */
	void (*get)(const struct staple_source *source,
		    struct staple_certs *certs, bool with_others);
};

/* A chain; or NULL with libocsp's last error. CertFreeCertificateChain() */
PCCERT_CHAIN_CONTEXT source_chain(const struct staple_source *source);

/*
 * One line about the certificate: its subject; and whether its TLS feature
 * extension demands a staple.
 */
void source_describe(const struct staple_source *source, char *subject,
		     size_t size, bool *must_staple);

#endif
