// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The requests that come over the control socket, see common/control_protocol.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "cert.h"
#include "certs.h"
#include "clock.h"
#include "command.h"
#include "counters.h"
#include "describe.h"
#include "json_text.h"
#include "keep.h"
#include "plan.h"
#include "probe.h"
#include "queue.h"
#include "responder.h"
#include "tally.h"
#include "text.h"

/* Records of a list that are made in one turn of the loop */
#define BATCH	32

static int64_t started;
static bool is_ready;

void command_ready(bool ready)
{
	is_ready = ready;
}

/* What a request has */

static bool has_flag(json_t *request, const char *name)
{
	return json_is_true(json_object_get(request, name));
}

/* False: it has none, or one that is none; that was answered. */
static bool get_key(struct client *client, json_t *request, uint8_t *key)
{
	const char *text = json_string_value(json_object_get(request, "key"));
	size_t len;

	if (text && strlen(text) == KEY_TEXT_SIZE - 1 &&
	    OPENSSL_hexstr2buf_ex(key, KTLS_OCSP_KEY_LEN, &len, text, '\0'))
		return true;
	client_fail(client, "\"key\" has to be a SHA-256 fingerprint, 64 hexadecimal digits");
	return false;
}

static struct cert *get_cert(struct client *client, json_t *request)
{
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct cert *cert;

	if (!get_key(client, request, key))
		return NULL;
	cert = certs_find(key);
	if (!cert)
		client_fail(client, "ocspd knows no such certificate");
	return cert;
}

/* status */

static json_t *states(const struct tally *tally)
{
	json_t *object = json_object();
	int i;

	for (i = CERT_LOOK; i <= CERT_HELD; i++)
		json_object_set_new(object, describe_state(i),
				    json_integer(tally->states[i]));
	return object;
}

static json_t *counts(void)
{
	const uint64_t *results = counters.results;

	return json_pack("{s:I, s:I, s:I, s:I}",
			 "requests", (json_int_t)counters.requests,
			 "stored", (json_int_t)results[PLAN_STORED],
			 "unchanged", (json_int_t)results[PLAN_UNCHANGED],
			 "failed", (json_int_t)results[PLAN_FAILED]);
}

static json_t *integer(size_t n)
{
	return json_integer(n);
}

static json_t *queue_lengths(void)
{
	size_t running = queue_running();

	return json_pack("{s:o, s:o}", "waiting",
			 integer(queue_count() - running),
			 "running", integer(running));
}

static json_t *responders(void)
{
	size_t known, held;

	responder_count(&known, &held);
	return json_pack("{s:o, s:o}", "known", integer(known),
			 "held", integer(held));
}

static void answer_status(struct client *client, json_t *request)
{
	const json_int_t uptime = (clock_ms() - started) / 1000;

	struct tally tally;

	(void)request;
	tally_certs(&tally);
	client_done(client,
		    json_pack("{s:s, s:i, s:I, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			      "version", VERSION, "pid", (int)getpid(),
			      "uptime", uptime, "ready", is_ready,
			      "certificates", integer(certs_count()),
			      "states", states(&tally),
			      "failing", integer(tally.failing),
			      "unserved", integer(tally.unserved),
			      "pinned", integer(tally.pinned),
			      "kept", integer(keep_count()),
			      "queue", queue_lengths(),
			      "responders", responders(),
			      "counters", counts()));
}

/* list */

struct list {
	struct answer answer;
	uint8_t *keys;			/* as of the request */
	size_t count;
	size_t next;
	size_t sent;
};

static void free_list(struct answer *answer)
{
	struct list *list = container_of(answer, struct list, answer);

	free(list->keys);
	free(list);
}

/* One that is gone by now is left out. */
static void list_next(struct client *client, struct list *list)
{
	struct cert *cert;
	json_t *record;

	cert = certs_find(list->keys + list->next++ * KTLS_OCSP_KEY_LEN);
	if (!cert || describe_cert(cert, &record) == -ENOENT)
		return;
	client_send(client, record);
	list->sent++;
}

static bool list_more(struct client *client, struct answer *answer)
{
	struct list *list = container_of(answer, struct list, answer);
	int i;

	for (i = 0; i < BATCH && list->next < list->count; i++)
		list_next(client, list);
	if (list->next < list->count)
		return true;
	client_done(client, json_pack("{s:I}", "count", (json_int_t)list->sent));
	return false;
}

static void list_one(struct client *client, json_t *request)
{
	struct cert *cert = get_cert(client, request);
	json_t *record;

	if (!cert)
		return;
	if (describe_cert(cert, &record) == -ENOENT) {
		client_fail(client, "the store has no such certificate any more");
		return;
	}
	client_send(client, record);
	client_done(client, json_pack("{s:i}", "count", 1));
}

static void answer_list(struct client *client, json_t *request)
{
	struct list *list;

	if (json_object_get(request, "key")) {
		list_one(client, request);
		return;
	}
	list = calloc(1, sizeof(*list));
	if (list)
		list->keys = certs_keys();
	if (!list || !list->keys) {
		free(list);
		client_fail(client, "no memory");
		return;
	}
	list->answer.more = list_more;
	list->answer.free = free_list;
	list->count = certs_count();
	client_answer(client, &list->answer);
}

/* refresh */

/* A client that waits for what comes of attempts */
struct wait {
	struct answer answer;
	LIST_ENTRY(wait) others;
	struct client *client;
	uint8_t *keys;			/* in ascending order */
	bool *over;			/* which of them are */
	size_t count;
	size_t left;
};

