// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Getting a new response for a certificate, see attempt.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "attempt.h"
#include "clock.h"
#include "counters.h"
#include "fetch.h"
#include "log.h"
#include "plan.h"
#include "publish.h"
#include "request.h"
#include "responder.h"
#include "schedule.h"
#include "store.h"
#include "text.h"
#include "url.h"

/* A fetch that is under way, and what its answer is judged by. */
struct attempt {
	struct cert *cert;
	struct subject subject;
	struct fetch *fetch;
};

/* Why one step failed, and which parts of its form that may be due to. */
struct setback {
	char why[OCSP_REASON_SIZE];
	uint8_t suspects;		/* FORM_ flags */
	bool can_wait;			/* until the next attempt */
};

/* Reasons */

static const char *host_of(const char *url, char *host, size_t size)
{
	const char *p = strstr(url, "://");

	p = p ? p + 3 : url;
	snprintf(host, size, "%.*s", (int)strcspn(p, "/?#"), p);
	return host;
}

/* The same reason, but for the times or numbers in it. */
static bool is_alike(const char *a, const char *b)
{
	size_t len = strcspn(a, "0123456789");

	return len == strcspn(b, "0123456789") && !strncmp(a, b, len);
}

/* What was added last. */
static const char *last_of(const char *reasons)
{
	const char *p = reasons, *next;

	while ((next = strstr(p, "; ")))
		p = next + 2;
	return p;
}

/* One more, unless it is the last one again: two digests fail alike. */
static void add_reason(struct cert *cert, const struct subject *subject,
		       const char *why)
{
	const char *url = subject_url(subject, cert->step.url);
	char host[80], text[OCSP_REASON_SIZE];
	char *joined;

	snprintf(text, sizeof(text), "%s", why);
	if (url && subject_url(subject, 1))
		snprintf(text, sizeof(text), "%s: %s",
			 host_of(url, host, sizeof(host)), why);
	if (cert->reasons && is_alike(last_of(cert->reasons), text))
		return;
	if (asprintf(&joined, "%s%s%s", cert->reasons ? cert->reasons : "",
		     cert->reasons ? "; " : "", text) < 0)
		return;
	free(cert->reasons);
	cert->reasons = joined;
}

/* Steps */

static void start_url(struct cert *cert, unsigned int number)
{
	step_first(&cert->step, number);
	/* What hangs is the first URL, where there are several. */
	cert->lane = number ? LANE_FAST : cert->first_lane;
}

static bool is_first_step(const struct cert *cert)
{
	return !cert->step.changed;
}

static void finish_failed(struct cert *cert, const struct subject *subject)
{
	char *reasons = cert->reasons;
	const char *why = reasons ? reasons : "no memory";
	bool held = !cert->asked && cert->responder &&
		    plan_held_until(cert, cert->responder);
	bool there = true;

	cert->reasons = NULL;
	/* That nobody was asked is only of interest to who waits. */
	if (!held || plan_is_unserved(cert))
		there = publish_failure(cert, subject, why, !held);
	if (!there)
		plan_gone(cert);
	else if (held)
		plan_held(cert, why);
	else
		plan_failed(cert, why);
	free(reasons);
}

/* The responder behind a URL is the one that is asked. NULL, or why not. */
static const char *take_responder(struct cert *cert, const char *url)
{
	struct responder *responder;
	char origin[512];
	int err;

	err = url_origin(url, origin, sizeof(origin));
	if (err)
		return err == -ENOMEM ? "no memory" : "malformed URL";
	responder = responder_get(origin);
	if (!responder)
		return "no memory";
	responder_put(cert->responder);
	cert->responder = responder;
	return NULL;
}

/* True, and why is set: the responder is to be left alone. */
static bool is_held(const struct cert *cert, char why[OCSP_REASON_SIZE])
{
	int64_t until = plan_held_until(cert, cert->responder);

	if (until)
		snprintf(why, OCSP_REASON_SIZE,
			 "%s; the responder wants no request for another %lld s",
			 cert->responder->refusal,
			 (long long)(until - clock_ms() + 999) / 1000);
	return until;
}

