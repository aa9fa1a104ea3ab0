// SPDX-License-Identifier: GPL-2.0-or-later
/* When something is done for a certificate, and whether at all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "cache.h"
#include "cert.h"
#include "clock.h"
#include "log.h"
#include "once.h"
#include "plan.h"
#include "publish.h"
#include "store.h"
#include "subject.h"
#include "text.h"

/* ms between two attempts that somebody's waiting causes */
#define WANTED_SPACING	5000
/* ms until we look again for the certificates of a response without */
#define NO_CERTS_DELAY	600000
/* ms over which attempts are spread that failed, perhaps for the clock */
#define STEP_SPREAD	2000

static const struct config *config;
static bool once;
static size_t left;

void plan_init(bool only_once)
{
	once = only_once;
}

size_t plan_left(void)
{
	return left;
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

static void set_delay(struct cert *cert, int64_t ms)
{
	cert->refresh = 0;
	timer_set(&cert->timer, clock_ms() + ms);
}

/* At a time of the wall clock, which may be set. */
static void set_refresh(struct cert *cert, int64_t at)
{
	int64_t in = at - clock_wall();

	timer_set(&cert->timer, clock_ms() + (in > 0 ? in * 1000 : 0));
	cert->refresh = at;
}

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

static void plan_refresh(struct cert *cert)
{
	set_refresh(cert, schedule_refresh(&cert->terms, clock_wall(), -1,
					   throw_dice()));
}

/* A certificate that we did not know yet */
static void plan_new(struct cert *cert, const struct ocsp_entry *r)
{
	struct ocsp_entry now = *r;

	left++;
	if (!is_served(r) && publish_cached(cert))
		store_get(cert->key, 0, &now);
	take_terms(cert, &now);
	if (is_served(&now) && !once)
		plan_refresh(cert);
	else
		set_delay(cert, 0);
	ocsp_entry_clear(&now);
}

void plan_entry(const struct ocsp_entry *entry)
{
	struct cert *cert = certs_add(entry->key);

	if (!cert) {
		log_text(LOG_ERR, "no memory for a certificate");
	} else if (cert->phase == CERT_IDLE && !cert->timer.place) {
		plan_new(cert, entry);
	} else if (!is_served(entry)) {
		/* The notice that said so may be one of those that we lost. */
		plan_wanted(entry->key);
	}
}

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

void plan_wanted(const uint8_t *key)
{
	struct cert *cert = certs_add(key);
	int64_t now = clock_ms(), at = now;

	if (!cert) {
		log_text(LOG_ERR, "no memory for a certificate");
		return;
	}
	if (cert->phase != CERT_IDLE)
		return;
	if (cert->hold > now) {
		report_again(cert);
		return;
	}
	if (cert->last && cert->last + WANTED_SPACING > now)
		at = cert->last + WANTED_SPACING;
	if (!cert->timer.place || cert->timer.due > at)
		set_delay(cert, at - now);
}

void plan_withdrawn(const uint8_t *key)
{
	struct cert *cert = certs_find(key);

	/* Who withdrew it does not want it back from there. */
	cache_remove(key);
	if (cert && cert->phase == CERT_IDLE)
		set_delay(cert, 0);
}

static void clock_stepped(struct cert *cert)
{
	if (cert->phase != CERT_IDLE)
		return;
	if (cert->refresh)
		set_refresh(cert, cert->refresh);
	else if (cert->failures && cert->hold <= clock_ms())
		set_delay(cert, throw_dice() * STEP_SPREAD);
}

void plan_clock_stepped(void)
{
	log_text(LOG_DEBUG, "the clock was set, or the machine slept");
	certs_for_each(clock_stepped);
}

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
	if (!is_served(r) || once)
		return true;
	if (r->generation != cert->generation) {
		/* Somebody else stored it. */
		take_terms(cert, r);
		plan_refresh(cert);
		if (cert->refresh > clock_wall())
			return false;
		timer_stop(&cert->timer);
	}
	if (r->handles)
		return true;
	/* It may serve until it ends, but is not worth a new one. */
	set_delay(cert, 1000 * schedule_unused(&cert->terms, clock_wall()));
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
	certs_remove(cert);
}

static void consider(struct cert *cert, const struct ocsp_entry *r,
		     const struct subject *subject)
{
	if (!subject->urls)
		not_applicable(cert, subject);
	else if (is_due(cert, r))
		attempt_begin(cert, subject);
}

/* With all that the store has of it but the blob. */
static void look(struct cert *cert, struct ocsp_entry *r)
{
	struct subject subject;

	if (!subject_make(&subject, cert, r) && errno == ENOMEM) {
		log_text(LOG_ERR, "no memory for a certificate");
		plan_failed(cert, 0);
		return;
	}
	if (!subject.cert) {
		count(cert, ONCE_NOT_APPLICABLE);
		set_delay(cert, NO_CERTS_DELAY);
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

	err = store_get(cert->key, KTLS_OCSP_PART_CERTIFICATES, &r);
	if (!err && !is_served(&r) && publish_cached(cert)) {
		ocsp_entry_clear(&r);
		err = store_get(cert->key, KTLS_OCSP_PART_CERTIFICATES, &r);
	}
	if (err == -ENOENT) {
		plan_gone(cert);
	} else if (err) {
		log_text(LOG_ERR, "reading the store: %s", store_error());
		set_delay(cert, config->retry * 1000);
	} else {
		look(cert, &r);
		ocsp_entry_clear(&r);
	}
}

void plan_stored(struct cert *cert, int64_t max_age)
{
	int64_t now = clock_wall(), at;

	count(cert, ONCE_STORED);
	if (once)
		return;
	cert->failures = 0;
	cert->hold = 0;
	cert->last = clock_ms();
	at = schedule_refresh(&cert->terms, now, max_age, throw_dice());
	if (at <= now)
		at = now + schedule_again(&cert->terms, now, throw_dice());
	set_refresh(cert, at);
}

void plan_failed(struct cert *cert, int64_t retry_after)
{
	int64_t delay, hold;

	count(cert, ONCE_FAILED);
	if (once)
		return;
	cert->failures++;
	cert->last = clock_ms();
	delay = schedule_retry(cert->failures, config->retry,
			       config->retry_max, throw_dice());
	if (retry_after > 0) {
		hold = 1000 * schedule_hold(retry_after, &cert->terms,
					    clock_wall(), config->retry_max);
		cert->hold = cert->last + hold;
		if (delay < hold)
			delay = hold;
	}
	set_delay(cert, delay);
}

void plan_gone(struct cert *cert)
{
	count(cert, ONCE_NOT_APPLICABLE);
	certs_remove(cert);
}
