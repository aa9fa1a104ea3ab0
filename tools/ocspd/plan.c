// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* When something is done for a certificate, and whether at all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "cache.h"
#include "cert.h"
#include "clock.h"
#include "counters.h"
#include "log.h"
#include "once.h"
#include "plan.h"
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
/* ms over which retries are spread that one event causes: each one's, and all */
#define RETRY_EACH	10
#define RETRY_SPREAD	60000
/* Seconds by which the clock is set when what failed is tried again */
#define STEP_MIN	60
/* Seconds; no responder is left alone for longer without being asked */
#define REFUSAL_MAX	86400

static const struct config *config;
static bool once;
static size_t left;
static int64_t clock_offset;		/* of the wall clock, seconds */
static size_t retries;			/* of plan_retry_all() */
static plan_observer_fn observer;

/* Between the wall clock and the one that nobody sets */
static int64_t offset_now(void)
{
	return clock_wall() - clock_ms() / 1000;
}

void plan_init(bool only_once)
{
	once = only_once;
	clock_offset = offset_now();
}

size_t plan_left(void)
{
	return left;
}

void plan_observe(plan_observer_fn fn)
{
	observer = fn;
}

void plan_configure(const struct config *the_config)
{
	config = the_config;
}

/* Evenly from 0 to below 1 */
static double throw_dice(void)
{
	return arc4random() / 4294967296.0;
}

/* States */

static bool is_waiting(const struct cert *cert)
{
	return cert->state != CERT_QUEUED && cert->state != CERT_FETCHING;
}

static void enter(struct cert *cert, enum cert_state state, int64_t at)
{
	responder_unlist(cert);
	cert->state = state;
	timer_set(&cert->timer, at);
}

static void look_in(struct cert *cert, int64_t ms)
{
	enter(cert, CERT_LOOK, clock_ms() + ms);
}

/* At a time of the wall clock, which may be set. */
static void wait_refresh(struct cert *cert)
{
	int64_t in = cert->refresh - clock_wall();

	enter(cert, CERT_FRESH, clock_ms() + (in > 0 ? in * 1000 : 0));
}

/*
 * An attempt came to that, and the certificate is in its next state, or about
 * to go. One that was wanted while it was under way is still to come.
 */
static void over(struct cert *cert, enum plan_result result, const char *why)
{
	counters.results[result]++;
	if (cert->forced && result <= PLAN_HELD)
		look_in(cert, 0);
	else if (observer)
		observer(cert->key, result, why);
}

