// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The simulation's responders, in place of HTTP and of the verifier. */
#include <stdio.h>
#include <stdlib.h>

#include "fetch.h"
#include "simulation.h"
#include "timer.h"
#include "verify.h"

struct responder_behind responders[CERTS];
struct history histories[CERTS];
void (*on_delivered)(int cert, const struct signed_response *body);

struct fetch {
	struct timer timer;
	struct responder_behind *responder;
	int cert;
	long refusal;			/* of the method; 0: none */
	fetch_done_fn done;
	void *arg;
};

static struct signed_response sign(const struct responder_behind *responder, int cert)
{
	int64_t from = responder->signed_at ? responder->signed_at :
					      clock_wall();
	int64_t validity = histories[cert].validity;

	if (!validity)
		validity = responder->validity ? responder->validity : VALIDITY;
	if (responder->answer == OLD)
		from -= 2 * VALIDITY / 3;
	return (struct signed_response) {
		.status = responder->answer == REVOKED ?
			  KTLS_OCSP_CERT_STATUS_REVOKED :
			  KTLS_OCSP_CERT_STATUS_GOOD,
		.this_update = from,
		.next_update = from + validity,
	};
}

static void deliver(struct timer *timer)
{
	struct fetch *f = container_of(timer, struct fetch, timer);
	const struct signed_response body = sign(f->responder, f->cert);
	struct fetch_result r = {
		.status = 200,
		.max_age = f->responder->max_age,
		.retry_after = f->responder->retry_after,
		.body = (const unsigned char *)&body,
		.len = sizeof(body),
	};

	switch (f->responder->answer) {
	case UNAVAILABLE:
		r.status = 503;
		strcpy(r.failure, "HTTP 503");
		break;
	case HANGS:
		r.status = 0;
		r.timed_out = true;
		strcpy(r.failure, "timed out after 15 s");
		break;
	case GARBAGE:
		r.len = 1;
		break;
	case TOO_MANY:
		r.status = 429;
		strcpy(r.failure, "HTTP 429");
		break;
	case NOT_FOUND:
		r.status = 404;
		strcpy(r.failure, "HTTP 404");
		break;
	default:
		break;
	}
	if (f->refusal) {
		r.status = f->refusal;
		snprintf(r.failure, sizeof(r.failure), "HTTP %ld", f->refusal);
	} else if (f->responder->answer == GOOD) {
		if (on_delivered)
			on_delivered(f->cert, &body);
	}
	r.asked = true;
	f->done(&r, f->arg);
	free(f);
}

/* http://HOST.example/CERTIFICATE/REQUEST, both numbers */
struct fetch *fetch_start(const struct fetch_request *request,
			  fetch_done_fn done, void *arg,
			  char failure[FETCH_FAILURE_SIZE])
{
	struct fetch *f = calloc(1, sizeof(*f));
	struct history *h;
	int host, cert;

	(void)failure;
	if (!f || sscanf(request->url, "http://%d.example/%d/", &host,
			 &cert) != 2)
		abort();
	h = &histories[cert];
	h->gap = now_ms - h->last;
	h->last = now_ms;
	h->requests++;
	responders[host].requests++;
	f->responder = &responders[host];
	f->cert = cert;
	f->refusal = request->post ? responders[host].refuses_post :
				     responders[host].refuses_get;
	f->done = done;
	f->arg = arg;
	f->timer.fn = deliver;
	timer_set(&f->timer, now_ms + (f->responder->answer == HANGS ?
				       config.timeout * SECOND :
				       f->responder->delay));
	return f;
}

void fetch_cancel(struct fetch *fetch)
{
	timer_stop(&fetch->timer);
	free(fetch);
}

int ocsp_verify_leaf(const unsigned char *resp, size_t len,
		     const struct ocsp_leaf *leaf, X509 *issuer, int64_t now,
		     struct ocsp_delegates *delegates,
		     struct ocsp_verdict *verdict)
{
	struct signed_response body;

	(void)leaf;
	(void)issuer;
	(void)delegates;
	memset(verdict, 0, sizeof(*verdict));
	if (len != sizeof(body)) {
		strcpy(verdict->reason, "not a response");
		return -1;
	}
	memcpy(&body, resp, sizeof(body));
	verdict->status = body.status;
	verdict->this_update = body.this_update;
	verdict->next_update = body.next_update;
	if (now < body.next_update)
		return 0;
	strcpy(verdict->reason, "response expired");
	return -1;
}
