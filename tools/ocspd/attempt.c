// SPDX-License-Identifier: GPL-2.0-or-later
/* Getting a new response for a certificate, see attempt.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "attempt.h"
#include "fetch.h"
#include "log.h"
#include "plan.h"
#include "publish.h"
#include "request.h"
#include "store.h"
#include "text.h"
#include "url.h"

/* A fetch that is under way, and what its answer is judged by. */
struct attempt {
	struct cert *cert;
	struct subject subject;
	struct fetch *fetch;
};

/* Why one step failed, and what that says about others. */
struct setback {
	char why[OCSP_REASON_SIZE];
	bool no_get;			/* the responder knows no GET */
	bool aged;			/* a cache may be to blame */
	bool digest;			/* the CertID's digest may be to blame */
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

static void start_url(struct cert *cert, unsigned int number)
{
	cert->url = number;
	cert->sha1 = cert->sha1_works;
	cert->second = false;
	cert->post = false;
	cert->no_cache = false;
	/* What hangs is the first URL, where there are several. */
	cert->lane = cert->hangs && !number ? LANE_SLOW : LANE_FAST;
}

static void finish_failed(struct cert *cert, const struct subject *subject)
{
	const char *why = cert->reasons ? cert->reasons : "no memory";
	int64_t retry_after = cert->retry_after;
	bool there = publish_failure(cert, subject, why);

	free(cert->reasons);
	cert->reasons = NULL;
	if (there)
		plan_failed(cert, retry_after);
	else
		plan_gone(cert);
}

/* Queue the step that the certificate has come to, or the first possible. */
static void go_on(struct cert *cert, const struct subject *subject)
{
	char origin[512];
	const char *url;
	int err;

	while ((url = subject_url(subject, cert->url))) {
		err = url_origin(url, origin, sizeof(origin));
		if (err)
			add_reason(cert, subject, err == -ENOMEM ?
				   "no memory" : "malformed URL");
		else if (queue_add(cert, origin))
			return;
		start_url(cert, cert->url + 1);
	}
	finish_failed(cert, subject);
}

void attempt_begin(struct cert *cert, const struct subject *subject)
{
	free(cert->reasons);
	cert->reasons = NULL;
	cert->retry_after = 0;
	start_url(cert, 0);
	go_on(cert, subject);
}

static void step_failed(struct cert *cert, const struct subject *subject,
			const struct setback *setback)
{
	log_event(LOG_DEBUG, "no_response", "certificate", subject->name,
		  "from", subject_url(subject, cert->url),
		  "digest", cert->sha1 ? "SHA-1" : "SHA-256",
		  "reason", setback->why, NULL);
	if (setback->no_get && !cert->post) {
		cert->post = true;
	} else if (setback->aged && !cert->no_cache) {
		cert->no_cache = true;
	} else if (setback->digest && !cert->second) {
		add_reason(cert, subject, setback->why);
		cert->second = true;
		cert->sha1 = !cert->sha1;
	} else {
		add_reason(cert, subject, setback->why);
		start_url(cert, cert->url + 1);
	}
	go_on(cert, subject);
}

/* Answers */

static void judge_http(const struct fetch_result *r, struct setback *setback)
{
	snprintf(setback->why, sizeof(setback->why), "%s", r->failure);
	switch (r->status) {
	case 405:
	case 501:
		setback->no_get = true;
		break;
	case 408:
	case 429:
		break;
	case 400 ... 404:
	case 500:
		/* What it may say to a digest that it does not know. */
		setback->digest = true;
		break;
	}
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

static void step_stored(struct cert *cert, const struct fetch_result *r)
{
	cert->sha1_works = cert->sha1;
	free(cert->reasons);
	cert->reasons = NULL;
	plan_stored(cert, r->max_age);
}

static void take_response(struct attempt *a, const struct fetch_result *r)
{
	const char *url = subject_url(&a->subject, a->cert->url);
	struct setback setback = { .aged = r->aged };

	switch (publish_response(a->cert, &a->subject, r->body, r->len, url,
				 setback.why)) {
	case PUBLISH_STORED:
		step_stored(a->cert, r);
		return;
	case PUBLISH_GONE:
		plan_gone(a->cert);
		return;
	case PUBLISH_REFUSED:
		setback.digest = true;
		add_type(r, &setback);
		break;
	case PUBLISH_WORSE:
	case PUBLISH_ERROR:
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

static void on_done(const struct fetch_result *r, void *arg)
{
	struct attempt *a = arg;
	struct cert *cert = a->cert;
	struct setback setback = { 0 };
	struct subject subject = a->subject;

	if (!cert->url)
		cert->hangs = r->timed_out ||
			      clock_ms() - cert->started > LANE_PATIENCE;
	if (r->retry_after > cert->retry_after)
		cert->retry_after = r->retry_after;
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
	struct fetch_request request = { .no_cache = cert->no_cache };
	struct fetch *fetch = NULL;
	unsigned char *der;
	char *get = NULL;
	int len;

	strcpy(failure, "no memory");
	len = request_make(a->subject.cert, a->subject.issuer, cert->sha1,
			   &der);
	if (len < 0)
		return NULL;
	if (!cert->post)
		get = request_url(url, der, len);
	request.url = get ? get : url;
	if (!get) {
		request.post = der;
		request.post_len = len;
	}
	fetch = fetch_start(&request, on_done, a, failure);
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
	plan_failed(cert, 0);
}

static void start(struct cert *cert)
{
	struct setback setback = { 0 };
	struct attempt *a;
	const char *url;
	int err;

	err = make_attempt(cert, &a);
	if (err) {
		not_started(cert, err);
		return;
	}
	cert->attempt = a;
	url = subject_url(&a->subject, cert->url);
	if (url)
		a->fetch = start_request(a, url, setback.why);
	else
		strcpy(setback.why, "the certificate has changed");
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
