// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * ocspd's plan over simulated time: its own planning, queue, attempts and store
 * code, with a clock that jumps to what is due next, responders that are a few
 * lines here, and the stand-in for the store. A year takes a moment.
 *
 * Simulated are clock.c, fetch.c (HTTP) and ocsp_verify(): a response is a
 * struct here. The log is silent.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "kselftest_harness.h"

#include "attempt.h"
#include "cert.h"
#include "clock.h"
#include "fetch.h"
#include "forge.h"
#include "log.h"
#include "loop.h"
#include "pins.h"
#include "plan.h"
#include "policy.h"
#include "queue.h"
#include "standin.h"
#include "standin_local.h"
#include "store.h"
#include "timer.h"
#include "verify.h"

#define SECOND		1000LL
#define MINUTE		(60 * SECOND)
#define HOUR		(60 * MINUTE)
#define DAY		(24 * HOUR)
#define YEAR		(365 * DAY)

#define CERTS		1000
/* Seconds of the validity of what responders sign */
#define VALIDITY	(7 * 86400)

/* Clocks */

static int64_t now_ms = 1000 * DAY;
static int64_t wall_offset = FORGE_NOW - 1000 * DAY / SECOND;

int64_t clock_ms(void)
{
	return now_ms;
}

int64_t clock_wall(void)
{
	return wall_offset + now_ms / SECOND;
}

/* The log */

