// SPDX-License-Identifier: LGPL-2.1-or-later
/* Handles: made from a chain, counted, and held by the session. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "cert.h"
#include "chain.h"
#include "last_error.h"
#include "outline.h"
#include "pool.h"
#include "response.h"

/*
 * NULL: it is not DER, so that its bytes would not be those of the key; or it
 * may be, and errno is ENOMEM.
 */
static struct ocsp_outline *outline_of(PCCERT_CONTEXT cert)
{
	errno = 0;
	return cert ? ocsp_outline_new(cert->pbCertEncoded,
				       cert->cbCertEncoded) : NULL;
}

static bool refuse(DWORD code, const char *why)
{
	ocsp_set_error(code, "%s", why);
	return false;
}

static bool refuse_memory(void)
{
	return refuse(ERROR_NOT_ENOUGH_MEMORY, strerror(ENOMEM));
}

/* For want of memory, by errno, or because of what is said to be wrong. */
static bool refuse_cert(DWORD code, const char *why)
{
	return errno == ENOMEM ? refuse_memory() : refuse(code, why);
}

static bool take_issuer(struct ocsp_subject *s, const CERT_SIMPLE_CHAIN *simple,
			const struct ocsp_outline *leaf)
{
	struct ocsp_outline *issuer;
	bool ok;

	if (simple->cElement < 2) {
		if (ocsp_outline_issued(leaf, leaf))
			s->issuer = s->leaf;
		return true;
	}
	s->issuer = ocsp_chain_cert(simple, 1);
	issuer = outline_of(s->issuer);
	if (!issuer)
		return refuse_cert(ERROR_INVALID_PARAMETER,
				   "the chain's second certificate is not DER");
	ok = ocsp_outline_issued(issuer, leaf);
	ocsp_outline_free(issuer);
	if (!ok)
		return refuse(ERROR_INVALID_PARAMETER,
			      "the chain's second certificate did not issue the first");
	return true;
}

static bool refuse_url(const struct ocsp_outline *leaf)
{
	char *fault = ocsp_outline_url_fault(leaf);

	if (fault)
		ocsp_set_error(CRYPT_E_NOT_IN_REVOCATION_DATABASE,
			       "the certificate names no OCSP responder: %s",
			       fault);
	else
		refuse(CRYPT_E_NOT_IN_REVOCATION_DATABASE,
		       "the certificate names no OCSP responder");
	free(fault);
	return false;
}

static bool take_leaf(struct ocsp_subject *s, const CERT_SIMPLE_CHAIN *simple,
		      const struct ocsp_outline *leaf)
{
	if (!ocsp_outline_has_url(leaf))
		return errno == ENOMEM ? refuse_memory() : refuse_url(leaf);
	if (ocsp_der_key(s->leaf->pbCertEncoded, s->leaf->cbCertEncoded,
			 s->key))
		return refuse_memory();
	return take_issuer(s, simple, leaf);
}

/* A reference on what was found to be sound. */
static bool keep_chain(struct ocsp_subject *s, PCCERT_CHAIN_CONTEXT chain)
{
	const CERT_SIMPLE_CHAIN *simple;
	bool self_signed = s->issuer == s->leaf;

	s->chain = ocsp_chain_get(chain);
	if (!s->chain)
		return false;
	/* It may be a copy. */
	simple = ocsp_chain_simple(s->chain);
	s->leaf = ocsp_chain_cert(simple, 0);
	if (s->issuer)
		s->issuer = self_signed ? s->leaf : ocsp_chain_cert(simple, 1);
	return true;
}

static bool take_chain(struct ocsp_subject *s, PCCERT_CHAIN_CONTEXT chain)
{
	const CERT_SIMPLE_CHAIN *simple = ocsp_chain_simple(chain);
	struct ocsp_outline *leaf;
	bool ok;

	if (!simple)
		return refuse(ERROR_INVALID_PARAMETER, "the chain is empty");
	s->leaf = ocsp_chain_cert(simple, 0);
	leaf = outline_of(s->leaf);
	if (!leaf)
		return refuse_cert(ERROR_INVALID_PARAMETER,
				   "the chain's first certificate is not DER");
	ok = take_leaf(s, simple, leaf) && keep_chain(s, chain);
	ocsp_outline_free(leaf);
	return ok;
}

/*
 * Indexes that handles have, or had and gave back; the room for those that are
 * given back grows with the first, so giving back cannot fail. Protected by
 * the session's lock.
 */
static uint64_t last_serial;
static uint32_t *free_indexes;
static size_t free_count, index_count, index_room;

/* Give a handle its place in the threads' views. False: no memory. */
static bool take_index(struct ocsp_handle *h)
{
	uint32_t *more;
	size_t room;

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
	struct ocsp_subject *subject = calloc(1, sizeof(*subject));
	struct ocsp_handle *h = ocsp_pool_alloc(sizeof(*h));
	bool ok;

	if (h)
		*h = (struct ocsp_handle){
			.refs = 1,
			.opens = 1,
			.subject = subject,
		};
	if (!h || !subject || !take_index(h)) {
		ocsp_pool_free(h, sizeof(*h));
		free(subject);
		refuse_memory();
		return NULL;
	}
	ERR_set_mark();
	ok = take_chain(subject, chain);
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
	ocsp_directory_free(h->subject->directory);
	ocsp_chain_put(h->subject->chain);
	free(h->subject);
	give_index(h);
	ocsp_pool_free(h, sizeof(*h));
}

int ocsp_handle_attach(struct ocsp_session *session, struct ocsp_handle *h,
		       bool wait, struct ocsp_opened *opened)
{
	struct ocsp_name name = { .session = session->fd };
	const struct ocsp_subject *s = h->subject;
	struct ocsp_opened ignored;
	int rc;

	if (!opened)
		opened = &ignored;
	if (s->issuer) {
		name.cert = s->leaf->pbCertEncoded;
		name.cert_len = s->leaf->cbCertEncoded;
		name.issuer = s->issuer->pbCertEncoded;
		name.issuer_len = s->issuer->cbCertEncoded;
	} else {
		name.key = s->key;
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