/* As it worked the last time, unless the last attempt was refused so. */
static uint8_t first_form(const struct cert *cert)
{
	uint8_t form = responder_form(cert->responder);

	if (cert->next_method == METHOD_POST)
		form |= FORM_POST;
	else if (cert->next_method == METHOD_GET)
		form &= ~FORM_POST;
	return form | (cert->no_cache ? FORM_NO_CACHE : 0);
}

/* Queue the step that the certificate has come to, or the first possible. */
static void go_on(struct cert *cert, const struct subject *subject)
{
	char held[OCSP_REASON_SIZE];
	const char *url, *why;

	while ((url = subject_url(subject, cert->step.url))) {
		why = take_responder(cert, url);
		if (!why && is_held(cert, held))
			why = held;
		if (!why) {
			if (is_first_step(cert))
				step_set_form(&cert->step, subject,
					      first_form(cert));
			queue_add(cert);
			return;
		}
		add_reason(cert, subject, why);
		start_url(cert, cert->step.url + 1);
	}
	finish_failed(cert, subject);
}

void attempt_begin(struct cert *cert, const struct subject *subject)
{
	free(cert->reasons);
	cert->reasons = NULL;
	cert->asked = false;
	cert->blames_responder = false;
	start_url(cert, 0);
	go_on(cert, subject);
}

/* What is to be changed now; 0: nothing more, or not before the next attempt. */
static uint8_t next_change(struct cert *cert, const struct setback *setback)
{
	uint8_t change = step_next_change(&cert->step, setback->suspects);

	if (!setback->can_wait || !plan_tries_again())
		return change;
	if (change == FORM_POST)
		cert->next_method = cert->step.form & FORM_POST ? METHOD_GET :
								  METHOD_POST;
	return 0;
}

static void step_failed(struct cert *cert, const struct subject *subject,
			const struct setback *setback)
{
	uint8_t change = next_change(cert, setback);

	log_event(LOG_DEBUG, "no_response", "certificate", subject->name,
		  "responder", subject_url(subject, cert->step.url),
		  "method", cert->step.form & (FORM_POST | FORM_LONG) ? "POST" :
								   "GET",
		  "digest", cert->step.form & FORM_SHA1 ? "SHA-1" : "SHA-256",
		  "reason", setback->why, NULL);
	/* Where the last form of a URL fails, too, that is the reason. */
	if (!change || change == FORM_SHA1)
		add_reason(cert, subject, setback->why);
	if (change)
		step_change(&cert->step, change);
	else
		start_url(cert, cert->step.url + 1);
	go_on(cert, subject);
}

/* Answers */

static void judge_http(const struct fetch_result *r, struct setback *setback)
{
	snprintf(setback->why, sizeof(setback->why), "%s", r->failure);
	setback->suspects = step_suspects(r);
	setback->can_wait = step_can_wait(r);
}

/* A page for people is no response: that helps to see what is in the way. */
static void add_type(const struct fetch_result *r, struct setback *setback)
{
	size_t len = strlen(setback->why);

	if (!*r->type || !strcasecmp(r->type, "application/ocsp-response"))
		return;
	snprintf(setback->why + len, sizeof(setback->why) - len, " (%s)",
		 r->type);
}

static void step_worked(struct cert *cert, const struct fetch_result *r,
			bool unchanged)
{
	responder_worked(cert->responder, step_learned(&cert->step));
	plan_responder_works(cert->responder);
	cert->no_cache = false;
	cert->next_method = METHOD_UNSET;
	free(cert->reasons);
	cert->reasons = NULL;
	plan_answered(cert, unchanged, r->max_age);
}