void log_text(int level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

void log_event(int level, const char *event, ...)
{
	(void)level;
	(void)event;
}

void log_progress(const char *fmt, ...)
{
	(void)fmt;
}

/* The event loop has one descriptor: that of the store's notices. */

static struct watch *notices;

int loop_add(struct watch *watch, uint32_t events)
{
	(void)events;
	notices = watch;
	return 0;
}

void loop_remove(struct watch *watch)
{
	(void)watch;
	notices = NULL;
}

const struct config_policy *pin_policy(const struct pin *pin)
{
	(void)pin;
	return NULL;
}

/* The one there is stays. */
struct config *config_get(struct config *same)
{
	return same;
}

void config_put(struct config *same)
{
	(void)same;
}

/* Responders. How one answers may change at any time. */

enum answer {
	GOOD,
	REVOKED,
	OLD,				/* of the day before the last */
	UNAVAILABLE,			/* HTTP 503 */
	TOO_MANY,			/* HTTP 429 */
	NOT_FOUND,			/* HTTP 404 */
	GARBAGE,
	HANGS,
};

struct responder_behind {
	enum answer answer;
	int64_t delay;			/* ms until it answers */
	int64_t max_age;		/* seconds, or -1 */
	int64_t retry_after;		/* seconds, or 0 */
	int64_t validity;		/* seconds; 0: VALIDITY */
	int64_t signed_at;		/* seconds; 0: when it is asked for */
	long refuses_get;		/* the HTTP status; 0: it does not */
	long refuses_post;
	unsigned int requests;
};

/* One for each host: http://NUMBER.example/ */
static struct responder_behind responders[CERTS];

/* What a certificate's requests were, and what is known of them. */
struct history {
	unsigned int requests;
	unsigned int stored;
	int64_t last;			/* ms, of the last request */
	int64_t gap;			/* ms, between the last two */
	int64_t validity;		/* seconds; 0: its responder's */
	int64_t served_until;		/* seconds; 0: nothing was signed yet */
};

static struct history histories[CERTS];

/* What is in a body */
struct signed_response {
	enum ktls_ocsp_cert_status status;
	int64_t this_update;
	int64_t next_update;
};

struct fetch {
	struct timer timer;
	struct responder_behind *responder;
	int cert;
	long refusal;			/* of the method; 0: none */
	fetch_done_fn done;
	void *arg;
};

static struct config config = {
	.timeout = 15,
	.transfers = 64,
	.transfers_per_host = 8,
	.retry = 30,
	.retry_max = 3600,
	.policy.refresh_min = 300,
	.policy.refresh_max = 4 * 86400,
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

static void delivered(int cert, const struct signed_response *body);

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
		delivered(f->cert, &body);
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

int ocsp_verify(const unsigned char *resp, size_t len, X509 *cert,
		X509 *issuer, int64_t now, struct ocsp_verdict *verdict)
{
	struct signed_response body;

	(void)cert;
	(void)issuer;
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

/* Decoding would be nearly all of the time: each certificate once. */

X509 *__real_ocsp_cert_decode(const unsigned char *der, size_t len);
X509 *__wrap_ocsp_cert_decode(const unsigned char *der, size_t len);

X509 *__wrap_ocsp_cert_decode(const unsigned char *der, size_t len)
{
	static struct {
		unsigned char digest[SHA256_DIGEST_LENGTH];
		X509 *cert;
	} known[4 * CERTS];
	unsigned char digest[SHA256_DIGEST_LENGTH];
	size_t i;

	SHA256(der, len, digest);
	memcpy(&i, digest, sizeof(i));
	for (i %= 4 * CERTS; known[i].cert; i = (i + 1) % (4 * CERTS))
		if (!memcmp(known[i].digest, digest, sizeof(digest)))
			break;
	if (!known[i].cert) {
		memcpy(known[i].digest, digest, sizeof(digest));
		known[i].cert = __real_ocsp_cert_decode(der, len);
	}
	if (known[i].cert)
		X509_up_ref(known[i].cert);
	return known[i].cert;
}

/* Outages, and what they cost */

/* Servers staple nothing that has less left. */
#define MARGIN		600
#define OUTAGES		40

struct outage {
	int64_t start;			/* seconds */
	int64_t end;
};

static struct {
	struct outage outages[OUTAGES];
	int count;
} records[CERTS];
static int64_t lost_time, lost_to_outages;

/*
 * Of the time from..to the part at which a scheduler has nothing to serve that
 * asks at every moment: an outage that is longer than what it had.
 */
static int64_t nobody_serves(int host, int64_t validity, int64_t from,
			     int64_t to)
{
	int64_t start, end, sum = 0;
	int i;

	for (i = 0; i < records[host].count; i++) {
		start = records[host].outages[i].start + validity - MARGIN;
		end = records[host].outages[i].end;
		start = start > from ? start : from;
		end = end < to ? end : to;
		sum += end > start ? end - start : 0;
	}
	return sum;
}

static int host_of[CERTS];

static void account(int cert, int64_t now)
{
	struct history *h = &histories[cert];
	int64_t spared;

	if (!h->served_until || now <= h->served_until)
		return;
	spared = nobody_serves(host_of[cert], h->validity, h->served_until,
			       now);
	lost_to_outages += spared;
	lost_time += now - h->served_until - spared;
	h->served_until = now;
}

static void delivered(int cert, const struct signed_response *body)
{
	account(cert, clock_wall());
	histories[cert].served_until = body->next_update - MARGIN;
}

/* The world */

static const struct store_calls store_calls;
static struct ocsp_client *server;	/* of the servers that hold responses */
static int session = -1;
static struct forged ca;
static uint8_t keys[CERTS][KTLS_OCSP_KEY_LEN];
static uint32_t slots[CERTS];

/* What happened since it was last cleared */
static unsigned int unserved;		/* looks that found one not valid */
static int64_t latest;			/* ms that a request waited at most */

static void lost(void)
{
	store_read(plan_entry);
}

static const struct store_calls store_calls = {
	.wanted = plan_wanted,
	.event = plan_event,
	.lost = lost,
};

static struct forged make_cert(int number, int host)
{
	char aia[100], cn[32];
	struct forge_cert spec = {
		.cn = cn,
		.issuer = &ca,
		.key = forge_ec(0),
		.serial = 1000 + number,
		.not_before = -FORGE_DAY,
		.not_after = 700L * FORGE_DAY,
		.aia = aia,
	};

	host_of[number] = host;
	snprintf(cn, sizeof(cn), "certificate %d", number);
	snprintf(aia, sizeof(aia), "OCSP;URI:http://%d.example/%d/", host,
		 number);
	return forge_cert(&spec);
}

/* A server opens a handle on the certificate, whose responder is at that host. */
static void serve(int number, int host)
{
	static struct forged made[CERTS];
	struct ocsp_name name = { .session = session };
	unsigned char *cert = NULL, *issuer = NULL;
	struct ocsp_opened opened;

	if (!made[number].cert)
		made[number] = make_cert(number, host);
	name.cert_len = i2d_X509(made[number].cert, &cert);
	name.issuer_len = i2d_X509(ca.cert, &issuer);
	name.cert = cert;
	name.issuer = issuer;
	if (ocsp_client_open(server, &name, true, &opened))
		abort();
	slots[number] = opened.slot;
	SHA256(cert, name.cert_len, keys[number]);
	OPENSSL_free(cert);
	OPENSSL_free(issuer);
}

static void end_serving(int number)
{
	ocsp_client_close(server, session, slots[number]);
}

static struct ocsp_entry stored(int number)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_entry r;

	name.key = keys[number];
	ocsp_client_get(server, &name, 0, &r);
	return r;
}

/* Somebody else stores what the responder would have signed now. */
static void set_by_hand(int number, const struct signed_response *body)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_update update = {
		.blob = (const uint8_t *)body,
		.blob_len = sizeof(*body),
		.status = body->status,
		.this_update = body->this_update,
		.next_update = body->next_update,
	};

	name.key = keys[number];
	if (ocsp_client_set(server, &name, &update, NULL))
		abort();
}

static void update_by_hand(int number, int64_t validity)
{
	const struct signed_response body = {
		.this_update = clock_wall(),
		.next_update = clock_wall() + validity,
	};

	set_by_hand(number, &body);
}

static bool is_valid(int number)
{
	return stored(number).state == KTLS_OCSP_STATE_VALID;
}

static void control(enum standin_action action, enum standin_op op, int err,
		    unsigned int times)
{
	const struct standin_control c = {
		.action = action, .op = op, .err = err, .times = times,
	};
	struct standin_reply reply;

	if (standin_control(&c, &reply))
		abort();
}

static void start(void)
{
	static const struct forge_cert spec = {
		.cn = "Root",
		.not_before = -FORGE_DAY,
		.not_after = 800L * FORGE_DAY,
		.serial = 1,
	};
	struct forge_cert root = spec;
	char why[256];
	int i;

	root.key = forge_ec(1);
	ca = forge_cert(&root);
	for (i = 0; i < CERTS; i++)
		responders[i].max_age = -1;
	standin_local_clocks(clock_wall, clock_ms);
	if (standin_local_load() || ocsp_client_new(&server) ||
	    ocsp_client_session(server, &session, NULL, NULL))
		abort();
	plan_init(false);
	plan_configure(&config);
	if (policy_configure(&config, why, sizeof(why)))
		abort();
	queue_init(&attempt_queue_calls);
	queue_configure(&config);
	if (store_open(&store_calls, true) || store_read(plan_entry))
		abort();
}

/* All that is to be done at this moment */
static void settle(void)
{
	bool more;

	do {
		notices->fn(notices, 0);
		more = timer_run();
		more |= queue_run();
	} while (more);
	notices->fn(notices, 0);
}

/* It looks at all it has: each minute, and when it said so. */
static void run_store(void)
{
	static int64_t due;
	int64_t in;

	if (now_ms < due)
		return;
	in = standin_local_run();
	due = now_ms + (in >= 0 && in < MINUTE ? in : MINUTE);
}

/* So much time passes. */
static void pass(int64_t ms)
{
	int64_t end = now_ms + ms, next;

	for (;;) {
		settle();
		next = timer_first();
		if (next == -1 || next > end)
			break;
		if (next > now_ms)
			now_ms = next;
		run_store();
	}
	now_ms = end;
	settle();
}

/* The same, looking every so many ms whether all of them can be stapled. */
static void pass_watching(int64_t ms, int64_t every, int count)
{
	int i;

	for (; ms > 0; ms -= every) {
		pass(every);
		for (i = 0; i < count; i++)
			unserved += !is_valid(i);
	}
}

FIXTURE(simulated)
{
};

FIXTURE_SETUP(simulated)
{
	start();
}

FIXTURE_TEARDOWN(simulated)
{
	store_close();
	ocsp_client_free(server);
}

TEST_F_TIMEOUT(simulated, year, 120)
{
	const int count = 20;
	int64_t gap, half = VALIDITY * SECOND / 2, least = YEAR, most = 0;
	int64_t end;
	int i;

	for (i = 0; i < count; i++)
		serve(i, i);
	pass(SECOND);
	for (end = now_ms + YEAR; now_ms < end;) {
		pass_watching(6 * HOUR, 6 * HOUR, count);
		for (i = 0; i < count; i++) {
			gap = histories[i].gap;
			if (histories[i].requests < 2)
				continue;
			least = gap < least ? gap : least;
			most = gap > most ? gap : most;
		}
	}
	EXPECT_EQ(0, unserved);
	/* At half of the validity, 10 % sooner or later; and all of that. */
	EXPECT_LE(half * 90 / 100 - SECOND, least);
	EXPECT_GE(half * 110 / 100 + SECOND, most);
	EXPECT_GT(half * 92 / 100, least);
	EXPECT_LT(half * 108 / 100, most);
	for (i = 0; i < count; i++) {
		EXPECT_LT(94, histories[i].requests);
		EXPECT_GT(117, histories[i].requests);
		EXPECT_EQ(histories[i].requests, stored(i).generation ?
			  histories[i].requests : 0);
	}
}

/* They spread: after a while no hour has the requests of all. */
TEST_F(simulated, spread)
{
	const int count = 100;
	unsigned int before, in_hour, most = 0;
	int i, hour;

	for (i = 0; i < count; i++)
		serve(i, 0);
	/* The first time they all want it at once. */
	pass(MINUTE);
	EXPECT_EQ(count, responders[0].requests);
	pass(60 * DAY);
	for (hour = 0; hour < 7 * 24; hour++) {
		before = responders[0].requests;
		pass(HOUR);
		in_hour = responders[0].requests - before;
		most = in_hour > most ? in_hour : most;
	}
	EXPECT_GT(count / 4, most);
}

TEST_F(simulated, back_off)
{
	int64_t wait = config.retry * SECOND;
	unsigned int n;
	int i;

	serve(0, 0);
	pass(SECOND);
	ASSERT_TRUE(is_valid(0));
	responders[0].answer = HANGS;
	n = histories[0].requests;
	/* To the refresh */
	while (histories[0].requests == n)
		pass(SECOND);
	for (i = 0; i < 20; i++) {
		n = histories[0].requests;
		/* Another form of request is not tried where nobody answers. */
		while (histories[0].requests == n)
			pass(SECOND);
		EXPECT_EQ(n + 1, histories[0].requests);
		EXPECT_LE(wait * 75 / 100, histories[0].gap);
		EXPECT_GE(wait * 125 / 100 + 17 * SECOND, histories[0].gap);
		EXPECT_TRUE(is_valid(0));
		wait = 2 * wait < config.retry_max * SECOND ?
		       2 * wait : config.retry_max * SECOND;
	}
	EXPECT_LE(20, stored(0).failures);
	EXPECT_STREQ("timed out after 15 s", stored(0).failure);
	/* As long as it lasts, and not longer */
	pass(4 * DAY);
	EXPECT_EQ(KTLS_OCSP_STATE_EXPIRED, stored(0).state);
	responders[0].answer = GOOD;
	pass(config.retry_max * SECOND * 125 / 100 + 20 * SECOND);
	EXPECT_TRUE(is_valid(0));
	EXPECT_EQ(0, stored(0).failures);
	/* And from the beginning again */
	responders[0].answer = HANGS;
	n = histories[0].requests;
	while (histories[0].requests < n + 2)
		pass(SECOND);
	EXPECT_GE(config.retry * SECOND * 125 / 100 + 17 * SECOND,
		  histories[0].gap);
}

/*
 * An outage that ends while the response has 30 minutes left costs nothing,
 * whatever the backoff has come to.
 */
TEST_F_TIMEOUT(simulated, outage_ends_before_the_response, 120)
{
	const int64_t validity = 86400;
	const int count = 40;
	int i, round;

	for (i = 0; i < count; i++)
		responders[i].validity = validity;
	for (i = 0; i < count; i++)
		serve(i, i);
	pass(MINUTE);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < count; i++)
			responders[i].answer = UNAVAILABLE;
		/* All have the response of the same moment, and 30 minutes. */
		pass(validity * SECOND - 30 * MINUTE - MINUTE);
		for (i = 0; i < count; i++) {
			EXPECT_TRUE(is_valid(i));
			responders[i].answer = GOOD;
		}
		/* To where servers stop to staple. */
		pass(20 * MINUTE);
		for (i = 0; i < count; i++)
			unserved += stored(i).next_update <=
				    clock_wall() + MARGIN;
		for (i = 0; i < count; i++)
			update_by_hand(i, validity);
		pass(MINUTE);
	}
	EXPECT_EQ(0, unserved);
}

