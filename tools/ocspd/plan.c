// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* When something is done for a certificate, and whether at all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "cache.h"
#include "cert_summary.h"
#include "clock.h"
#include "log.h"
#include "plan.h"
#include "plan_parts.h"
#include "policy.h"
#include "publish.h"
#include "responder.h"
#include "store.h"
#include "subject.h"
#include "text.h"

/* ms between two attempts that somebody's waiting causes, at least */
#define WANTED_SPACING	5000
/* And at least this part of the delay that there would be without */
#define WANTED_SHARE	6
/* ms until we look again for the certificates of a response without */
#define NO_CERTS_DELAY	600000
/* Seconds by which the clock is set when what failed is tried again */
#define STEP_MIN	60

static const struct config *config;
static bool once;
static int64_t clock_offset;		/* of the wall clock, seconds */
static size_t retries;			/* of plan_retry_all() */

/* Between the wall clock and the one that nobody sets */
static int64_t offset_now(void)
{
	return clock_wall() - clock_ms() / 1000;
}

void plan_init(bool only_once)
{
	once = only_once;
	plan_outcome_init(once);
	clock_offset = offset_now();
}

void plan_configure(const struct config *the_config)
{
	config = the_config;
	plan_outcome_configure(config);
}

/* What is stored */

/* One that no server gets is no better than none. */
static bool is_served(const struct ocsp_entry *r)
{
	return r->state == KTLS_OCSP_STATE_VALID &&
	       r->status != KTLS_OCSP_CERT_STATUS_UNKNOWN;
}

/* What the store has, whoever put it there. */
static void take_terms(struct cert *cert, const struct ocsp_entry *r)
{
	cert->generation = r->generation;
	memset(&cert->terms, 0, sizeof(cert->terms));
	if (!r->generation)
		return;
	cert->terms.status = r->status;
	cert->terms.this_update = r->this_update;
	cert->terms.next_update = r->next_update;
}

/* Somebody withdrew it, who does not want the disk's back, nor a cache's. */
static void forget_copies(struct cert *cert)
{
	cache_remove(cert->key);
	cert->no_cache = true;
}

/* True: r is not what is stored any more, the disk's is. */
static bool restore(struct cert *cert, const struct ocsp_entry *r)
{
	if (is_served(r))
		return false;
	if (r->state != KTLS_OCSP_STATE_WITHDRAWN)
		return publish_cached(cert);
	forget_copies(cert);
	return false;
}

/* A certificate that we did not know yet */
static void plan_new(struct cert *cert, const struct ocsp_entry *r)
{
	struct ocsp_entry now = *r;

	if (restore(cert, r))
		store_get(cert->key, 0, &now);
	take_terms(cert, &now);
	if (is_served(&now) && !once) {
		plan_set_refresh(cert, now.stored, -1);
		plan_wait_refresh(cert);
	} else {
		plan_expect(cert);
		plan_look_in(cert, 0);
	}
	ocsp_entry_clear(&now);
}

/* Another one stored this, a while ago or now. Is there something to serve? */
static void take_stored(struct cert *cert, const struct ocsp_entry *r)
{
	take_terms(cert, r);
	if (!plan_is_waiting(cert))
		return;
	if (plan_is_unserved(cert)) {
		plan_wanted(cert->key);
		return;
	}
	plan_count(cert, ONCE_STORED);
	cert->failures = 0;
	cert->failing = 0;
	plan_set_refresh(cert, clock_wall(), -1);
	plan_wait_refresh(cert);
}

void plan_entry(const struct ocsp_entry *entry)
{
	struct cert *cert = certs_add(entry->key);

	if (!cert)
		log_text(LOG_ERR, "no memory for a certificate");
	else if (cert->state == CERT_NEW)
		plan_new(cert, entry);
	else if (!is_served(entry))
		/* The notice that said so may be one of those that we lost. */
		plan_wanted(entry->key);
	else if (entry->generation > cert->generation)
		take_stored(cert, entry);
}

void plan_entry_again(const struct ocsp_entry *entry)
{
	const struct cert *cert = certs_find(entry->key);
	bool failed = cert && (cert->state == CERT_RETRY ||
			       cert->state == CERT_HELD);

	if (!failed || is_served(entry))
		plan_entry(entry);
}

