/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* A certificate that mod_ssl has named, and its staple. */
#ifndef MOD_KTLS_OCSP_CERTIFICATE_H
#define MOD_KTLS_OCSP_CERTIFICATE_H

#include <libocsp/ocsp.h>

struct certificate;

/* Where messages go, with a level of syslog(3), which is httpd's as well */
void certificate_init(void (*log)(int level, const char *text, void *arg));

/*
 * Of PEM: the certificate, then its issuer. Opens its handle, without waiting for a
 * response. NULL: there is not enough memory, or that is no certificate.
 */
struct certificate *certificate_make(const char *pem);
void certificate_free(struct certificate *certificate);

/* In one line: its subject, and the beginning of its key in the store */
const char *certificate_name(const struct certificate *certificate);

/*
 * What to staple, or NULL. May be called by several threads.
 * CertFreeServerOcspResponseContext() frees it.
 */
PCCERT_SERVER_OCSP_RESPONSE_CONTEXT
certificate_response(const struct certificate *certificate);

#endif
