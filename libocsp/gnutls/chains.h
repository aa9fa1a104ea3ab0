/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The certificates of GnuTLS' credentials, and what the store has for them. */
#ifndef LIBOCSP_GNUTLS_CHAINS_H
#define LIBOCSP_GNUTLS_CHAINS_H

#include <stdbool.h>

#include <gnutls/gnutls.h>

#include "source.h"
#include "staples.h"

/* A certificate of credentials: at a position of one of their chains, 0 is the leaf */
struct place {
	gnutls_certificate_credentials_t cred;
	unsigned int chain, position;
};

/* Its DER, which stays that of the credentials. False: there is none. */
bool place_get(const struct place *place, gnutls_datum_t *der);

/*
 * Is there a staple to ask for: does it name a responder, and is it another one's?
 */
bool place_names_responder(const struct place *place);

struct gnutls_source {
	struct staple_source source;
	gnutls_datum_t der;		/* of the certificate */
	struct place place;		/* where it is; chain is UINT_MAX: nowhere */
};

struct gnutls_source gnutls_source_of_place(const struct place *place);

/* The leaf with this DER, of whatever chain of the credentials, or of none */
struct gnutls_source gnutls_source_of_leaf(gnutls_certificate_credentials_t cred,
					   const gnutls_datum_t *der);

/* The staple of the certificate, with a reference; NULL: there is not enough memory. */
struct staple *gnutls_source_staple(const struct gnutls_source *source);

/*
 * What to staple for the certificate, from gnutls_malloc(). False: there is
 * nothing.
 */
bool gnutls_source_response(const struct gnutls_source *source,
			    gnutls_datum_t *response);

#endif