/* The first certificate that gets an answer wakes those that wait for one. */
TEST_F(simulated, responder_works_again)
{
	const int count = 50;
	int i;

	for (i = 0; i < count; i++)
		serve(i, 0);
	responders[0].answer = HANGS;
	pass(8 * HOUR);
	EXPECT_FALSE(is_valid(0));
	responders[0].answer = GOOD;
	/* Some one of 50 is due after less than the 6 minutes of all. */
	pass(2 * MINUTE);
	for (i = 0; i < count; i++)
		EXPECT_TRUE(is_valid(i));
}

/* Whatever a GET brings but a response: POST is tried, and remembered. */
TEST_F(simulated, post_after_get)
{
	static const long refusals[] = {
		400, 401, 403, 404, 405, 406, 411, 414, 415, 500, 501, 502, 503,
	};
	unsigned int n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		TH_LOG("%ld", refusals[i]);
		responders[i].refuses_get = refusals[i];
		serve(i, i);
		pass(SECOND);
		EXPECT_TRUE(is_valid(i));
		EXPECT_EQ(2, histories[i].requests);
		/* Another certificate of that responder */
		serve(100 + i, i);
		pass(SECOND);
		EXPECT_TRUE(is_valid(100 + i));
		EXPECT_EQ(1, histories[100 + i].requests);
		/* And if it changes its mind */
		responders[i].refuses_get = 0;
		responders[i].refuses_post = refusals[i];
		serve(200 + i, i);
		pass(SECOND);
		EXPECT_TRUE(is_valid(200 + i));
		EXPECT_EQ(2, histories[200 + i].requests);
	}
	/* Where there is nothing to be had: each part of it changed once. */
	responders[300].answer = NOT_FOUND;
	serve(300, 300);
	pass(SECOND);
	EXPECT_EQ(3, histories[300].requests);
	EXPECT_STREQ("HTTP 404", stored(300).failure);
	/* Not for one that is overloaded, or that nobody reaches. */
	responders[301].answer = TOO_MANY;
	responders[302].answer = HANGS;
	serve(301, 301);
	serve(302, 302);
	pass(16 * SECOND);
	EXPECT_EQ(1, histories[301].requests);
	EXPECT_EQ(1, histories[302].requests);
	/* A week later GET is tried again. */
	n = histories[100].requests;
	responders[0].refuses_get = 400;
	responders[0].refuses_post = 0;
	pass(30 * DAY);
	EXPECT_LT(n, histories[100].requests);
	EXPECT_TRUE(is_valid(100));
}

