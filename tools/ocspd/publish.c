// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The way into the store, see publish.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "clock.h"
#include "delegates.h"
#include "log.h"
#include "precedence.h"
#include "publish.h"
#include "responder.h"
#include "store.h"
#include "text.h"

/* Of the responders that are asked */
static struct ocsp_delegates delegates;

static struct ocsp_terms terms_of(const struct ocsp_verdict *verdict)
{
	return (struct ocsp_terms) {
		.status = verdict->status,
		.this_update = verdict->this_update,
		.next_update = verdict->next_update,
	};
}

/* url: of the responder; NULL: it comes from the disk. */
static void tell(const struct cert *cert, const struct subject *subject,
		 const char *url)
{
	const struct ocsp_terms *terms = &cert->terms;
	char key[KEY_TEXT_SIZE], when[TIME_TEXT_SIZE];
	bool revoked = terms->status == KTLS_OCSP_CERT_STATUS_REVOKED;

	log_event(revoked ? LOG_WARNING : LOG_INFO, "stored",
		  "certificate", subject->name,
		  "status", status_name(terms->status),
		  "next_update", time_text(terms->next_update, when),
		  "responder", url, "source", url ? NULL : "cache",
		  "key", key_text(cert->key, key), NULL);
}

/* Has the store the same bytes? */
static bool is_stored(const struct cert *cert, const struct ocsp_entry *r,
		      const struct ocsp_terms *new, const unsigned char *data,
		      size_t len)
{
	struct ocsp_entry blob;
	bool same;

	if (!r->generation || r->blob_len != len || r->status != new->status ||
	    r->this_update != new->this_update ||
	    r->next_update != new->next_update ||
	    store_get(cert->key, KTLS_OCSP_PART_BLOB, &blob))
		return false;
	same = blob.blob && blob.blob_len == len &&
	       !memcmp(blob.blob, data, len);
	ocsp_entry_clear(&blob);
	return same;
}

/*
 * Against what the store has at this moment, not what we remember.
 * PUBLISH_STORED: it is to be stored.
 */
static enum publish compare(struct cert *cert, const struct ocsp_terms *new,
			    const unsigned char *data, size_t len,
			    uint32_t *failures, char why[OCSP_REASON_SIZE])
{
	struct ocsp_terms old = { 0 };
	struct ocsp_entry r;
	const char *worse;
	bool same = false;
	int err;

	*failures = 0;
	err = store_get(cert->key, 0, &r);
	if (err == -ENOENT)
		return PUBLISH_GONE;
	if (!err && r.generation) {
		old.status = r.status;
		old.this_update = r.this_update;
		old.next_update = r.next_update;
		same = r.state == KTLS_OCSP_STATE_VALID &&
		       is_stored(cert, &r, new, data, len);
	}
	if (same)
		cert->generation = r.generation;
	*failures = r.failures;
	ocsp_entry_clear(&r);
	worse = ocsp_worse(&old, new, clock_wall());
	if (!worse)
		return same ? PUBLISH_SAME : PUBLISH_STORED;
	snprintf(why, OCSP_REASON_SIZE, "%s", worse);
	return new->status == KTLS_OCSP_CERT_STATUS_UNKNOWN ? PUBLISH_REFUSED :
							       PUBLISH_WORSE;
}

static enum publish examine(struct cert *cert, const struct subject *subject,
			    const unsigned char *data, size_t len,
			    struct ocsp_verdict *verdict, uint32_t *failures,
			    char why[OCSP_REASON_SIZE])
{
	struct ocsp_terms terms;

	if (ocsp_verify_leaf(data, len, subject->leaf, subject->issuer,
			     clock_wall(), &delegates, verdict)) {
		snprintf(why, OCSP_REASON_SIZE, "%s", verdict->reason);
		return PUBLISH_REFUSED;
	}
	terms = terms_of(verdict);
	return compare(cert, &terms, data, len, failures, why);
}

