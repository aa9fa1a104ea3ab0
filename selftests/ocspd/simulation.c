// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The simulation's clocks, its store and its servers, see simulation.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/sha.h>

#include "attempt.h"
#include "cert.h"
#include "forge.h"
#include "log.h"
#include "loop.h"
#include "pins.h"
#include "policy.h"
#include "queue.h"
#include "resync.h"
#include "simulation.h"
#include "standin_local.h"
#include "timer.h"

struct config config = {
	.timeout = 15,
	.transfers = 64,
	.transfers_per_host = 8,
	.retry = 30,
	.retry_max = 3600,
	/* Half-life and refresh_max decide, as with a responder that says a long max-age. */
	.policy.refresh = 365 * 86400,
	.policy.refresh_min = 300,
	.policy.refresh_max = 4 * 86400,
};

/* Clocks */

int64_t now_ms = 1000 * DAY;
int64_t wall_offset = FORGE_NOW - 1000 * DAY / SECOND;

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
bool deaf;

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

/* The world */

struct ocsp_client *server;
static int session = -1;
static struct forged ca;
uint8_t keys[CERTS][KTLS_OCSP_KEY_LEN];
static uint32_t slots[CERTS];

unsigned int unserved;

static const struct store_calls store_calls = {
	.wanted = plan_wanted,
	.event = plan_event,
	.lost = resync_lost,
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

	snprintf(cn, sizeof(cn), "certificate %d", number);
	snprintf(aia, sizeof(aia), "OCSP;URI:http://%d.example/%d/", host,
		 number);
	return forge_cert(&spec);
}

/* A server opens a handle on the certificate, whose responder is at that host. */
void serve(int number, int host)
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

void end_serving(int number)
{
	ocsp_client_close(server, session, slots[number]);
}

struct ocsp_entry stored(int number)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_entry r;

	name.key = keys[number];
	ocsp_client_get(server, &name, 0, &r);
	return r;
}

/* Somebody else stores what the responder would have signed now. */
void set_by_hand(int number, const struct signed_response *body)
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

void update_by_hand(int number, int64_t validity)
{
	const struct signed_response body = {
		.this_update = clock_wall(),
		.next_update = clock_wall() + validity,
	};

	set_by_hand(number, &body);
}

bool is_valid(int number)
{
	return stored(number).state == KTLS_OCSP_STATE_VALID;
}

void control(enum standin_action action, enum standin_op op, int err,
	     unsigned int times)
{
	const struct standin_control c = {
		.action = action, .op = op, .err = err, .times = times,
	};
	struct standin_reply reply;

	if (standin_control(&c, &reply))
		abort();
}

void simulation_start(void)
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
	resync_start(NULL);
}

static void hear(void)
{
	if (!deaf)
		notices->fn(notices, 0);
}

/* All that is to be done at this moment */
static void settle(void)
{
	bool more;

	do {
		hear();
		more = timer_run();
		more |= queue_run();
	} while (more);
	hear();
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
void pass(int64_t ms)
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
void pass_watching(int64_t ms, int64_t every, int count)
{
	int i;

	for (; ms > 0; ms -= every) {
		pass(every);
		for (i = 0; i < count; i++)
			unserved += !is_valid(i);
	}
}

void simulation_end(void)
{
	resync_stop();
	store_close();
	policy_clear();
	ocsp_client_free(server);
}