/* What is worse than what there is does not replace it. */
TEST_F(simulated, worse)
{
	uint64_t generation;

	serve(0, 0);
	pass(SECOND);
	generation = stored(0).generation;
	responders[0].answer = OLD;
	pass(4 * DAY);
	EXPECT_EQ(generation, stored(0).generation);
	EXPECT_STREQ("older than the stored response", stored(0).failure);
	responders[0].answer = GARBAGE;
	pass(DAY);
	EXPECT_EQ(generation, stored(0).generation);
	responders[0].answer = REVOKED;
	pass(2 * HOUR);
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_REVOKED, stored(0).status);
}

/*
 * Twenty hang at one host until they have expired, and all of the others are
 * asked when they are due: within what the fast lane holds anybody up.
 */
TEST_F_TIMEOUT(simulated, one_bad_host, 120)
{
	const int count = 100, bad = 20;
	int i;

	for (i = 0; i < count; i++)
		serve(i, i < bad ? 0 : 1 + i % 20);
	pass(MINUTE);
	for (i = 0; i < count; i++)
		EXPECT_TRUE(is_valid(i));
	responders[0].answer = HANGS;
	for (i = 1; i <= 20; i++)
		responders[i].delay = 200;
	latest = 0;
	for (i = bad; i < count; i++)
		histories[i].gap = 0;
	for (i = 0; i < 8 * 24; i++) {
		pass(HOUR);
		for (int n = bad; n < count; n++) {
			unserved += !is_valid(n);
			latest = histories[n].gap > latest ?
				 histories[n].gap : latest;
		}
	}
	EXPECT_EQ(0, unserved);
	EXPECT_GE(VALIDITY * SECOND / 2 * 110 / 100 + 10 * SECOND, latest);
	for (i = 0; i < bad; i++) {
		EXPECT_FALSE(is_valid(i));
		EXPECT_STREQ("timed out after 15 s", stored(i).failure);
	}
	/* It comes back: they all are there again in the time of one retry. */
	responders[0].answer = GOOD;
	pass(config.retry_max * SECOND * 125 / 100 + MINUTE);
	for (i = 0; i < bad; i++)
		EXPECT_TRUE(is_valid(i));
}

