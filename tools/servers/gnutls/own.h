/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What the server has set on its credentials itself, which GnuTLS does not tell. */
#ifndef KTLS_OCSP_GNUTLS_OWN_H
#define KTLS_OCSP_GNUTLS_OWN_H

#include <limits.h>
#include <stdbool.h>

#include <gnutls/gnutls.h>

#define OWN_ANY	UINT_MAX	/* in place of the index of a certificate */

/* To be called once. */
bool own_init(void);

/*
 * Remember a function for the staple of a certificate, or of any. False: there is
 * not enough memory.
 */
bool own_set_status(gnutls_certificate_credentials_t cred, unsigned int idx,
		    gnutls_status_request_ocsp_func func, void *ptr);

/* Remember whether the server chooses certificates itself: func is not NULL. */
void own_set_retrieves(gnutls_certificate_credentials_t cred, const void *func);
bool own_retrieves(gnutls_certificate_credentials_t cred);

void own_forget(gnutls_certificate_credentials_t cred);

/* A function for staples: what the server's own does, with the credentials as ptr */
int own_status(gnutls_session_t session, void *cred, gnutls_datum_t *response);

#endif