/* Among so many that the same event causes */
static void look_spread(struct cert *cert, size_t count)
{
	int64_t ms = (int64_t)count * RETRY_EACH;

	look_in(cert, throw_dice() * (ms < RETRY_SPREAD ? ms : RETRY_SPREAD));
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

bool plan_is_unserved(const struct cert *cert)
{
	return cert->terms.next_update <= clock_wall() ||
	       cert->terms.status == KTLS_OCSP_CERT_STATUS_UNKNOWN;
}

/* Seconds from that moment until servers stop to staple it; 0: they have. */
static int64_t life_left(const struct cert *cert, int64_t from)
{
	int64_t stop = schedule_stop(&cert->terms, store_min_validity());

	if (plan_is_unserved(cert) || stop < from)
		return 0;
	return stop - from;
}

/* When to ask for a new one, where the newest one was asked for at that time. */
static void set_refresh(struct cert *cert, int64_t asked, int64_t max_age)
{
	const struct policy policy = policy_of(cert, NULL);
	const struct freshness freshness = {
		.asked = asked,
		.margin = store_min_validity(),
		.max_age = max_age,
		.refresh_min = policy.refresh_min,
		.refresh_max = policy.refresh_max,
	};

	cert->refresh = schedule_refresh(&cert->terms, &freshness,
					 throw_dice());
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

	left++;
	if (restore(cert, r))
		store_get(cert->key, 0, &now);
	take_terms(cert, &now);
	if (is_served(&now) && !once) {
		set_refresh(cert, now.stored, -1);
		wait_refresh(cert);
	} else {
		look_in(cert, 0);
	}
	ocsp_entry_clear(&now);
}

/* Another one stored this, a while ago or now. Is there something to serve? */
static void take_stored(struct cert *cert, const struct ocsp_entry *r)
{
	take_terms(cert, r);
	if (!is_waiting(cert))
		return;
	if (plan_is_unserved(cert)) {
		plan_wanted(cert->key);
		return;
	}
	cert->failures = 0;
	cert->failing = 0;
	set_refresh(cert, clock_wall(), -1);
	wait_refresh(cert);
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
		store_report(cert->key, r.failure);
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
	if (!is_waiting(cert))
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
		look_in(cert, at - now);
}

void plan_refresh(struct cert *cert, bool no_cache)
{
	/* What is under way will do, unless a cache may answer that. */
	if (!is_waiting(cert) && (!no_cache || cert->no_cache))
		return;
	cert->forced = true;
	cert->no_cache |= no_cache;
	if (is_waiting(cert))
		look_in(cert, 0);
}

/* Servers staple it no longer, or will not soon. */
static void ending(struct cert *cert)
{
	int64_t at = cert->last + WANTED_SPACING;

	switch (cert->state) {
	case CERT_FRESH:
		cert->refresh = clock_wall();
		look_in(cert, 0);
		break;
	case CERT_RETRY:
		if (cert->timer.due > at)
			look_in(cert, at > clock_ms() ? at - clock_ms() : 0);
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
		if (is_waiting(cert))
			look_in(cert, 0);
		break;
	case KTLS_OCSP_EVENT_REMOVED:
	case KTLS_OCSP_EVENT_EVICTED:
		if (is_waiting(cert))
			look_in(cert, 0);
		break;
	case KTLS_OCSP_EVENT_FAILED:
	case KTLS_OCSP_EVENT_CREATED:
		break;
	}
}

static void count_retry(struct cert *cert)
{
	if (cert->state == CERT_RETRY)
		retries++;
}

static void retry(struct cert *cert)
{
	if (cert->state == CERT_RETRY)
		look_spread(cert, retries);
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
	set_refresh(cert, cert->answered ? cert->answered : clock_wall(), -1);
	if (cert->refresh > planned)
		cert->refresh = planned;
	wait_refresh(cert);
}

static void set_timer_again(struct cert *cert)
{
	if (cert->state == CERT_FRESH)
		wait_refresh(cert);
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

static void count(struct cert *cert, enum once_outcome outcome)
{
	if (!once || cert->counted)
		return;
	once_count(outcome);
	cert->counted = true;
	left--;
}

/* Whether there is a reason to ask a responder now. Else it is planned. */
static bool is_due(struct cert *cert, const struct ocsp_entry *r)
{
	if (!is_served(r) || once || cert->forced)
		return true;
	if (r->generation != cert->generation) {
		/* Somebody else stored it, and the event was lost. */
		take_terms(cert, r);
		set_refresh(cert, clock_wall(), -1);
	}
	if (cert->refresh > clock_wall()) {
		wait_refresh(cert);
		return false;
	}
	if (r->handles)
		return true;
	/* It may serve until it ends, but is not worth a new one. */
	enter(cert, CERT_UNUSED, clock_ms() +
	      1000 * schedule_unused(&cert->terms, clock_wall()));
	return false;
}

/* Names no responder, or none that can be asked: that is somebody's mistake. */
static void not_applicable(struct cert *cert, const struct subject *subject)
{
	char *fault = ocsp_cert_url_fault(subject->cert);
	char key[KEY_TEXT_SIZE];

	log_event(fault ? LOG_WARNING : LOG_DEBUG, "not_applicable",
		  "certificate", subject->name, "key", key_text(cert->key, key),
		  "reason", fault ? fault : "it names no responder", NULL);
	free(fault);
	count(cert, ONCE_NOT_APPLICABLE);
	over(cert, PLAN_NOT_APPLICABLE, "it names no responder");
	certs_remove(cert);
}

static void consider(struct cert *cert, const struct ocsp_entry *r,
		     const struct subject *subject)
{
	if (!subject->urls) {
		not_applicable(cert, subject);
	} else if (is_due(cert, r)) {
		cert->forced = false;
		attempt_begin(cert, subject);
	}
}

/* With all that the store has of it but the blob. */
static void look(struct cert *cert, struct ocsp_entry *r)
{
	struct subject subject;

	if (!subject_make(&subject, cert, r) && errno == ENOMEM) {
		log_text(LOG_ERR, "no memory for a certificate");
		plan_failed(cert, "no memory");
		return;
	}
	if (!subject.cert) {
		count(cert, ONCE_NOT_APPLICABLE);
		cert->forced = false;
		look_in(cert, NO_CERTS_DELAY);
		over(cert, PLAN_FAILED, "the store has no certificate and issuer of it");
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
	}
	if (err == -ENOENT) {
		plan_gone(cert);
	} else if (err) {
		log_text(LOG_ERR, "reading the store: %s", store_error());
		look_in(cert, config->retry * 1000);
	} else {
		look(cert, &r);
		ocsp_entry_clear(&r);
	}
}

/* What came of attempts */

void plan_answered(struct cert *cert, bool unchanged, int64_t max_age)
{
	int64_t now = clock_wall();

	count(cert, ONCE_STORED);
	if (once)
		return;
	cert->failures = 0;
	cert->failing = 0;
	cert->last = clock_ms();
	cert->delay = 0;
	cert->answered = now;
	counters.last_success = now;
	set_refresh(cert, now, max_age);
	/* It was signed long ago: when the next one is, it does not say. */
	if (cert->refresh <= now)
		cert->refresh = now + schedule_again(life_left(cert, now),
						     throw_dice());
	wait_refresh(cert);
	over(cert, unchanged ? PLAN_UNCHANGED : PLAN_STORED, NULL);
}

/* Seconds since servers have nothing to staple */
static int64_t time_without(const struct cert *cert)
{
	if (!plan_is_unserved(cert))
		return 0;
	if (!cert->terms.next_update)
		return (clock_ms() - cert->failing) / 1000;
	return clock_wall() - schedule_stop(&cert->terms,
					    store_min_validity());
}

/* The hold of the one responder that there is, as far as it is longer. */
static int64_t hold_after(const struct cert *cert, int64_t at)
{
	int64_t until = 0;

	if (cert->responder && cert->step.url <= 1)
		until = plan_held_until(cert, cert->responder);
	return until > at ? until : 0;
}

void plan_failed(struct cert *cert, const char *why)
{
	struct backoff backoff = {
		.base = config->retry,
		.max = config->retry_max,
	};
	int64_t hold;

	count(cert, ONCE_FAILED);
	if (once)
		return;
	cert->last = clock_ms();
	if (!cert->failures++)
		cert->failing = cert->last;
	backoff.failures = cert->failures;
	backoff.left = life_left(cert, clock_wall());
	backoff.without = time_without(cert);
	cert->delay = schedule_retry(&backoff, throw_dice());
	hold = hold_after(cert, cert->last + cert->delay);
	if (hold)
		enter(cert, CERT_HELD, hold);
	else
		enter(cert, CERT_RETRY, cert->last + cert->delay);
	if (cert->blames_responder)
		responder_list(cert);
	over(cert, PLAN_FAILED, why);
}

int64_t plan_held_until(const struct cert *cert,
			const struct responder *responder)
{
	int64_t since = clock_wall() -
			(clock_ms() - responder->held_since) / 1000;

	return responder_held(responder, 1000 *
			      schedule_hold(life_left(cert, since),
					    config->retry_max));
}

void plan_held(struct cert *cert, const char *why)
{
	int64_t until = plan_held_until(cert, cert->responder);

	count(cert, ONCE_FAILED);
	if (once)
		return;
	enter(cert, CERT_HELD, until ? until : clock_ms());
	responder_list(cert);
	over(cert, PLAN_HELD, why);
}

int64_t plan_refusal(const struct responder *responder, int64_t retry_after)
{
	const struct backoff backoff = {
		.failures = responder->refusals + 1,
		.base = config->retry,
		.max = config->retry_max,
		.without = REFUSAL_MAX,
	};

	if (retry_after > 0)
		return retry_after < REFUSAL_MAX ? retry_after : REFUSAL_MAX;
	return (schedule_retry(&backoff, throw_dice()) + 999) / 1000;
}

void plan_responder_works(struct responder *responder)
{
	size_t waiting = 0;
	struct cert *cert;

	TAILQ_FOREACH(cert, &responder->failed, link)
		waiting++;
	while ((cert = TAILQ_FIRST(&responder->failed)))
		look_spread(cert, waiting);
}

void plan_gone(struct cert *cert)
{
	count(cert, ONCE_NOT_APPLICABLE);
	over(cert, PLAN_GONE, "it is not in the store any more");
	certs_remove(cert);
}
