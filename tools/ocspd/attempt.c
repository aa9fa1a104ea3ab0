// SPDX-License-Identifier: GPL-2.0-or-later
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
};

/* What is changed first */
static const uint8_t changes[] = { FORM_NO_CACHE, FORM_POST, FORM_SHA1 };

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
	const char *url = subject_url(subject, cert->url);
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

/* Its form is set when its responder is known. */
static void start_url(struct cert *cert, unsigned int number)
{
	cert->url = number;
	cert->changed = 0;
	/* What hangs is the first URL, where there are several. */
	cert->lane = number ? LANE_FAST : cert->first_lane;
}

static bool is_first_step(const struct cert *cert)
{
	return !cert->changed;
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
		there = publish_failure(cert, subject, why);
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

/* Queue the step that the certificate has come to, or the first possible. */
static void go_on(struct cert *cert, const struct subject *subject)
{
	char held[OCSP_REASON_SIZE];
	const char *url, *why;

	while ((url = subject_url(subject, cert->url))) {
		why = take_responder(cert, url);
		if (!why && is_held(cert, held))
			why = held;
		if (!why) {
			if (is_first_step(cert))
				cert->form = responder_form(cert->responder) |
					     (cert->no_cache ? FORM_NO_CACHE : 0);
			queue_add(cert);
			return;
		}
		add_reason(cert, subject, why);
		start_url(cert, cert->url + 1);
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

/* What is to be changed of the form after a setback; 0: nothing more. */
static uint8_t next_change(const struct cert *cert, uint8_t suspects)
{
	size_t i;

	suspects &= ~cert->changed;
	if (cert->form & FORM_LONG)
		suspects &= ~FORM_POST;
	for (i = 0; i < ARRAY_SIZE(changes); i++)
		if (suspects & changes[i])
			return changes[i];
	return 0;
}

static void step_failed(struct cert *cert, const struct subject *subject,
			const struct setback *setback)
{
	uint8_t change = next_change(cert, setback->suspects);

	log_event(LOG_DEBUG, "no_response", "certificate", subject->name,
		  "responder", subject_url(subject, cert->url),
		  "method", cert->form & (FORM_POST | FORM_LONG) ? "POST" :
								   "GET",
		  "digest", cert->form & FORM_SHA1 ? "SHA-1" : "SHA-256",
		  "reason", setback->why, NULL);
	/* Where the last form of a URL fails, too, that is the reason. */
	if (!change || change == FORM_SHA1)
		add_reason(cert, subject, setback->why);
	if (change) {
		cert->form ^= change;
		cert->changed |= change;
	} else {
		start_url(cert, cert->url + 1);
	}
	go_on(cert, subject);
}

/* Answers */

/*
 * What may be to blame for an HTTP status but the responder's state. A slash
 * in a GET's base64 is refused, merged or decoded by many a server and what
 * is in front of it, with any status; some do not know GET, or POST. To a
 * digest that they do not know responders say what they like, too.
 */
static uint8_t suspects_of(const struct fetch_result *r)
{
	switch (r->status) {
	case 408:
	case 429:
		return 0;
	case 400 ... 402:
	case 404:
	case 500:
		return FORM_POST | FORM_SHA1;
	case 503:
		return r->retry_after ? 0 : FORM_POST;
	case 0:
		return r->asked && !r->timed_out ? FORM_POST : 0;
	default:
		return FORM_POST;
	}
}

static void judge_http(const struct fetch_result *r, struct setback *setback)
{
	snprintf(setback->why, sizeof(setback->why), "%s", r->failure);
	setback->suspects = suspects_of(r);
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
	responder_worked(cert->responder, cert->form);
	plan_responder_works(cert->responder);
	cert->no_cache = false;
	free(cert->reasons);
	cert->reasons = NULL;
	plan_answered(cert, unchanged, r->max_age);
}

static void take_response(struct attempt *a, const struct fetch_result *r)
{
	const char *url = subject_url(&a->subject, a->cert->url);
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
		setback.suspects |= FORM_SHA1;
		add_type(r, &setback);
		break;
	case PUBLISH_WORSE:
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
	if (!cert->url)
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

static struct fetch *start_request(struct attempt *a, const char *url,
				   char failure[FETCH_FAILURE_SIZE])
{
	struct cert *cert = a->cert;
	struct fetch_request request = {
		.no_cache = cert->form & FORM_NO_CACHE,
	};
	struct fetch *fetch = NULL;
	unsigned char *der;
	char *get = NULL;
	int len;

	strcpy(failure, "no memory");
	len = request_make(a->subject.cert, a->subject.issuer,
			   cert->form & FORM_SHA1, &der);
	if (len < 0)
		return NULL;
	if (!(cert->form & FORM_POST))
		get = request_url(url, der, len);
	if (get)
		cert->form &= ~FORM_LONG;
	else if (!(cert->form & FORM_POST))
		cert->form |= FORM_LONG;
	request.url = get ? get : url;
	if (!get) {
		request.post = der;
		request.post_len = len;
	}
	fetch = fetch_start(&request, on_done, a, failure);
	if (fetch)
		counters.requests++;
	free(get);
	OPENSSL_free(der);
	return fetch;
}

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
	char key[KEY_TEXT_SIZE];

	queue_remove(cert);
	if (err != -ENOENT)
		log_event(LOG_ERR, "failed", "reason", strerror(-err),
			  "key", key_text(cert->key, key), NULL);
	plan_failed(cert, strerror(-err));
}

/* NULL, and why says why not. */
static struct fetch *start_fetch(struct attempt *a, char *why)
{
	const char *url = subject_url(&a->subject, a->cert->url);

	if (!url) {
		strcpy(why, "the certificate has changed");
		return NULL;
	}
	/* Another one's answer may have come meanwhile. */
	if (is_held(a->cert, why))
		return NULL;
	return start_request(a, url, why);
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
