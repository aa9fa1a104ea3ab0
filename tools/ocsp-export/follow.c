// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Which responses the store serves, told to the targets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <time.h>

#include "client.h"
#include "export.h"
#include "items.h"
#include "served.h"

/* us until the next try where there is no store */
#define RETRY		5000000ULL
/* us between two looks at all of it, whatever the events say */
#define RESYNC		600000000ULL
#define ACCURACY	100000

sd_event *loop;

static struct target *targets;
static struct ocsp_client *events, *client;
static sd_event_source *io, *resync_timer;
static uint64_t last_number;		/* of an event; 0: none was heard */
static bool complained;

static void resync(void);

/* Targets */

static void drop(struct item *item)
{
	struct target *t;

	for (t = targets; t; t = t->next)
		if (t->ops->remove)
			t->ops->remove(t, item);
	items_remove(item);
}

static void settle(bool complete)
{
	struct target *t;

	for (t = targets; t; t = t->next)
		t->ops->settle(t, complete);
}

/* The end */

/* What is valid no longer goes, though the kernel said nothing. */
static int on_end(sd_event_source *source, uint64_t when, void *arg)
{
	(void)source;
	(void)when;
	drop(arg);
	settle(false);
	return 0;
}

/* By the wall clock: it fires when that is set, too. */
static void plan_end(struct item *item)
{
	uint64_t when = item->end > 0 ? item->end * 1000000ULL : 0;

	item->end_timer = sd_event_source_unref(item->end_timer);
	if (sd_event_add_time(loop, &item->end_timer, CLOCK_REALTIME, when,
			      ACCURACY, on_end, item) < 0)
		no_memory();
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
	struct item *item = items_by_key(key);
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
			item = items_add(&r);
		item->generation = r.generation;
		item->end = r.next_update - min_validity() + 1;
		plan_end(item);
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

static void add_key(struct keys *keys, const uint8_t key[KTLS_OCSP_KEY_LEN])
{
	if (keys->count == keys->room) {
		keys->room = keys->room ? 2 * keys->room : 64;
		keys->all = must(reallocarray(keys->all, keys->room,
					      sizeof(*keys->all)));
	}
	memcpy(keys->all[keys->count++], key, KTLS_OCSP_KEY_LEN);
}

static int collect(const struct ocsp_entry *r, void *arg)
{
	add_key(arg, r->key);
	return 0;
}

static void forget(struct item *item, void *arg)
{
	(void)arg;
	item->seen = false;
}

static void collect_unseen(struct item *item, void *arg)
{
	if (!item->seen)
		add_key(arg, item->key);
}

static void drop_unseen(void)
{
	struct keys unseen = { 0 };
	size_t i;

	items_each(collect_unseen, &unseen);
	for (i = 0; i < unseen.count; i++)
		drop(items_by_key(unseen.all[i]));
	free(unseen.all);
}

static int read_all(void)
{
	struct keys keys = { 0 };
	bool settled;
	size_t i;
	int err;

	err = ocsp_client_dump(client, -1, collect, &keys, &settled);
	if (!err)
		items_each(forget, NULL);
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
	targets = NULL;
	disconnect();
	resync_timer = sd_event_source_unref(resync_timer);
	items_clear();
}
