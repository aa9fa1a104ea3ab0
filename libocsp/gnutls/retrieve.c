// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <errno.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "chains.h"
#include "retrieve.h"

static unsigned int chain_length(gnutls_certificate_credentials_t cred)
{
	struct place place = { .cred = cred };
	gnutls_datum_t der;

	while (place_get(&place, &der))
		place.position++;
	return place.position;
}

static bool has_one_chain(gnutls_certificate_credentials_t cred)
{
	struct place second = { .cred = cred, .chain = 1 };
	gnutls_datum_t der;

	return !place_get(&second, &der);
}

static bool has_intermediate_to_staple(gnutls_certificate_credentials_t cred)
{
	struct place place = { .cred = cred };
	unsigned int length = chain_length(cred);

	for (place.position = 1; place.position < length; place.position++)
		if (place_names_responder(&place))
			return true;
	return false;
}

/* A copy of it: GnuTLS frees what it is given. */
static gnutls_privkey_t get_key(gnutls_certificate_credentials_t cred)
{
	gnutls_x509_privkey_t x509_key;
	gnutls_privkey_t key;

	if (gnutls_certificate_get_x509_key(cred, 0, &x509_key) < 0)
		return NULL;
	if (gnutls_privkey_init(&key) < 0) {
		gnutls_x509_privkey_deinit(x509_key);
		return NULL;
	}
	if (gnutls_privkey_import_x509(key, x509_key,
				       GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE) < 0) {
		gnutls_x509_privkey_deinit(x509_key);
		gnutls_privkey_deinit(key);
		return NULL;
	}
	return key;
}

/* -1: the certificate has none. */
static bool has_response_from_file(gnutls_certificate_credentials_t cred)
{
	return gnutls_certificate_get_ocsp_expiration(cred, 0, 0, 0) !=
	       (time_t)-1;
}

bool retrieve_is_possible(gnutls_certificate_credentials_t cred)
{
	gnutls_privkey_t key;

	if (!has_one_chain(cred) || has_response_from_file(cred) ||
	    !has_intermediate_to_staple(cred))
		return false;
	key = get_key(cred);
	if (!key)
		return false;
	gnutls_privkey_deinit(key);
	return true;
}

static bool is_issued_by(const gnutls_datum_t *cert, const gnutls_datum_t *name)
{
	gnutls_datum_t issuer;
	gnutls_x509_crt_t x;
	bool is = false;

	if (gnutls_x509_crt_init(&x) < 0)
		return false;
	if (gnutls_x509_crt_import(x, cert, GNUTLS_X509_FMT_DER) >= 0 &&
	    gnutls_x509_crt_get_raw_issuer_dn(x, &issuer) >= 0) {
		is = issuer.size == name->size &&
		     !memcmp(issuer.data, name->data, name->size);
		gnutls_free(issuer.data);
	}
	gnutls_x509_crt_deinit(x);
	return is;
}

/*
 * A client that uses the same credentials sends its certificate where the server
 * accepts the type of the key, and one of the issuers, as GnuTLS would have it.
 */
static bool suits(gnutls_certificate_credentials_t cred,
		  const struct gnutls_cert_retr_st *info, gnutls_privkey_t key)
{
	int pk = gnutls_privkey_get_pk_algorithm(key, NULL);
	struct place place = { .cred = cred };
	bool accepted = !info->pk_algos_length;
	gnutls_datum_t der;

	for (unsigned int i = 0; i < (unsigned int)info->pk_algos_length; i++)
		accepted |= (int)info->pk_algos[i] == pk;
	if (!accepted || !info->nreqs)
		return accepted;
	for (; place_get(&place, &der); place.position++)
		for (unsigned int i = 0; i < (unsigned int)info->nreqs; i++)
			if (is_issued_by(&der, &info->req_ca_rdn[i]))
				return true;
	return false;
}

static void free_certs(gnutls_pcert_st *certs, unsigned int count)
{
	while (count--)
		gnutls_pcert_deinit(&certs[count]);
	gnutls_free(certs);
}

static gnutls_pcert_st *get_certs(gnutls_certificate_credentials_t cred,
				  unsigned int count)
{
	gnutls_pcert_st *certs = gnutls_calloc(count, sizeof(*certs));
	struct place place = { .cred = cred };
	gnutls_datum_t der;

	for (; certs && place.position < count; place.position++)
		if (!place_get(&place, &der) ||
		    gnutls_pcert_import_x509_raw(&certs[place.position], &der,
						 GNUTLS_X509_FMT_DER, 0) < 0) {
			free_certs(certs, place.position);
			return NULL;
		}
	return certs;
}

/*
 * None if there is none for the leaf: then GnuTLS calls the function for that,
 * which calls the server's own.
 */
static gnutls_ocsp_data_st *get_responses(gnutls_certificate_credentials_t cred,
					  unsigned int count)
{
	gnutls_ocsp_data_st *all = gnutls_calloc(count, sizeof(*all));
	struct place place = { .cred = cred };
	struct gnutls_source source;

	for (; all && place.position < count; place.position++) {
		if (place.position && !place_names_responder(&place))
			continue;
		source = gnutls_source_of_place(&place);
		if (!gnutls_source_response(&source,
					    &all[place.position].response) &&
		    !place.position) {
			gnutls_free(all);
			return NULL;
		}
	}
	return all;
}

/* Before TLS 1.3 there is room for the first one alone. */
static unsigned int responses_wanted(gnutls_session_t session,
				     unsigned int length)
{
	return gnutls_protocol_get_version(session) >= GNUTLS_TLS1_3 ? length : 1;
}

static bool is_client(const struct gnutls_cert_retr_st *info)
{
	return info->pk_algos_length || info->nreqs;
}

/* Fails for want of memory only. */
static int retrieve(gnutls_session_t session,
		    const struct gnutls_cert_retr_st *info,
		    gnutls_pcert_st **certs, unsigned int *certs_length,
		    gnutls_ocsp_data_st **ocsp, unsigned int *ocsp_length,
		    gnutls_privkey_t *key, unsigned int *flags)
{
	unsigned int length = chain_length(info->cred), wanted;
	int saved = errno;

	*certs_length = 0;
	*ocsp_length = 0;
	*key = get_key(info->cred);
	*certs = *key ? get_certs(info->cred, length) : NULL;
	if (!*certs || (is_client(info) && !suits(info->cred, info, *key))) {
		if (*certs)
			free_certs(*certs, length);
		gnutls_privkey_deinit(*key);
		return 0;
	}
	*certs_length = length;
	*flags |= GNUTLS_CERT_RETR_DEINIT_ALL;
	wanted = responses_wanted(session, length);
	*ocsp = is_client(info) ? NULL : get_responses(info->cred, wanted);
	if (*ocsp)
		*ocsp_length = wanted;
	errno = saved;
	return 0;
}

void retrieve_set(gnutls_certificate_credentials_t cred, bool on)
{
	gnutls_certificate_set_retrieve_function3(cred, on ? retrieve : NULL);
}