static void take_response(struct attempt *a, const struct fetch_result *r)
{
	const char *url = subject_url(&a->subject, a->cert->step.url);
	struct setback setback = {
		.suspects = FORM_POST | (r->aged ? FORM_NO_CACHE : 0),
	};

	enum publish result;

	result = publish_response(a->cert, &a->subject, r->body, r->len, url,
				  setback.why);
	switch (result) {
	case PUBLISH_STORED:
	case PUBLISH_SAME:
		step_worked(a->cert, r, result == PUBLISH_SAME);
		return;
	case PUBLISH_GONE:
		plan_gone(a->cert);
		return;
	case PUBLISH_REFUSED:
		counters.faults[FAULT_RESPONSE]++;
		setback.suspects |= FORM_SHA1;
		add_type(r, &setback);
		break;
	case PUBLISH_WORSE:
		counters.faults[FAULT_RESPONSE]++;
		break;
	case PUBLISH_ERROR:
		setback.suspects = 0;
		break;
	}
	step_failed(a->cert, &a->subject, &setback);
}

static void free_attempt(struct attempt *a)
{
	a->cert->attempt = NULL;
	subject_clear(&a->subject);
	free(a);
}

/* What an answer, or that there is none, says of the responder. */
static void learn(struct cert *cert, const struct fetch_result *r)
{
	cert->asked |= r->asked || !r->status;
	if (!r->status || r->status >= 500 || r->status == 429)
		cert->blames_responder = true;
	if (r->status == 429 || (r->status == 503 && r->retry_after > 0))
		responder_refused(cert->responder,
				  plan_refusal(cert->responder, r->retry_after),
				  r->failure);
	else if (r->status)
		responder_answered(cert->responder);
	if (!cert->step.url)
		cert->first_lane = r->timed_out ? LANE_STUCK :
				   queue_lane_of(clock_ms() - cert->started);
}

static void on_done(const struct fetch_result *r, void *arg)
{
	struct attempt *a = arg;
	struct cert *cert = a->cert;
	struct setback setback = { 0 };
	struct subject subject = a->subject;

	learn(cert, r);
	queue_remove(cert);
	cert->attempt = NULL;
	if (*r->failure) {
		judge_http(r, &setback);
		step_failed(cert, &subject, &setback);
	} else {
		take_response(a, r);
	}
	subject_clear(&subject);
	free(a);
}

/* Starting and stopping, for the queue */

/* The subject again: it was not kept while the certificate waited. */
static int make_attempt(struct cert *cert, struct attempt **made)
{
	struct attempt *a = calloc(1, sizeof(*a));
	struct ocsp_entry r;
	int err;

	if (!a)
		return -ENOMEM;
	a->cert = cert;
	err = store_get(cert->key, KTLS_OCSP_PART_CERTIFICATES, &r);
	if (!err && !subject_make(&a->subject, cert, &r))
		err = -errno;
	ocsp_entry_clear(&r);
	if (err)
		free(a);
	else
		*made = a;
	return err;
}

/* When it is gone that shows when its time has come. */
static void not_started(struct cert *cert, int err)
{
	const char *why = err == -EINVAL ? "the certificate cannot be decoded" :
			  strerror(-err);
	char key[KEY_TEXT_SIZE];

	queue_remove(cert);
	if (err != -ENOENT)
		log_event(LOG_ERR, "failed", "reason", why,
			  "key", key_text(cert->key, key), NULL);
	plan_failed(cert, why);
}

/* NULL, and why says why not. */
static struct fetch *start_fetch(struct attempt *a, char *why)
{
	if (!subject_url(&a->subject, a->cert->step.url)) {
		strcpy(why, "the certificate has changed");
		return NULL;
	}
	/* Another one's answer may have come meanwhile. */
	if (is_held(a->cert, why))
		return NULL;
	return step_start(&a->cert->step, &a->subject, on_done, a, why);
}

static void start(struct cert *cert)
{
	struct setback setback = { 0 };
	struct attempt *a;
	int err;

	err = make_attempt(cert, &a);
	if (err) {
		not_started(cert, err);
		return;
	}
	cert->attempt = a;
	a->fetch = start_fetch(a, setback.why);
	if (a->fetch)
		return;
	queue_remove(cert);
	cert->attempt = NULL;
	step_failed(cert, &a->subject, &setback);
	subject_clear(&a->subject);
	free(a);
}

static void stop(struct cert *cert)
{
	struct attempt *a = cert->attempt;

	fetch_cancel(a->fetch);
	free_attempt(a);
}

const struct queue_calls attempt_queue_calls = {
	.start = start,
	.stop = stop,
};