enum publish publish_examine(struct cert *cert, const struct subject *subject,
			     const unsigned char *data, size_t len,
			     struct ocsp_verdict *verdict,
			     char why[OCSP_REASON_SIZE])
{
	uint32_t failures;

	memset(verdict, 0, sizeof(*verdict));
	return examine(cert, subject, data, len, verdict, &failures, why);
}

static enum publish verify_and_store(struct cert *cert,
				     const struct subject *subject,
				     const unsigned char *data, size_t len,
				     char why[OCSP_REASON_SIZE])
{
	struct ocsp_verdict verdict;
	enum publish result;
	uint32_t failures = 0;

	result = examine(cert, subject, data, len, &verdict, &failures, why);
	/* The same again only where there is a failure to be forgotten. */
	if (result != PUBLISH_STORED &&
	    !(result == PUBLISH_SAME && failures))
		return result;
	if (store_publish(cert->key, &verdict, data, len, &cert->generation)) {
		snprintf(why, OCSP_REASON_SIZE, "the store refused it: %.200s",
			 store_error());
		return PUBLISH_ERROR;
	}
	cert->terms = terms_of(&verdict);
	return result;
}

enum publish publish_response(struct cert *cert, const struct subject *subject,
			      const unsigned char *data, size_t len,
			      const char *url, char why[OCSP_REASON_SIZE])
{
	enum publish result;

	result = verify_and_store(cert, subject, data, len, why);
	if (result != PUBLISH_STORED)
		return result;
	tell(cert, subject, url);
	/* Served already, so that no disk can keep it from being served. */
	cache_store(cert->key, data, len);
	return result;
}

static bool restore(struct cert *cert, const struct subject *subject,
		    const unsigned char *data, size_t len)
{
	char why[OCSP_REASON_SIZE], key[KEY_TEXT_SIZE];

	switch (verify_and_store(cert, subject, data, len, why)) {
	case PUBLISH_STORED:
		tell(cert, subject, NULL);
		return true;
	case PUBLISH_SAME:
		return true;
	case PUBLISH_GONE:
		return false;
	default:
		log_event(LOG_INFO, "cached_response_refused",
			  "certificate", subject->name, "reason", why,
			  "key", key_text(cert->key, key), NULL);
		return false;
	}
}

bool publish_cached(struct cert *cert)
{
	struct ocsp_entry certs;
	struct subject subject;
	unsigned char *data;
	bool done = false;
	size_t len;

	if (cert->from_cache)
		return false;
	cert->from_cache = true;
	data = cache_load(cert->key, &len);
	if (!data)
		return false;
	if (!store_get(cert->key, KTLS_OCSP_PART_CERTIFICATES, &certs) &&
	    subject_make(&subject, cert, &certs)) {
		done = restore(cert, &subject, data, len);
		subject_clear(&subject);
	}
	ocsp_entry_clear(&certs);
	free(data);
	return done;
}

/* Nobody is to be woken up while there is a response with time left. */
static int level_of(const struct cert *cert)
{
	const struct ocsp_terms *t = &cert->terms;
	int64_t left = t->next_update - clock_wall();

	return left > (t->next_update - t->this_update) / 4 ? LOG_NOTICE :
							      LOG_WARNING;
}

bool publish_failure(const struct cert *cert, const struct subject *subject,
		     const char *why, bool asked)
{
	char key[KEY_TEXT_SIZE];
	int err;

	err = store_report(cert->key, why, !asked);
	if (err == -ENOENT)
		return false;
	log_event(level_of(cert), "failed",
		  "certificate", subject->name, "reason", why,
		  "responder", cert->responder ? cert->responder->origin : NULL,
		  "key", key_text(cert->key, key), NULL);
	if (err)
		log_text(LOG_ERR, "reporting that to the store: %s",
			 store_error());
	return true;
}

void publish_forget_delegates(void)
{
	ocsp_delegates_clear(&delegates);
}