/*
 * All at once, as after a step of the clock, and more of them hang than there
 * are places: those lose theirs to the others.
 */
TEST_F_TIMEOUT(simulated, all_due, 120)
{
	const int hosts = 10, bad = 100, count = 300;
	int64_t since, slowest = 0;
	int i;

	ASSERT_LT(config.transfers, hosts * config.transfers_per_host);
	for (i = 0; i < count; i++)
		serve(i, i < bad ? i % hosts : hosts + i % 20);
	for (i = 0; i < hosts + 20; i++)
		responders[i].delay = 100;
	pass(MINUTE);
	for (i = 0; i < hosts; i++)
		responders[i].answer = HANGS;
	since = now_ms;
	wall_offset += VALIDITY * 6 / 10;
	plan_clock_stepped();
	pass(5 * MINUTE);
	for (i = bad; i < count; i++) {
		EXPECT_LE(since, histories[i].last);
		slowest = histories[i].last - since > slowest ?
			  histories[i].last - since : slowest;
	}
	/* Two rounds of those that hang, a second each, and their own 100 ms. */
	EXPECT_GT(4 * SECOND, slowest);
	TH_LOG("the last one of the others after %lld ms", (long long)slowest);
}

TEST_F(simulated, retry_after)
{
	unsigned int failures;

	responders[0].answer = UNAVAILABLE;
	responders[0].retry_after = 1800;
	serve(0, 0);
	pass(SECOND);
	EXPECT_EQ(1, histories[0].requests);
	/* Who comes later gets the same reason at once, the responder its rest. */
	failures = stored(0).failures;
	pass(2 * SECOND);
	serve(0, 0);
	pass(1);
	EXPECT_EQ(failures + 1, stored(0).failures);
	pass(1790 * SECOND);
	EXPECT_EQ(1, histories[0].requests);
	responders[0].answer = GOOD;
	pass(30 * SECOND);
	EXPECT_EQ(2, histories[0].requests);
	EXPECT_TRUE(is_valid(0));
}

/* What a responder asks for, it gets from all of its certificates. */
TEST_F(simulated, retry_after_of_a_responder)
{
	const int count = 20;
	int i;

	responders[0].answer = TOO_MANY;
	responders[0].retry_after = 1800;
	for (i = 0; i < count; i++)
		serve(i, 0);
	serve(count, 1);
	pass(29 * MINUTE);
	EXPECT_EQ(1, responders[0].requests);
	EXPECT_TRUE(is_valid(count));
	for (i = 0; i < count; i++)
		EXPECT_EQ(0, strncmp("HTTP 429", stored(i).failure, 8));
	/* Who is refused again is again left alone by all. */
	pass(30 * MINUTE);
	EXPECT_EQ(2, responders[0].requests);
	responders[0].answer = GOOD;
	pass(31 * MINUTE);
	for (i = 0; i < count; i++)
		EXPECT_TRUE(is_valid(i));
	/* Without a time it is left alone as long as after any failure. */
	responders[2].answer = TOO_MANY;
	for (i = 0; i < count; i++)
		serve(100 + i, 2);
	pass(20 * SECOND);
	EXPECT_EQ(1, responders[2].requests);
	pass(HOUR);
	EXPECT_GE(9, responders[2].requests);
}

