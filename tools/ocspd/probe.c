// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * A fetch for the operator to see: the steps of an attempt, without the queue
 * and without the store. There are not more of them than clients.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fetch.h"
#include "json_text.h"
#include "plan.h"
#include "probe.h"
#include "publish.h"
#include "request.h"
#include "responder.h"
#include "step.h"
#include "store.h"
#include "subject.h"
#include "text.h"
#include "url.h"

struct probe {
	struct answer answer;
	struct client *client;
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct subject subject;
	bool no_cache;
	struct step step;
	struct fetch *fetch;
	int64_t started;		/* this step */
	bool over;
	bool worked;
};

static void free_probe(struct answer *answer)
{
	struct probe *p = container_of(answer, struct probe, answer);

	if (p->fetch)
		fetch_cancel(p->fetch);
	subject_clear(&p->subject);
	free(p);
}

static bool probe_more(struct client *client, struct answer *answer)
{
	struct probe *p = container_of(answer, struct probe, answer);

	if (!p->over)
		return true;
	client_done(client, json_pack("{s:s}", "result",
				      p->worked ? "ok" : "failed"));
	return false;
}

/* The last record follows at the loop's next turn. */
static void end(struct probe *p, bool worked)
{
	p->over = true;
	p->worked = worked;
	p->answer.slow = false;
}

static json_t *request_of(const struct probe *p)
{
	const uint8_t form = p->step.form;

	return json_pack("{s:o, s:s, s:s, s:b, s:I}",
			 "url", json_of_text(subject_url(&p->subject,
							 p->step.url)),
			 "method", form & (FORM_POST | FORM_LONG) ? "POST" :
								    "GET",
			 "digest", form & FORM_SHA1 ? "SHA-1" : "SHA-256",
			 "no_cache", !!(form & FORM_NO_CACHE),
			 "milliseconds", (json_int_t)(clock_ms() - p->started));
}

/* Takes what. */
static void tell(struct probe *p, json_t *what)
{
	json_t *record = request_of(p);

	if (!what || json_object_update(record, what)) {
		json_decref(record);
		record = NULL;
	}
	json_decref(what);
	client_send(p->client, record);
}

static void tell_reason(struct probe *p, const char *why)
{
	tell(p, json_pack("{s:n, s:o}", "http_status", "reason",
			  json_of_text(why)));
}

static void go_on(struct probe *p);

static void next_step(struct probe *p, uint8_t suspects)
{
	uint8_t change = step_next_change(&p->step, suspects);

	if (change)
		step_change(&p->step, change);
	else
		step_first(&p->step, p->step.url + 1);
	go_on(p);
}

static json_t *answer_of(const struct fetch_result *r, const char *why)
{
	return json_pack("{s:o, s:I, s:o, s:o}",
			 "http_status", r->status ? json_integer(r->status) :
						    json_null(),
			 "bytes", (json_int_t)r->len,
			 "content_type", json_of_text(*r->type ? r->type :
								 NULL),
			 "reason", json_of_text(why));
}

static void add_verdict(json_t *record, const struct ocsp_verdict *v)
{
	if (!record || !v->next_update)
		return;
	json_object_set_new(record, "status",
			    json_string(status_name(v->status)));
	json_object_set_new(record, "this_update", json_integer(v->this_update));
	json_object_set_new(record, "next_update", json_integer(v->next_update));
}

static void examine(struct probe *p, struct cert *cert,
		    const struct fetch_result *r)
{
	char why[OCSP_REASON_SIZE] = "";
	struct ocsp_verdict verdict;
	enum publish result;
	json_t *record;

	result = publish_examine(cert, &p->subject, r->body, r->len, &verdict,
				 why);
	record = answer_of(r, *why ? why : NULL);
	add_verdict(record, &verdict);
	tell(p, record);
	if (result == PUBLISH_STORED || result == PUBLISH_SAME)
		end(p, true);
	else
		next_step(p, FORM_POST | (r->aged ? FORM_NO_CACHE : 0) |
			     (result == PUBLISH_REFUSED ? FORM_SHA1 : 0));
}

static void on_done(const struct fetch_result *r, void *arg)
{
	struct probe *p = arg;
	struct cert *cert = certs_find(p->key);

	p->fetch = NULL;
	if (*r->failure) {
		tell(p, answer_of(r, r->failure));
		next_step(p, step_suspects(r));
	} else if (cert) {
		examine(p, cert, r);
	} else {
		tell(p, answer_of(r, "the store has no such certificate any more"));
		end(p, false);
	}
	client_wake(p->client);
}

/* Is it to be left alone? It was told then. Else it is said how to ask it. */
static bool is_held(struct probe *p, const char *url)
{
	char origin[512], why[OCSP_REASON_SIZE];
	struct responder *responder;
	int64_t until;

	if (url_origin(url, origin, sizeof(origin)))
		return false;
	responder = responder_get(origin);
	if (!responder)
		return false;
	until = responder->held_until;
	step_set_form(&p->step, &p->subject, responder_form(responder) |
		      (p->no_cache ? FORM_NO_CACHE : 0));
	snprintf(why, sizeof(why),
		 "%s; the responder wants no request for another %lld s",
		 responder->refusal,
		 (long long)(until - clock_ms() + 999) / 1000);
	responder_put(responder);
	if (until <= clock_ms())
		return false;
	tell_reason(p, why);
	return true;
}

/* The step that it has come to, or the first one that is possible. */
static void go_on(struct probe *p)
{
	char failure[FETCH_FAILURE_SIZE];
	const char *url;

	for (; (url = subject_url(&p->subject, p->step.url));
	     step_first(&p->step, p->step.url + 1)) {
		p->started = clock_ms();
		if (!p->step.changed && is_held(p, url))
			continue;
		p->fetch = step_start(&p->step, &p->subject, on_done, p,
				      failure);
		if (p->fetch)
			return;
		tell_reason(p, failure);
	}
	end(p, false);
}

void probe_start(struct client *client, struct cert *cert, bool no_cache)
{
	struct probe *p = calloc(1, sizeof(*p));
	struct ocsp_entry r;
	bool ok;

	if (!p || store_get(cert->key, KTLS_OCSP_PART_CERTIFICATES, &r)) {
		client_fail(client, p ? store_error() : "no memory");
		free(p);
		return;
	}
	ok = subject_make(&p->subject, cert, &r);
	ocsp_entry_clear(&r);
	if (!ok || !p->subject.urls) {
		client_fail(client, ok ? "the certificate names no responder" :
			    "the store has no certificate and issuer of it");
		subject_clear(&p->subject);
		free(p);
		return;
	}
	p->answer.more = probe_more;
	p->answer.free = free_probe;
	p->answer.slow = true;
	p->client = client;
	p->no_cache = no_cache;
	memcpy(p->key, cert->key, sizeof(p->key));
	client_answer(client, &p->answer);
	go_on(p);
}
