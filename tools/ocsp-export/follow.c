// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Which responses the store serves, told to the targets. */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <time.h>

#include <openssl/evp.h>

#include "cert.h"
#include "export.h"
#include "served.h"

/* us until the next try where there is no store */
#define RETRY		5000000ULL
/* us between two looks at all of it, whatever the events say */
#define RESYNC		600000000ULL
#define ACCURACY	100000

sd_event *loop;

static struct target *targets;
static void *items;			/* tsearch(), by key */
static struct ocsp_client *events, *client;
static sd_event_source *io, *resync_timer, *end_timer;
static uint64_t last_number;		/* of an event; 0: none was heard */
static bool complained;

static void resync(void);

/* Items */

static int by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return memcmp(x->key, y->key, sizeof(x->key));
}

static struct item *find_item(const uint8_t key[KTLS_OCSP_KEY_LEN])
{
	struct item wanted, **found;

	memcpy(wanted.key, key, sizeof(wanted.key));
	found = tfind(&wanted, &items, by_key);
	return found ? *found : NULL;
}

static void free_item(void *memory)
{
	struct item *item = memory;

	OCSP_CERTID_free(item->ids[0]);
	OCSP_CERTID_free(item->ids[1]);
	free(item);
}

static struct item *make_item(const struct ocsp_entry *r)
{
	struct item *item = must(calloc(1, sizeof(*item)));
	X509 *cert = ocsp_cert_decode(r->cert, r->cert_len);
	X509 *issuer = ocsp_cert_decode(r->issuer, r->issuer_len);

	memcpy(item->key, r->key, sizeof(item->key));
	if (!EVP_Digest(r->cert, r->cert_len, item->sha1, NULL, EVP_sha1(),
			NULL))
		no_memory();
	if (cert && issuer) {
		item->ids[0] = must(OCSP_cert_to_id(EVP_sha1(), cert, issuer));
		item->ids[1] = must(OCSP_cert_to_id(EVP_sha256(), cert,
						    issuer));
	}
	X509_free(cert);
	X509_free(issuer);
	must(tsearch(item, &items, by_key));
	return item;
}

struct walk {
	bool (*fn)(const struct item *item, void *arg);
	void *arg;
	bool over;
};

static void visit(const void *node, VISIT order, void *arg)
{
	struct walk *walk = arg;

	if ((order == postorder || order == leaf) && !walk->over)
		walk->over = !walk->fn(*(struct item *const *)node, walk->arg);
}

void follow_each(bool (*fn)(const struct item *item, void *arg), void *arg)
{
	struct walk walk = { fn, arg, false };

	twalk_r(items, visit, &walk);
}

/* Targets */

static void drop(struct item *item)
{
	struct target *t;

	for (t = targets; t; t = t->next)
		if (t->ops->remove)
			t->ops->remove(t, item);
	tdelete(item, &items, by_key);
	free_item(item);
}

static void settle(bool complete)
{
	struct target *t;

	for (t = targets; t; t = t->next)
		t->ops->settle(t, complete);
}

/* The end */

static bool find_end(const struct item *item, void *arg)
{
	int64_t *end = arg;

	if (item->end < *end)
		*end = item->end;
	return true;
}

struct ended {
	struct item *item;
	int64_t now;
};

static bool find_ended(const struct item *item, void *arg)
{
	struct ended *ended = arg;

	if (item->end > ended->now)
		return true;
	ended->item = (struct item *)item;
	return false;
}

static int on_end(sd_event_source *source, uint64_t when, void *arg);

/* By the wall clock: it fires when that is set, too. */
static void plan_end(void)
{
	int64_t end = INT64_MAX;

	follow_each(find_end, &end);
	end_timer = sd_event_source_unref(end_timer);
	if (end != INT64_MAX && end > 0 &&
	    sd_event_add_time(loop, &end_timer, CLOCK_REALTIME,
			      end * 1000000ULL, ACCURACY, on_end, NULL) < 0)
		no_memory();
}

/* What is valid no longer goes, though the kernel said nothing. */
static int on_end(sd_event_source *source, uint64_t when, void *arg)
{
	struct ended ended = { .now = time(NULL) };

	(void)source;
	(void)when;
	(void)arg;
	for (;;) {
		ended.item = NULL;
		follow_each(find_ended, &ended);
		if (!ended.item)
			break;
		drop(ended.item);
	}
	settle(false);
	plan_end();
	return 0;
}

/* The store */

static void tell_update(const struct item *item, const struct ocsp_entry *r)
{
	struct target *t;

	for (t = targets; t; t = t->next)
		t->ops->update(t, item, r->blob, r->blob_len);
}

static bool is_nothing(int err)
{
	return err == -ENOENT || err == -ENODATA || err == -ESTALE;
}

/* Compares what is known with what the store has of one. 0 or -errno. */
static int look_at(const uint8_t key[KTLS_OCSP_KEY_LEN])
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct item *item = find_item(key);
	struct ocsp_entry r;
	int err;

	name.key = key;
	err = ocsp_client_get(client, &name, KTLS_OCSP_PART_BLOB |
			      KTLS_OCSP_PART_CERTIFICATES, &r);
	if (err && !is_nothing(err))
		return err;
	if (err || !r.blob || !entry_is_served(&r, time(NULL))) {
		if (item)
			drop(item);
		item = NULL;
	} else if (!item || item->generation != r.generation) {
		if (!item)
			item = make_item(&r);
		item->generation = r.generation;
		item->end = r.next_update - min_validity() + 1;
		tell_update(item, &r);
	}
	if (item)
		item->seen = true;
	if (!err)
		ocsp_entry_clear(&r);
	return 0;
}