/* It is not kept until the response has ended. */
TEST_F(simulated, retry_after_is_too_long)
{
	serve(0, 0);
	pass(MINUTE);
	responders[0].answer = TOO_MANY;
	responders[0].retry_after = 365 * 86400;
	pass(5 * DAY);
	EXPECT_LE(2, histories[0].requests);
	EXPECT_GE(4, histories[0].requests);
	responders[0].answer = GOOD;
	pass(2 * DAY - HOUR);
	EXPECT_TRUE(is_valid(0));
	pass(DAY);
	EXPECT_TRUE(is_valid(0));
}

/* A response of a year, signed once: a revocation shows all the same. */
TEST_F(simulated, refresh_max)
{
	uint64_t generation;
	unsigned int n;

	responders[0].validity = 365 * 86400;
	responders[0].signed_at = clock_wall();
	serve(0, 0);
	pass(SECOND);
	generation = stored(0).generation;
	n = histories[0].requests;
	pass(40 * DAY);
	EXPECT_LE(n + 10, histories[0].requests);
	EXPECT_GE(n + 12, histories[0].requests);
	/* The same bytes are not stored again. */
	EXPECT_EQ(generation, stored(0).generation);
	/* But a failure meanwhile is forgotten. */
	responders[0].answer = NOT_FOUND;
	pass(4 * DAY);
	EXPECT_LE(1, stored(0).failures);
	responders[0].answer = GOOD;
	pass(2 * HOUR);
	EXPECT_EQ(0, stored(0).failures);
	responders[0].answer = REVOKED;
	pass(4 * DAY);
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_REVOKED, stored(0).status);
}

TEST_F(simulated, max_age)
{
	int i;

	responders[0].max_age = 3600;
	serve(0, 0);
	pass(SECOND);
	for (i = 0; i < 48; i++) {
		pass(HOUR + 10 * SECOND);
		if (histories[0].requests < 2)
			continue;
		EXPECT_LE(HOUR, histories[0].gap);
		EXPECT_GE(HOUR * 110 / 100 + SECOND, histories[0].gap);
	}
	EXPECT_LT(42, histories[0].requests);
	EXPECT_GT(51, histories[0].requests);
}

TEST_F(simulated, clock_steps)
{
	unsigned int n;

	serve(0, 0);
	pass(SECOND);
	n = histories[0].requests;
	wall_offset -= 86400;
	plan_clock_stepped();
	pass(HOUR);
	wall_offset += 86400;
	plan_clock_stepped();
	pass(HOUR);
	EXPECT_EQ(n, histories[0].requests);
	/* It is due, now. */
	wall_offset += VALIDITY * 55 / 100;
	plan_clock_stepped();
	pass(SECOND);
	EXPECT_EQ(n + 1, histories[0].requests);
}

/* What no server holds is left to end, and taken up when one comes. */
TEST_F(simulated, unused)
{
	unsigned int n;

	serve(0, 0);
	pass(SECOND);
	end_serving(0);
	n = histories[0].requests;
	pass(5 * DAY);
	EXPECT_EQ(n, histories[0].requests);
	EXPECT_TRUE(is_valid(0));
	serve(0, 0);
	pass(20 * MINUTE);
	EXPECT_EQ(n + 1, histories[0].requests);
	end_serving(0);
	pass(8 * DAY);
	EXPECT_EQ(n + 1, histories[0].requests);
	EXPECT_EQ(0, stored(0).generation);
}

/* Attempts that somebody's waiting causes keep to the backoff, too. */
TEST_F_TIMEOUT(simulated, wanted, 120)
{
	int i;

	responders[0].answer = HANGS;
	serve(0, 0);
	pass(1);
	EXPECT_EQ(1, histories[0].requests);
	/* 15 seconds until it times out, then up to 6.25 */
	pass(22 * SECOND);
	serve(0, 0);
	pass(1);
	EXPECT_EQ(2, histories[0].requests);
	for (i = 0; i < 3600; i++) {
		serve(0, 0);
		pass(SECOND);
	}
	/* 5 minutes at last without anybody, and some more at first */
	EXPECT_LE(12, histories[0].requests);
	EXPECT_GE(60, histories[0].requests);
}

