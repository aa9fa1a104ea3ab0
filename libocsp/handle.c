// SPDX-License-Identifier: LGPL-2.1-or-later
/* Handles: made from a chain, counted, and held by the session. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "cert.h"
#include "last_error.h"
#include "response.h"

/* The certificate of an element, if it has one that may be DER; or NULL. */
static PCCERT_CONTEXT chain_cert(const CERT_SIMPLE_CHAIN *simple, DWORD i)
{
	PCCERT_CONTEXT cert;

	if (i >= simple->cElement || !simple->rgpElement ||
	    !simple->rgpElement[i])
		return NULL;
	cert = simple->rgpElement[i]->pCertContext;
	if (!cert || !cert->pbCertEncoded || !cert->cbCertEncoded ||
	    !(cert->dwCertEncodingType & X509_ASN_ENCODING))
		return NULL;
	return cert;
}

/* NULL unless it is DER: what we send has to hash to the key. */
static X509 *parse_der(PCCERT_CONTEXT context)
{
	const unsigned char *p = context->pbCertEncoded;
	unsigned char *again = NULL;
	int len = -1;
	X509 *cert;

	cert = d2i_X509(NULL, &p, context->cbCertEncoded);
	if (cert)
		len = i2d_X509(cert, &again);
	if (len < 0 || (DWORD)len != context->cbCertEncoded ||
	    memcmp(again, context->pbCertEncoded, len)) {
		X509_free(cert);
		cert = NULL;
	}
	OPENSSL_free(again);
	return cert;
}

static bool issued(X509 *issuer, X509 *cert)
{
	return !X509_NAME_cmp(X509_get_subject_name(issuer),
			      X509_get_issuer_name(cert));
}

static bool refuse(DWORD code, const char *why)
{
	ocsp_set_error(code, "%s", why);
	return false;
}

static bool take_issuer(struct ocsp_handle *h, X509 *leaf)
{
	const CERT_SIMPLE_CHAIN *simple = h->chain->rgpChain[0];
	X509 *issuer;
	bool ok;

	if (simple->cElement < 2) {
		if (issued(leaf, leaf))
			h->issuer = h->leaf;
		return true;
	}
	h->issuer = chain_cert(simple, 1);
	issuer = h->issuer ? parse_der(h->issuer) : NULL;
	if (!issuer)
		return refuse(ERROR_INVALID_PARAMETER,
			      "the chain's second certificate is not DER");
	ok = issued(issuer, leaf);
	X509_free(issuer);
	if (!ok)
		return refuse(ERROR_INVALID_PARAMETER,
			      "the chain's second certificate did not issue the first");
	return true;
}

static bool take_leaf(struct ocsp_handle *h, X509 *leaf)
{
	char *url = ocsp_cert_url(leaf);

	free(url);
	if (!url)
		return refuse(CRYPT_E_NOT_IN_REVOCATION_DATABASE,
			      "the certificate names no OCSP responder");
	if (ocsp_cert_key(leaf, h->key))
		return refuse(ERROR_NOT_ENOUGH_MEMORY, strerror(ENOMEM));
	return take_issuer(h, leaf);
}

static bool take_chain(struct ocsp_handle *h, PCCERT_CHAIN_CONTEXT chain)
{
	X509 *leaf;
	bool ok;

	if (chain->cbSize < sizeof(*chain) || !chain->cChain ||
	    !chain->rgpChain || !chain->rgpChain[0])
		return refuse(ERROR_INVALID_PARAMETER, "the chain is empty");
	h->leaf = chain_cert(chain->rgpChain[0], 0);
	leaf = h->leaf ? parse_der(h->leaf) : NULL;
	if (!leaf)
		return refuse(ERROR_INVALID_PARAMETER,
			      "the chain's first certificate is not DER");
	h->chain = CertDuplicateCertificateChain(chain);
	ok = take_leaf(h, leaf);
	X509_free(leaf);
	return ok;
}

/*
 * Indexes that handles have, or had and gave back; the room for those that are
 * given back grows with the first, so giving back cannot fail. Protected by
 * the session's lock.
 */
static uint64_t last_serial;
static size_t *free_indexes;
static size_t free_count, index_count, index_room;

/* Give a handle its place in the threads' views. False: no memory. */
static bool take_index(struct ocsp_handle *h)
{
	size_t room, *more;

	ocsp_session_lock();
	if (!free_count && index_count == index_room) {
		room = index_room ? 2 * index_room : 64;
		more = realloc(free_indexes, room * sizeof(*more));
		if (more) {
			free_indexes = more;
			index_room = room;
		}
	}
	if (free_count || index_count < index_room) {
		h->index = free_count ? free_indexes[--free_count] :
					index_count++;
		h->serial = ++last_serial;
	}
	ocsp_session_unlock();
	return h->serial;
}

static void give_index(const struct ocsp_handle *h)
{
	ocsp_session_lock();
	free_indexes[free_count++] = h->index;
	ocsp_session_unlock();
}

struct ocsp_handle *ocsp_handle_new(PCCERT_CHAIN_CONTEXT chain)
{
	struct ocsp_handle *h = calloc(1, sizeof(*h));
	bool ok;

	if (!h) {
		refuse(ERROR_NOT_ENOUGH_MEMORY, strerror(ENOMEM));
		return NULL;
	}
	if (!take_index(h)) {
		free(h);
		refuse(ERROR_NOT_ENOUGH_MEMORY, strerror(ENOMEM));
		return NULL;
	}
	atomic_init(&h->refs, 1);
	h->opens = 1;
	ERR_set_mark();
	ok = take_chain(h, chain);
	ERR_pop_to_mark();
	if (!ok) {
		ocsp_handle_unpin(h);
		return NULL;
	}
	return h;
}

void ocsp_handle_pin(struct ocsp_handle *h)
{
	atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
}

void ocsp_handle_unpin(struct ocsp_handle *h)
{
	/* Release what was done to it; acquire before it is taken apart. */
	if (atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) != 1)
		return;
	ocsp_context_put(h->current);
	ocsp_context_put(h->file);
	ocsp_directory_clear(&h->directory);
	CertFreeCertificateChain(h->chain);
	give_index(h);
	free(h);
}

int ocsp_handle_attach(struct ocsp_session *session, struct ocsp_handle *h,
		       bool wait, struct ocsp_opened *opened)
{
	struct ocsp_name name = { .session = session->fd };
	struct ocsp_opened ignored;
	int rc;

	if (!opened)
		opened = &ignored;
	if (h->issuer) {
		name.cert = h->leaf->pbCertEncoded;
		name.cert_len = h->leaf->cbCertEncoded;
		name.issuer = h->issuer->pbCertEncoded;
		name.issuer_len = h->issuer->cbCertEncoded;
	} else {
		name.key = h->key;
	}
	rc = ocsp_client_open(session->client, &name, wait, opened);
	if (rc)
		return rc;
	h->slot = opened->slot;
	h->place = ocsp_board_place(&session->board, h->slot);
	h->epoch = ocsp_session_epoch;
	h->known = false;
	h->krefs = 1;
	return 0;
}

void ocsp_handle_detach(struct ocsp_session *session, struct ocsp_handle *h,
			unsigned int keep)
{
	/* Of another session: what it held is gone, or is our parent's. */
	if (h->epoch != ocsp_session_epoch || !ocsp_session_is_open(session))
		return;
	while (h->krefs > keep) {
		/* Nobody to tell; a lost session is for the next call to see. */
		ocsp_client_close(session->client, session->fd, h->slot);
		h->krefs--;
	}
}