struct keys {
	uint8_t (*all)[KTLS_OCSP_KEY_LEN];
	size_t count, room;
};

static int collect(const struct ocsp_entry *r, void *arg)
{
	struct keys *keys = arg;

	if (keys->count == keys->room) {
		keys->room = keys->room ? 2 * keys->room : 64;
		keys->all = must(reallocarray(keys->all, keys->room,
					      sizeof(*keys->all)));
	}
	memcpy(keys->all[keys->count++], r->key, KTLS_OCSP_KEY_LEN);
	return 0;
}

static bool forget(const struct item *item, void *arg)
{
	(void)arg;
	((struct item *)item)->seen = false;
	return true;
}

static bool find_unseen(const struct item *item, void *arg)
{
	const struct item **found = arg;

	if (item->seen)
		return true;
	*found = item;
	return false;
}

static void drop_unseen(void)
{
	const struct item *item;

	for (;;) {
		item = NULL;
		follow_each(find_unseen, &item);
		if (!item)
			return;
		drop((struct item *)item);
	}
}

static int read_all(void)
{
	struct keys keys = { 0 };
	bool settled;
	size_t i;
	int err;

	err = ocsp_client_dump(client, -1, collect, &keys, &settled);
	if (!err)
		follow_each(forget, NULL);
	for (i = 0; i < keys.count && !err; i++)
		err = look_at(keys.all[i]);
	free(keys.all);
	if (err)
		return err;
	/* What a dump missed while others came and went is not gone. */
	if (settled)
		drop_unseen();
	settle(settled);
	return 0;
}

static void disconnect(void)
{
	io = sd_event_source_unref(io);
	ocsp_client_free(events);
	ocsp_client_free(client);
	events = NULL;
	client = NULL;
	last_number = 0;
}

static int on_resync(sd_event_source *source, uint64_t when, void *arg)
{
	(void)source;
	(void)when;
	(void)arg;
	resync();
	return 0;
}

static void plan_resync(uint64_t us)
{
	resync_timer = sd_event_source_unref(resync_timer);
	if (sd_event_add_time_relative(loop, &resync_timer, CLOCK_MONOTONIC, us,
				       ACCURACY, on_resync, NULL) < 0)
		no_memory();
}

/* Until the store is back, the targets go on with what they have. */
static void fail(const char *why)
{
	if (!complained)
		log_text(LOG_WARNING, "store: %s; trying again", why);
	complained = true;
	disconnect();
	plan_resync(RETRY);
}

struct heard {
	struct keys keys;
	bool gap;
};

static int hear(const struct ocsp_notice *n, void *arg)
{
	struct heard *heard = arg;

	if (last_number && n->number != last_number + 1)
		heard->gap = true;
	last_number = n->number;
	return collect(&n->entry, &heard->keys);
}

static void look_at_heard(const struct heard *heard)
{
	size_t i;
	int err = 0;

	for (i = 0; i < heard->keys.count && !err; i++)
		err = look_at(heard->keys.all[i]);
	if (err) {
		fail(ocsp_client_error(client));
		return;
	}
	settle(false);
	plan_end();
}

static int on_events(sd_event_source *source, int fd, uint32_t revents,
		     void *arg)
{
	struct heard heard = { 0 };
	int err;

	(void)source;
	(void)fd;
	(void)revents;
	(void)arg;
	err = ocsp_client_notice(events, hear, &heard);
	if (err && err != -ENOBUFS) {
		fail(ocsp_client_error(events));
	} else if (err || heard.gap) {
		log_text(LOG_NOTICE, "events were lost: reading the store again");
		last_number = 0;
		resync();
	} else {
		look_at_heard(&heard);
	}
	free(heard.keys.all);
	return 0;
}

/* Listens before it reads, so that nothing is missed. */
static bool connect_store(void)
{
	if (ocsp_client_new(&client)) {
		fail(client ? ocsp_client_error(client) : "no memory");
		return false;
	}
	if (ocsp_client_new(&events) ||
	    ocsp_client_listen(events, false, true)) {
		fail(events ? ocsp_client_error(events) : "no memory");
		return false;
	}
	if (sd_event_add_io(loop, &io, ocsp_client_fd(events), EPOLLIN,
			    on_events, NULL) < 0)
		no_memory();
	return true;
}

static void resync(void)
{
	if (!client && !connect_store())
		return;
	if (read_all()) {
		fail(ocsp_client_error(client));
		return;
	}
	if (complained)
		log_text(LOG_NOTICE, "store: available");
	complained = false;
	plan_end();
	plan_resync(RESYNC);
}

uint8_t *follow_blob(const struct item *item, size_t *len)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_entry r;
	uint8_t *blob = NULL;

	name.key = item->key;
	if (!client || ocsp_client_get(client, &name, KTLS_OCSP_PART_BLOB, &r))
		return NULL;
	if (r.blob && entry_is_served(&r, time(NULL))) {
		blob = r.blob;
		*len = r.blob_len;
		r.blob = NULL;
	}
	ocsp_entry_clear(&r);
	return blob;
}

int follow_start(struct target *all)
{
	struct target *t;
	int err;

	targets = all;
	for (t = targets; t; t = t->next) {
		err = t->ops->start(t);
		if (err)
			return err;
	}
	resync();
	return 0;
}

void follow_stop(void)
{
	struct target *t, *next;

	for (t = targets; t; t = next) {
		next = t->next;
		t->ops->stop(t);
	}
	targets = NULL;
	disconnect();
	resync_timer = sd_event_source_unref(resync_timer);
	end_timer = sd_event_source_unref(end_timer);
	tdestroy(items, free_item);
	items = NULL;
}
