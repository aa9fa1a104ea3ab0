// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <limits.h>
#include <string.h>

#include <gnutls/x509.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "chains.h"
#include "response.h"

bool place_get(const struct place *place, gnutls_datum_t *der)
{
	return gnutls_certificate_get_crt_raw(place->cred, place->chain,
					      place->position, der) >= 0;
}

static X509 *parse(const gnutls_datum_t *der)
{
	const unsigned char *p = der->data;

	return d2i_X509(NULL, &p, der->size);
}

bool place_names_responder(const struct place *place)
{
	STACK_OF(OPENSSL_STRING) *urls;
	gnutls_datum_t der;
	bool names = false;
	X509 *x;

	ERR_set_mark();
	x = place_get(place, &der) ? parse(&der) : NULL;
	if (x && !(X509_get_extension_flags(x) & EXFLAG_SS)) {
		urls = X509_get1_ocsp(x);
		names = sk_OPENSSL_STRING_num(urls) > 0;
		X509_email_free(urls);
	}
	X509_free(x);
	ERR_pop_to_mark();
	return names;
}

static void add(STACK_OF(X509) *others, const gnutls_datum_t *der)
{
	X509 *x = parse(der);

	if (x && sk_X509_push(others, x) <= 0)
		X509_free(x);
}

/* Its issuer may be one that the server trusts, and does not send. */
static void add_trusted_issuer(STACK_OF(X509) *others,
			       gnutls_certificate_credentials_t cred,
			       const gnutls_datum_t *der)
{
	gnutls_x509_crt_t cert, issuer;
	gnutls_datum_t issuer_der;

	if (gnutls_x509_crt_init(&cert) < 0)
		return;
	if (gnutls_x509_crt_import(cert, der, GNUTLS_X509_FMT_DER) >= 0 &&
	    gnutls_certificate_get_issuer(cred, cert, &issuer,
					  GNUTLS_TL_GET_COPY) >= 0) {
		if (gnutls_x509_crt_export2(issuer, GNUTLS_X509_FMT_DER,
					    &issuer_der) >= 0) {
			add(others, &issuer_der);
			gnutls_free(issuer_der.data);
		}
		gnutls_x509_crt_deinit(issuer);
	}
	gnutls_x509_crt_deinit(cert);
}

static void get(const struct staple_source *source, struct staple_certs *certs,
		bool with_others)
{
	const struct gnutls_source *s = (const struct gnutls_source *)source;
	struct place other = s->place;
	gnutls_datum_t der;

	certs->leaf = parse(&s->der);
	certs->others = with_others ? sk_X509_new_null() : NULL;
	if (!certs->leaf || !certs->others)
		return;
	other.position = 0;
	while (other.chain != UINT_MAX && place_get(&other, &der)) {
		add(certs->others, &der);
		other.position++;
	}
	add_trusted_issuer(certs->others, other.cred, &s->der);
}

struct gnutls_source gnutls_source_of_place(const struct place *place)
{
	struct gnutls_source s = { { get }, { NULL, 0 }, *place };

	place_get(place, &s.der);
	return s;
}

struct gnutls_source gnutls_source_of_leaf(gnutls_certificate_credentials_t cred,
					   const gnutls_datum_t *der)
{
	struct place place = { .cred = cred };
	gnutls_datum_t leaf;

	for (; place_get(&place, &leaf); place.chain++)
		if (leaf.size == der->size &&
		    !memcmp(leaf.data, der->data, der->size))
			return (struct gnutls_source){ { get }, *der, place };
	place.chain = UINT_MAX;
	return (struct gnutls_source){ { get }, *der, place };
}

struct staple *gnutls_source_staple(const struct gnutls_source *source)
{
	unsigned char key[KEY_SIZE];
	bool ok;

	ERR_set_mark();
	ok = source->der.data &&
	     EVP_Digest(source->der.data, source->der.size, key, NULL,
			EVP_sha256(), NULL);
	ERR_pop_to_mark();
	return ok ? staple_get(key) : NULL;
}

static bool copy(PCCERT_SERVER_OCSP_RESPONSE_CONTEXT response,
		 gnutls_datum_t *to)
{
	to->data = gnutls_malloc(response->cbEncodedOcspResponse);
	if (!to->data)
		return false;
	memcpy(to->data, response->pbEncodedOcspResponse,
	       response->cbEncodedOcspResponse);
	to->size = response->cbEncodedOcspResponse;
	return true;
}

bool gnutls_source_response(const struct gnutls_source *source,
			    gnutls_datum_t *response)
{
	struct staple *staple = gnutls_source_staple(source);
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT found = NULL;
	bool copied;

	if (staple)
		found = staple_response(staple, &source->source);
	copied = found && copy(found, response);
	if (found)
		CertFreeServerOcspResponseContext(found);
	staple_put(staple);
	staples_reap();
	return copied;
}
