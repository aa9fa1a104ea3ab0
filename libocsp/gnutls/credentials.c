// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The calls of libocsp-gnutls: see <libocsp/ocsp_gnutls.h>. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <windows.h>
#include <libocsp/ocsp_gnutls.h>

#include "chains.h"
#include "init.h"
#include "log.h"
#include "response.h"
#include "retrieve.h"

#define FLAGS	(OCSP_STAPLE_DO_NOT_OPEN | OCSP_STAPLE_WHOLE_CHAIN)
#define BUCKETS	64	/* a power of 2 */

/*
 * GnuTLS does not tell when credentials are freed, nor what their function was:
 * so there is a list of those that staple.
 */
struct credentials {
	/* Constant */
	gnutls_certificate_credentials_t cred;

	/* All else is protected by the lock. */
	LIST_ENTRY(credentials) bucket;
	gnutls_status_request_ocsp_func own;
	void *own_ptr;
	struct staple **staples;	/* a reference on each: they stay open */
	unsigned int count;
	unsigned char *first;		/* the first leaf: is it still the same? */
	bool retrieves;
};

/*
 * Protects the list. Taken before the locks of libocsp/staple, and held across
 * the opening of handles, but never in a handshake for more than a few
 * instructions.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(, credentials) table[BUCKETS];

static bool ready;	/* constant after set_up() */

static void take_lock(void)
{
	pthread_mutex_lock(&lock);
}

static void drop_lock(void)
{
	pthread_mutex_unlock(&lock);
}

/*
 * When the library is loaded: a server may use it first in the children that it
 * forks for each connection, and they share what is made here. The lock is taken
 * before those of staple_init().
 */
static void __attribute__((constructor)) set_up(void)
{
	ready = staple_init() && !pthread_atfork(take_lock, drop_lock, drop_lock);
}

static unsigned int bucket_of(gnutls_certificate_credentials_t cred)
{
	return ((uintptr_t)cred >> 6) % BUCKETS;
}

static struct credentials *find(gnutls_certificate_credentials_t cred)
{
	struct credentials *c;

	LIST_FOREACH(c, &table[bucket_of(cred)], bucket)
		if (c->cred == cred)
			return c;
	return NULL;
}

static struct credentials *make(gnutls_certificate_credentials_t cred)
{
	struct credentials *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->cred = cred;
	LIST_INSERT_HEAD(&table[bucket_of(cred)], c, bucket);
	return c;
}

static void put_staples(struct staple **staples, unsigned int count)
{
	while (count--)
		staple_put(staples[count]);
	free(staples);
}

/* The chains, and in *certs the certificates of all of them */
static unsigned int count_chains(gnutls_certificate_credentials_t cred,
				 unsigned int *certs)
{
	struct place place = { .cred = cred };
	gnutls_datum_t der;

	for (*certs = 0; place_get(&place, &der); place.chain++) {
		while (place_get(&place, &der))
			place.position++;
		*certs += place.position;
		place.position = 0;
	}
	return place.chain;
}

static unsigned char *first_leaf(gnutls_certificate_credentials_t cred)
{
	struct place place = { .cred = cred };
	gnutls_datum_t der;

	return place_get(&place, &der) ? der.data : NULL;
}

/* gcc's analyzer loses sight of what a member of the list points to. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* Of each leaf, and of each intermediate certificate if these are stapled */
static bool get_staples(struct credentials *c, uint32_t flags)
{
	unsigned int certs, chains = count_chains(c->cred, &certs);
	unsigned int old_count = c->count;
	struct staple **old = c->staples, *staple;
	struct place place = { .cred = c->cred };
	struct gnutls_source source;
	gnutls_datum_t der;

	c->staples = calloc(certs + 1, sizeof(*c->staples));
	if (!c->staples) {
		c->staples = old;
		return false;
	}
	c->count = 0;
	for (place.chain = 0; place.chain < chains; place.chain++)
		for (place.position = 0; place_get(&place, &der); place.position++) {
			if (place.position && (!c->retrieves ||
					       !place_names_responder(&place)))
				continue;
			source = gnutls_source_of_place(&place);
			staple = gnutls_source_staple(&source);
			if (staple && !(flags & OCSP_STAPLE_DO_NOT_OPEN))
				staple_open(staple, &source.source);
			c->staples[c->count++] = staple;
		}
	/* Only now: a certificate that stays has its handle all the time. */
	put_staples(old, old_count);
	c->first = first_leaf(c->cred);
	return true;
}

static bool is_up_to_date(const struct credentials *c)
{
	struct place next = { .cred = c->cred, .chain = 1 };
	gnutls_datum_t der;

	if (!c->count || first_leaf(c->cred) != c->first)
		return false;
	return !c->retrieves || !place_get(&next, &der);
}

static int status(gnutls_session_t session, void *ptr, gnutls_datum_t *response)
{
	struct credentials *c = ptr;
	const gnutls_datum_t *leaf = gnutls_certificate_get_ours(session);
	gnutls_status_request_ocsp_func own;
	struct gnutls_source source;
	int saved = errno;
	void *own_ptr;
	bool found;

	if (leaf) {
		source = gnutls_source_of_leaf(c->cred, leaf);
		found = gnutls_source_response(&source, response);
		errno = saved;
		if (found)
			return 0;
	}
	take_lock();
	own = c->own;
	own_ptr = c->own_ptr;
	drop_lock();
	return own ? own(session, own_ptr, response) :
		     GNUTLS_E_NO_CERTIFICATE_STATUS;
}

/* With the lock held */
static bool staple(struct credentials *c, uint32_t flags)
{
	bool whole = (flags & OCSP_STAPLE_WHOLE_CHAIN) &&
		     retrieve_is_possible(c->cred);

	if (whole != c->retrieves)
		retrieve_set(c->cred, whole);
	c->retrieves = whole;
	gnutls_certificate_set_ocsp_status_request_function(c->cred, status, c);
	return get_staples(c, flags);
}

static int fail(DWORD code)
{
	SetLastError(code);
	return 0;
}

int OcspStapleGnutlsCredentials(gnutls_certificate_credentials_t cred,
				gnutls_status_request_ocsp_func own,
				void *own_ptr, uint32_t flags)
{
	struct credentials *c;
	int saved = errno;
	bool ok = true;

	if (!cred || flags & ~FLAGS)
		return fail(ERROR_INVALID_PARAMETER);
	if (!ready)
		return fail(ERROR_NOT_ENOUGH_MEMORY);
	take_lock();
	c = find(cred);
	if (!c)
		c = make(cred);
	if (c) {
		c->own = own;
		c->own_ptr = own_ptr;
		if (!is_up_to_date(c))
			ok = staple(c, flags);
	}
	drop_lock();
	errno = saved;
	return c && ok ? 1 : fail(ERROR_NOT_ENOUGH_MEMORY);
}

void OcspReleaseGnutlsCredentials(gnutls_certificate_credentials_t cred)
{
	struct credentials *c;

	take_lock();
	c = find(cred);
	if (c)
		LIST_REMOVE(c, bucket);
	drop_lock();
	if (!c)
		return;
	/* As they were */
	if (c->retrieves)
		retrieve_set(cred, false);
	gnutls_certificate_set_ocsp_status_request_function(cred, c->own,
							    c->own_ptr);
	put_staples(c->staples, c->count);
	free(c);
	staples_reap();
}

void OcspSetGnutlsMessageCallback(void (*callback)(int level, const char *text,
						   void *arg), void *arg)
{
	log_set_callback(callback, arg);
}