static LIST_HEAD(, wait) waits = LIST_HEAD_INITIALIZER(waits);

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, KTLS_OCSP_KEY_LEN);
}

static void tell(struct wait *wait, const uint8_t *key, enum plan_result result,
		 const char *why)
{
	const uint8_t *found = bsearch(key, wait->keys, wait->count,
				       KTLS_OCSP_KEY_LEN, compare_keys);
	char text[KEY_TEXT_SIZE];
	size_t i;

	if (!found)
		return;
	i = (found - wait->keys) / KTLS_OCSP_KEY_LEN;
	if (wait->over[i])
		return;
	wait->over[i] = true;
	/* The last record follows at the loop's next turn. */
	if (!--wait->left)
		wait->answer.slow = false;
	client_send(wait->client,
		    json_pack("{s:s, s:s, s:o}", "key", key_text(key, text),
			      "result", describe_result(result),
			      "reason", json_of_text(why)));
	client_wake(wait->client);
}

static void on_result(const uint8_t *key, enum plan_result result,
		      const char *why)
{
	struct wait *wait, *next;

	/* The client of one may be gone afterwards. */
	for (wait = LIST_FIRST(&waits); wait; wait = next) {
		next = LIST_NEXT(wait, others);
		tell(wait, key, result, why);
	}
}

static bool wait_more(struct client *client, struct answer *answer)
{
	struct wait *wait = container_of(answer, struct wait, answer);

	if (wait->left)
		return true;
	client_done(client, json_pack("{s:I}", "count",
				      (json_int_t)wait->count));
	return false;
}

static void free_wait(struct answer *answer)
{
	struct wait *wait = container_of(answer, struct wait, answer);

	LIST_REMOVE(wait, others);
	free(wait->keys);
	free(wait->over);
	free(wait);
}

/* Takes the keys. */
static bool start_wait(struct client *client, uint8_t *keys, size_t count)
{
	struct wait *wait = calloc(1, sizeof(*wait));

	if (wait)
		wait->over = calloc(count + 1, sizeof(*wait->over));
	if (!wait || !wait->over) {
		free(wait);
		free(keys);
		return false;
	}
	wait->answer.more = wait_more;
	wait->answer.free = free_wait;
	wait->answer.slow = count;
	wait->client = client;
	wait->keys = keys;
	wait->count = count;
	wait->left = count;
	LIST_INSERT_HEAD(&waits, wait, others);
	client_answer(client, &wait->answer);
	return true;
}

static void refresh(struct client *client, json_t *request, uint8_t *keys,
		    size_t count)
{
	bool no_cache = has_flag(request, "no_cache");
	bool waits_for_it = has_flag(request, "wait");
	size_t i, size = count * KTLS_OCSP_KEY_LEN + 1;
	uint8_t *copy = waits_for_it ? malloc(size) : NULL;

	if (copy)
		memcpy(copy, keys, size - 1);
	if (waits_for_it && (!copy || !start_wait(client, copy, count))) {
		client_fail(client, "no memory");
		return;
	}
	for (i = 0; i < count; i++)
		plan_refresh(certs_find(keys + i * KTLS_OCSP_KEY_LEN),
			     no_cache);
	if (!waits_for_it)
		client_done(client, json_pack("{s:I}", "count",
					      (json_int_t)count));
}

static void answer_refresh(struct client *client, json_t *request)
{
	uint8_t *keys;
	struct cert *cert;

	if (!has_flag(request, "all")) {
		cert = get_cert(client, request);
		if (cert)
			refresh(client, request, cert->key, 1);
		return;
	}
	keys = certs_keys();
	if (keys)
		refresh(client, request, keys, certs_count());
	else
		client_fail(client, "no memory");
	free(keys);
}

/* The rest */

static void answer_test_fetch(struct client *client, json_t *request)
{
	struct cert *cert = get_cert(client, request);

	if (cert)
		probe_start(client, cert, has_flag(request, "no_cache"));
}

static void answer_keep(struct client *client, json_t *request)
{
	uint8_t key[KTLS_OCSP_KEY_LEN];
	const char *why;

	if (!get_key(client, request, key))
		return;
	if (keep_add(key, &why))
		client_fail(client, why);
	else
		client_done(client, json_object());
}

static void answer_unkeep(struct client *client, json_t *request)
{
	uint8_t key[KTLS_OCSP_KEY_LEN];
	const char *why;

	if (!get_key(client, request, key))
		return;
	if (keep_remove(key, &why))
		client_fail(client, why);
	else
		client_done(client, json_object());
}

static const struct {
	const char *name;
	void (*fn)(struct client *client, json_t *request);
	bool needs_store;
} commands[] = {
	{ "status", answer_status, false },
	{ "list", answer_list, true },
	{ "refresh", answer_refresh, true },
	{ "test-fetch", answer_test_fetch, true },
	{ "keep", answer_keep, true },
	{ "unkeep", answer_unkeep, true },
};

void command_init(void)
{
	started = clock_ms();
	plan_observe(on_result);
}

void command_run(struct client *client, json_t *request)
{
	const char *name = json_string_value(json_object_get(request,
							     "request"));
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(commands); i++) {
		if (strcmp(name, commands[i].name))
			continue;
		if (commands[i].needs_store && !is_ready)
			client_fail(client, "ocspd waits for the kernel module ktls_ocsp");
		else
			commands[i].fn(client, request);
		return;
	}
	client_fail(client, "unknown request");
}
