// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What is known of a responder, see responder.h. */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "request.h"
#include "responder.h"

/*
 * ms after which it is asked as RFC 9919 wants it again: it may have been
 * mended, and caches on the way only help who uses GET.
 */
#define FORGET_FORM	(7 * 86400000LL)
/* What a window grows to: transfers_per_host at most, which is less. */
#define WINDOW_MAX	1024

static void *responders;

static int compare(const void *a, const void *b)
{
	const struct responder *left = a, *right = b;

	return strcmp(left->origin, right->origin);
}

static void forget(struct responder *responder)
{
	timer_stop(&responder->hold);
	tdelete(responder, &responders, compare);
	free(responder->origin);
	free(responder);
}

static void on_hold_over(struct timer *timer)
{
	struct responder *responder = container_of(timer, struct responder,
						   hold);

	if (!responder->refs)
		forget(responder);
}

static struct responder *make(const char *origin)
{
	struct responder *responder = calloc(1, sizeof(*responder));
	int i;

	if (!responder)
		return NULL;
	for (i = 0; i < LANES; i++) {
		responder->shares[i].responder = responder;
		TAILQ_INIT(&responder->shares[i].waiting);
	}
	TAILQ_INIT(&responder->failed);
	responder->window = 1;
	responder->hold.fn = on_hold_over;
	responder->origin = strdup(origin);
	if (responder->origin && tsearch(responder, &responders, compare))
		return responder;
	free(responder->origin);
	free(responder);
	return NULL;
}

struct responder *responder_get(const char *origin)
{
	struct responder wanted = { .origin = (char *)origin }, *responder;
	struct responder **node = tfind(&wanted, &responders, compare);

	responder = node ? *node : make(origin);
	if (responder)
		responder->refs++;
	return responder;
}

void responder_put(struct responder *responder)
{
	if (!responder || --responder->refs)
		return;
	if (responder->held_until > clock_ms())
		timer_set(&responder->hold, responder->held_until);
	else
		forget(responder);
}

static bool is_known(const struct responder *responder)
{
	return responder->learned &&
	       responder->learned + FORGET_FORM >= clock_ms();
}

uint8_t responder_form(const struct responder *responder)
{
	return is_known(responder) ? responder->form : 0;
}

void responder_worked(struct responder *responder, uint8_t form)
{
	/* That this one could not be a GET says nothing about GET. */
	if (form & FORM_LONG)
		form = (form & ~FORM_POST) |
		       (responder_form(responder) & FORM_POST);
	if (form & FORM_SET_DIGEST)
		form = (form & ~FORM_SHA1) |
		       (responder_form(responder) & FORM_SHA1);
	form &= FORM_POST | FORM_SHA1;
	if (!is_known(responder) || responder->form != form)
		responder->learned = clock_ms();
	responder->form = form;
	responder->held_until = 0;
	responder->refusals = 0;
}

void responder_answered(struct responder *responder)
{
	if (responder->window < WINDOW_MAX)
		responder->window *= 2;
}

void responder_refused(struct responder *responder, int64_t seconds,
		       const char *failure)
{
	/* Its last word counts. */
	responder->held_since = clock_ms();
	responder->held_until = responder->held_since + seconds * 1000;
	responder->window = 1;
	responder->refusals++;
	snprintf(responder->refusal, sizeof(responder->refusal), "%s", failure);
}

int64_t responder_held(const struct responder *responder, int64_t limit)
{
	int64_t until = responder->held_until;

	if (until > responder->held_since + limit)
		until = responder->held_since + limit;
	return until > clock_ms() ? until : 0;
}

static void count_one(const void *node, VISIT which, void *arg)
{
	const struct responder *responder = *(struct responder *const *)node;
	size_t *counts = arg;

	if (which != postorder && which != leaf)
		return;
	counts[0]++;
	counts[1] += responder->held_until > clock_ms();
}

void responder_count(size_t *known, size_t *held)
{
	size_t counts[2] = { 0 };

	twalk_r(responders, count_one, counts);
	*known = counts[0];
	*held = counts[1];
}

void responder_list(struct cert *cert)
{
	if (cert->listed || !cert->responder)
		return;
	TAILQ_INSERT_TAIL(&cert->responder->failed, cert, link);
	cert->listed = true;
}

void responder_unlist(struct cert *cert)
{
	if (!cert->listed)
		return;
	TAILQ_REMOVE(&cert->responder->failed, cert, link);
	cert->listed = false;
}