/* 300 responders hang, and 40 take 3 seconds. */
TEST_F_TIMEOUT(simulated, slow_among_hanging, 120)
{
	const int bad = 300, slow = 40, count = bad + slow;
	int64_t since, slowest = 0;
	int i;

	for (i = 0; i < count; i++) {
		responders[i].answer = i < bad ? HANGS : GOOD;
		responders[i].delay = 3 * SECOND;
		serve(i, i);
		/* Those that hang come first. */
		if (i == bad - 1)
			pass(1);
	}
	/*
	 * Nobody knows which they are. 5 rounds of a second in the fast lane, and
	 * 5 of 4 in the slow one; of all that those take that hang it would be 70 s.
	 */
	pass(40 * SECOND);
	for (i = bad; i < count; i++)
		EXPECT_TRUE(is_valid(i));
	pass(HOUR);
	/* All of them are due. */
	since = now_ms;
	wall_offset += VALIDITY * 6 / 10;
	plan_clock_stepped();
	pass(2 * MINUTE);
	for (i = bad; i < count; i++) {
		EXPECT_LE(since, histories[i].last);
		slowest = histories[i].last - since > slowest ?
			  histories[i].last - since : slowest;
	}
	EXPECT_GT(4 * SECOND, slowest);
	TH_LOG("the last slow one began after %lld ms", (long long)slowest);
}

/* What others store counts from that moment on. */
TEST_F(simulated, others_store_worse)
{
	struct signed_response body = {
		.status = KTLS_OCSP_CERT_STATUS_GOOD,
	};
	unsigned int n;

	serve(0, 0);
	pass(MINUTE);
	n = histories[0].requests;
	/* A newer one that ends sooner */
	body.this_update = clock_wall();
	body.next_update = clock_wall() + 4 * 3600;
	set_by_hand(0, &body);
	pass(3 * HOUR);
	EXPECT_EQ(n + 1, histories[0].requests);
	EXPECT_LT(clock_wall() + VALIDITY / 2, stored(0).next_update);
	/* One that no server staples */
	n = histories[0].requests;
	body.status = KTLS_OCSP_CERT_STATUS_UNKNOWN;
	body.this_update = clock_wall();
	body.next_update = clock_wall() + 10 * 86400;
	set_by_hand(0, &body);
	pass(10 * SECOND);
	EXPECT_EQ(n + 1, histories[0].requests);
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_GOOD, stored(0).status);
}

/* A step of the clock retries what failed, but not all at the same moment. */
TEST_F_TIMEOUT(simulated, clock_step_spreads, 120)
{
	const int count = 200;
	unsigned int before = 0, after = 0;
	int i;

	for (i = 0; i < count; i++) {
		responders[i].answer = NOT_FOUND;
		serve(i, i);
	}
	pass(6 * HOUR);
	for (i = 0; i < count; i++)
		before += histories[i].requests;
	/* A few seconds are no reason. */
	wall_offset += 2;
	plan_clock_stepped();
	pass(1);
	for (i = 0; i < count; i++)
		after += histories[i].requests;
	EXPECT_GE(before + 20, after);
	wall_offset += 3600;
	plan_clock_stepped();
	pass(SECOND / 2);
	after = 0;
	for (i = 0; i < count; i++)
		after += histories[i].requests;
	/* Of 2 seconds a part, three requests each */
	EXPECT_GE(before + 3 * count / 2, after);
	pass(4 * SECOND);
	after = 0;
	for (i = 0; i < count; i++)
		after += histories[i].requests;
	EXPECT_LE(before + 3 * count, after);
}

TEST_F(simulated, stored_by_others)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_update update = {
		.blob = (const uint8_t *)"x", .blob_len = 1,
	};
	unsigned int n;

	serve(0, 0);
	pass(3 * DAY);
	n = histories[0].requests;
	name.key = keys[0];
	update.this_update = clock_wall();
	update.next_update = clock_wall() + VALIDITY;
	ASSERT_EQ(0, ocsp_client_set(server, &name, &update, NULL));
	pass(3 * DAY);
	EXPECT_EQ(n, histories[0].requests);
	pass(DAY);
	EXPECT_EQ(n + 1, histories[0].requests);
}

TEST_F(simulated, withdrawn)
{
	struct ocsp_name name = OCSP_NAME_INIT;

	serve(0, 0);
	pass(SECOND);
	name.key = keys[0];
	ASSERT_EQ(0, ocsp_client_del(server, &name));
	EXPECT_FALSE(is_valid(0));
	pass(1);
	EXPECT_TRUE(is_valid(0));
	EXPECT_EQ(2, histories[0].requests);
}

/* What the store can do to us */

TEST_F(simulated, store_is_full)
{
	control(STANDIN_ACTION_FAIL, STANDIN_SET, ENOMEM, 1);
	serve(0, 0);
	pass(SECOND);
	EXPECT_FALSE(is_valid(0));
	EXPECT_STREQ("the store did not take it: Cannot allocate memory",
		     stored(0).failure);
	pass(config.retry * SECOND * 125 / 100);
	EXPECT_TRUE(is_valid(0));
	EXPECT_EQ(2, histories[0].requests);
}

TEST_F(simulated, store_cannot_be_read)
{
	control(STANDIN_ACTION_FAIL, STANDIN_GET, ENOMEM, 1);
	serve(0, 0);
	pass(SECOND);
	EXPECT_EQ(0, histories[0].requests);
	pass(config.retry * SECOND);
	EXPECT_TRUE(is_valid(0));
	EXPECT_EQ(1, histories[0].requests);
}