/* Events */

/* The same reason again ends the waiting of whoever waits. */
static void report_again(struct cert *cert)
{
	struct ocsp_entry r;

	if (store_get(cert->key, 0, &r))
		return;
	if (*r.failure)
		store_report(cert->key, r.failure, true);
	ocsp_entry_clear(&r);
}

/* When somebody's waiting may bring an attempt about: the backoff holds. */
static int64_t wanted_at(const struct cert *cert)
{
	int64_t spacing = cert->delay / WANTED_SHARE;

	if (!cert->last)
		return 0;
	return cert->last + (spacing > WANTED_SPACING ? spacing : WANTED_SPACING);
}

void plan_wanted(const uint8_t *key)
{
	struct cert *cert = certs_add(key);
	int64_t now = clock_ms(), at;

	if (!cert) {
		log_text(LOG_ERR, "no memory for a certificate");
		return;
	}
	if (!plan_is_waiting(cert))
		return;
	if (cert->state == CERT_HELD) {
		report_again(cert);
		return;
	}
	at = wanted_at(cert);
	if (at > now + WANTED_SPACING)
		report_again(cert);
	if (at < now)
		at = now;
	if (!cert->timer.place || cert->timer.due > at)
		plan_look_in(cert, at - now);
}

void plan_refresh(struct cert *cert, bool no_cache)
{
	/* What is under way will do, unless a cache may answer that. */
	if (!plan_is_waiting(cert) && (!no_cache || cert->no_cache))
		return;
	cert->forced = true;
	cert->no_cache |= no_cache;
	if (plan_is_waiting(cert))
		plan_look_in(cert, 0);
}

/* Servers staple it no longer, or will not soon. */
static void ending(struct cert *cert)
{
	int64_t at = cert->last + WANTED_SPACING;

	switch (cert->state) {
	case CERT_FRESH:
		cert->refresh = clock_wall();
		plan_look_in(cert, 0);
		break;
	case CERT_RETRY:
		if (cert->timer.due > at)
			plan_look_in(cert, at > clock_ms() ? at - clock_ms() : 0);
		break;
	default:
		break;
	}
}

void plan_event(enum ktls_ocsp_event event,
		const struct ocsp_entry *entry)
{
	struct cert *cert = certs_find(entry->key);

	if (!cert) {
		if (event == KTLS_OCSP_EVENT_WITHDRAWN)
			cache_remove(entry->key);
		return;
	}
	switch (event) {
	case KTLS_OCSP_EVENT_UPDATED:
	case KTLS_OCSP_EVENT_REVOKED:
		/* Ours came before its event. */
		if (entry->generation > cert->generation)
			take_stored(cert, entry);
		break;
	case KTLS_OCSP_EVENT_EXPIRING:
	case KTLS_OCSP_EVENT_EXPIRED:
		ending(cert);
		break;
	case KTLS_OCSP_EVENT_WITHDRAWN:
		forget_copies(cert);
		if (plan_is_waiting(cert))
			plan_look_in(cert, 0);
		break;
	case KTLS_OCSP_EVENT_REMOVED:
	case KTLS_OCSP_EVENT_EVICTED:
		if (plan_is_waiting(cert))
			plan_look_in(cert, 0);
		break;
	case KTLS_OCSP_EVENT_FAILED:
	case KTLS_OCSP_EVENT_CREATED:
		break;
	}
}

void plan_key(const uint8_t *key)
{
	struct ocsp_entry r;

	if (store_get(key, 0, &r))
		return;
	plan_entry(&r);
	ocsp_entry_clear(&r);
}

static void count_retry(struct cert *cert)
{
	if (cert->state == CERT_RETRY)
		retries++;
}

static void retry(struct cert *cert)
{
	if (cert->state == CERT_RETRY)
		plan_look_spread(cert, retries);
}

void plan_retry_all(void)
{
	retries = 0;
	certs_for_each(count_retry);
	certs_for_each(retry);
}

void plan_sooner(struct cert *cert)
{
	int64_t planned = cert->refresh;

	if (cert->state != CERT_FRESH)
		return;
	plan_set_refresh(cert, cert->answered ? cert->answered : clock_wall(), -1);
	if (cert->refresh > planned)
		cert->refresh = planned;
	plan_wait_refresh(cert);
}

