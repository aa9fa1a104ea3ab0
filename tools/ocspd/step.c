// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A step of an attempt, see step.h. */
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "step.h"
#include "subject.h"
#include "text.h"

/* What is changed first */
static const uint8_t changes[] = { FORM_NO_CACHE, FORM_POST, FORM_SHA1 };

void step_first(struct step *step, unsigned int url)
{
	step->url = url;
	step->changed = 0;
}

void step_set_form(struct step *step, const struct subject *subject,
		   uint8_t known)
{
	enum method method = subject->policy.method;
	enum digest digest = subject->policy.digest;

	step->form = known;
	step->fixed = method == METHOD_AUTO ? 0 : FORM_POST;
	if (method == METHOD_POST)
		step->form |= FORM_POST;
	else if (method == METHOD_GET)
		step->form &= ~FORM_POST;
	if (digest != DIGEST_AUTO)
		step->fixed |= FORM_SHA1;
	if (digest == DIGEST_SHA1)
		step->form |= FORM_SHA1;
	else if (digest == DIGEST_SHA256)
		step->form &= ~FORM_SHA1;
}

/* What was not ours to choose says nothing about the other choice. */
uint8_t step_learned(const struct step *step)
{
	return step->form | (step->fixed & FORM_POST ? FORM_LONG : 0) |
	       (step->fixed & FORM_SHA1 ? FORM_SET_DIGEST : 0);
}

/*
 * What may be to blame for an HTTP status but the responder's state. A slash
 * in a GET's base64 is refused, merged or decoded by many a server and what
 * is in front of it, with any status; some do not know GET, or POST. To a
 * digest that they do not know responders say what they like, too.
 */
uint8_t step_suspects(const struct fetch_result *r)
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

/*
 * A gateway that has no answer, or a responder that is overloaded: to ask that
 * again at once, in whatever form, makes it worse.
 */
bool step_can_wait(const struct fetch_result *r)
{
	return r->status >= 502 && r->status <= 504;
}

uint8_t step_next_change(const struct step *step, uint8_t suspects)
{
	size_t i;

	suspects &= ~(step->changed | step->fixed);
	if (step->form & FORM_LONG)
		suspects &= ~FORM_POST;
	for (i = 0; i < ARRAY_SIZE(changes); i++)
		if (suspects & changes[i])
			return changes[i];
	return 0;
}

void step_change(struct step *step, uint8_t change)
{
	step->form ^= change;
	step->changed |= change;
}

struct fetch *step_start(struct step *step, const struct subject *subject,
			 fetch_done_fn done, void *arg,
			 char failure[FETCH_FAILURE_SIZE])
{
	const char *url = subject_url(subject, step->url);
	struct fetch_request request = {
		.no_cache = step->form & FORM_NO_CACHE,
		.ca_file = subject->policy.ca_file,
	};
	struct fetch *fetch = NULL;
	unsigned char *der;
	char *get = NULL;
	int len;

	strcpy(failure, "no memory");
	len = request_make(subject->leaf, subject->issuer,
			   step->form & FORM_SHA1, &der);
	if (len < 0)
		return NULL;
	if (!(step->form & FORM_POST))
		get = request_url(url, der, len);
	if (!get && subject->policy.method == METHOD_GET) {
		strcpy(failure, "the URL would be longer than 255 bytes, and the configuration has \"method = get\"");
		OPENSSL_free(der);
		return NULL;
	}
	if (get)
		step->form &= ~FORM_LONG;
	else if (!(step->form & FORM_POST))
		step->form |= FORM_LONG;
	request.url = get ? get : url;
	if (!get) {
		request.post = der;
		request.post_len = len;
	}
	fetch = fetch_start(&request, done, arg, failure);
	free(get);
	OPENSSL_free(der);
	return fetch;
}