TEST_F(simulated, failure_is_not_reported)
{
	responders[0].answer = UNAVAILABLE;
	control(STANDIN_ACTION_FAIL, STANDIN_SET, ENOMEM, 1);
	serve(0, 0);
	pass(SECOND);
	EXPECT_EQ(0, stored(0).failures);
	responders[0].answer = GOOD;
	pass(config.retry * SECOND * 125 / 100);
	EXPECT_TRUE(is_valid(0));
}

TEST_F(simulated, notices_are_lost)
{
	control(STANDIN_ACTION_LOSE, 0, 0, 1);
	serve(0, 0);
	EXPECT_EQ(0, histories[0].requests);
	pass(SECOND);
	EXPECT_TRUE(is_valid(0));
}

TEST_F(simulated, dump_does_not_settle)
{
	serve(0, 0);
	pass(SECOND);
	serve(1, 1);
	control(STANDIN_ACTION_UNSETTLE, 0, 0, 100);
	EXPECT_EQ(0, store_read(plan_entry));
	pass(SECOND);
	EXPECT_TRUE(is_valid(1));
	EXPECT_EQ(1, histories[0].requests);
}

/* It goes, and comes again. */
TEST_F(simulated, gone)
{
	struct ocsp_name name = OCSP_NAME_INIT;

	serve(0, 0);
	pass(SECOND);
	end_serving(0);
	name.key = keys[0];
	ASSERT_EQ(0, ocsp_client_del(server, &name));
	pass(HOUR);
	EXPECT_EQ(1, histories[0].requests);
	EXPECT_EQ(0, certs_count());
	serve(0, 0);
	pass(SECOND);
	EXPECT_TRUE(is_valid(0));
}

/*
 * A year of 1,000 certificates of 100 responders: validities of 4 hours to a
 * year, outages of a minute to 12 hours, a month apart in the mean, each of a
 * random kind. What is lost is the time without a staple at which one would be
 * there if each responder was asked at every moment.
 */
#define BAR_HOSTS	100

static double uniform(void)
{
	return random() / (RAND_MAX + 1.0);
}

static void plan_outages(int host, int64_t from)
{
	int64_t at = from + 3600;
	struct outage *o;

	for (records[host].count = 0; records[host].count < OUTAGES;
	     records[host].count++) {
		at += -log(1 - uniform()) * 30 * 86400;
		o = &records[host].outages[records[host].count];
		o->start = at;
		o->end = at + 60 + uniform() * (12 * 3600 - 60);
		at = o->end + 60;
	}
}

/* The next moment that an outage starts or ends; what is then is set. */
static int64_t next_change(int host, int64_t now)
{
	static const enum answer kinds[] = {
		UNAVAILABLE, GARBAGE, HANGS, TOO_MANY, NOT_FOUND,
	};
	const struct outage *o = records[host].outages;
	int i;

	for (i = 0; i < records[host].count; i++) {
		if (now < o[i].start) {
			responders[host].answer = GOOD;
			return o[i].start;
		}
		if (now < o[i].end) {
			if (responders[host].answer == GOOD)
				responders[host].answer =
					kinds[random() % ARRAY_SIZE(kinds)];
			return o[i].end;
		}
	}
	responders[host].answer = GOOD;
	return INT64_MAX;
}

static void pass_to(int64_t wall)
{
	pass((wall - wall_offset) * SECOND - now_ms);
}

TEST_F_TIMEOUT(simulated, outages_of_a_year, 600)
{
	int64_t start = clock_wall(), end = start + YEAR / SECOND, at, next;
	unsigned int requests = 0, dark = 0, day;
	double share;
	int i;

	srandom(1);
	for (i = 0; i < BAR_HOSTS; i++) {
		responders[i].delay = 50 + random() % 500;
		plan_outages(i, start);
	}
	for (i = 0; i < CERTS; i++) {
		/* More long ones, as there are: of the short ones are the requests. */
		histories[i].validity = 4 * 3600 *
					pow(365 * 6, cbrt(uniform()));
		serve(i, i % BAR_HOSTS);
	}
	for (day = 0, at = start; at < end; at = next) {
		next = end;
		for (i = 0; i < BAR_HOSTS; i++) {
			int64_t change = next_change(i, at);

			next = change < next ? change : next;
		}
		if (next > start + (day + 1) * 86400) {
			next = start + ++day * 86400;
			/* What the books say has to be what is served. */
			for (i = 0; i < CERTS; i++)
				dark += !is_valid(i) && histories[i].served_until >
							clock_wall();
		}
		pass_to(next);
	}
	for (i = 0; i < CERTS; i++) {
		account(i, end);
		requests += histories[i].requests;
	}
	share = 100.0 * lost_time / ((double)CERTS * (end - start));
	TH_LOG("lost %.4f %% (%.4f %% more to outages that outlast responses), %u requests",
	       share, 100.0 * lost_to_outages / ((double)CERTS * (end - start)),
	       requests);
	EXPECT_EQ(0, dark);
	EXPECT_LT(0, lost_to_outages);
	EXPECT_GE(0.1, share);
}

TEST_HARNESS_MAIN