static void set_timer_again(struct cert *cert)
{
	if (cert->state == CERT_FRESH)
		plan_wait_refresh(cert);
}

/* What was refused for its times may not be any more. */
static void trust_cache(struct cert *cert)
{
	cert->from_cache = false;
}

void plan_clock_stepped(void)
{
	int64_t by = offset_now() - clock_offset;

	log_text(LOG_DEBUG, "the clock was set, or the machine slept");
	clock_offset += by;
	certs_for_each(set_timer_again);
	if (llabs(by) < STEP_MIN)
		return;
	certs_for_each(trust_cache);
	plan_retry_all();
}

/* Looking */

/* Whether there is a reason to ask a responder now. Else it is planned. */
static bool is_due(struct cert *cert, const struct ocsp_entry *r)
{
	if (!is_served(r) || once || cert->forced)
		return true;
	if (r->generation != cert->generation) {
		/* Somebody else stored it, and the event was lost. */
		take_terms(cert, r);
		plan_set_refresh(cert, clock_wall(), -1);
	}
	if (cert->refresh > clock_wall()) {
		plan_count(cert, ONCE_STORED);
		plan_wait_refresh(cert);
		return false;
	}
	if (r->handles)
		return true;
	/* It may serve until it ends, but is not worth a new one. */
	plan_enter(cert, CERT_UNUSED, clock_ms() +
	      1000 * schedule_unused(&cert->terms, clock_wall()));
	return false;
}

/* Names no responder, or none that can be asked: that is somebody's mistake. */
static void not_applicable(struct cert *cert, const struct ocsp_entry *r,
			   const struct subject *subject)
{
	struct ocsp_cert_summary summary;
	char *fault = NULL;
	char key[KEY_TEXT_SIZE];

	if (ocsp_cert_summarize(r->cert, r->cert_len, &summary))
		fault = ocsp_cert_summary_url_fault(&summary);
	log_event(fault ? LOG_WARNING : LOG_DEBUG, "not_applicable",
		  "certificate", subject->name, "key", key_text(cert->key, key),
		  "reason", fault ? fault : "it names no responder", NULL);
	free(fault);
	plan_count(cert, ONCE_NOT_APPLICABLE);
	plan_over(cert, PLAN_NOT_APPLICABLE, "it names no responder");
	certs_remove(cert);
}

static void consider(struct cert *cert, const struct ocsp_entry *r,
		     const struct subject *subject)
{
	if (!subject->urls) {
		not_applicable(cert, r, subject);
	} else if (is_due(cert, r)) {
		cert->forced = false;
		attempt_begin(cert, subject);
	}
}

/* With all that the store has of it but the blob. */
static void look(struct cert *cert, struct ocsp_entry *r)
{
	struct subject subject;

	if (!subject_outline(&subject, cert, r) && errno == ENOMEM) {
		log_text(LOG_ERR, "no memory for a certificate");
		plan_failed(cert, "no memory");
		return;
	}
	if (!subject.issuer) {
		plan_count(cert, ONCE_NOT_APPLICABLE);
		cert->forced = false;
		plan_look_in(cert, NO_CERTS_DELAY);
		plan_over(cert, PLAN_FAILED, "the store has no certificate and issuer of it");
		return;
	}
	consider(cert, r, &subject);
	subject_clear(&subject);
}

void plan_due(struct timer *timer)
{
	struct cert *cert = container_of(timer, struct cert, timer);
	struct ocsp_entry r;
	int err;

	responder_unlist(cert);
	cert->state = CERT_LOOK;
	err = store_get(cert->key, KTLS_OCSP_PART_CERTIFICATES, &r);
	if (!err && restore(cert, &r)) {
		ocsp_entry_clear(&r);
		err = store_get(cert->key, KTLS_OCSP_PART_CERTIFICATES, &r);
		if (!err)
			plan_set_refresh(cert, r.stored, -1);
	}
	if (err == -ENOENT) {
		plan_gone(cert);
	} else if (err) {
		log_text(LOG_ERR, "reading the store: %s", store_error());
		plan_look_in(cert, config->retry * 1000);
	} else {
		look(cert, &r);
		ocsp_entry_clear(&r);
	}
}
