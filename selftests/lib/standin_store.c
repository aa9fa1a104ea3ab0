// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The stand-in's store: its entries, what time does to them, and eviction. */
#include <errno.h>
#include <stdio.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "standin_store.h"

/* What only CAP_NET_ADMIN may take: one part of so many */
#define RESERVE		8
/* ms within which "wanted" is told once for an entry */
#define WANTED_SPACING	1000

bool standin_refuse(struct standin_reply *reply, int err, const char *text)
{
	reply->err = err;
	snprintf(reply->text, sizeof(reply->text), "%s", text);
	return false;
}

int64_t standin_wall(void)
{
	return clock_ns(CLOCK_REALTIME) / NS_PER_S;
}

int64_t standin_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t margin_of(const struct standin_store *store,
			 enum standin_threshold threshold)
{
	return threshold == STANDIN_EXPIRING ?
	       store->limits[STANDIN_MIN_VALIDITY] : 0;
}

struct standin_store *standin_store_new(const struct standin_calls *calls)
{
	struct standin_store *store = calloc(1, sizeof(*store));
	int i;

	if (!store)
		return NULL;
	store->calls = *calls;
	store->limits[STANDIN_MAX_ENTRIES] = 16384;
	store->limits[STANDIN_MAX_BYTES] = 64 << 20;
	store->limits[STANDIN_MAX_SESSIONS] = 16384;
	store->limits[STANDIN_MAX_HANDLES] = 262144;
	store->limits[STANDIN_MAX_SESSIONS_OF_USER] = 16384 / 8;
	store->limits[STANDIN_MAX_HANDLES_OF_USER] = 262144 / 8;
	store->limits[STANDIN_MAX_ENTRIES_OF_USER] = 16384 / 8;
	store->limits[STANDIN_MAX_BYTES_OF_USER] = (64 << 20) / 8;
	store->limits[STANDIN_MIN_VALIDITY] = 600;
	store->limits[STANDIN_LINGER] = 3600;
	for (i = 0; i < STANDIN_THRESHOLDS; i++)
		store->passed[i] = store->calls.wall() + margin_of(store, i);
	return store;
}

void standin_store_free(struct standin_store *store)
{
	uint32_t slot;

	while (store->sessions)
		standin_session_free(store->sessions);
	for (slot = 0; slot < store->slot_count; slot++)
		if (store->slots[slot])
			standin_free_slot(store, store->slots[slot]);
	free(store->slots);
	free(store);
}

/* Entries */

static int compare_keys(const void *a, const void *b)
{
	const struct standin_entry *left = a, *right = b;

	return memcmp(left->meta.key, right->meta.key, KTLS_OCSP_KEY_LEN);
}

struct standin_entry *standin_find(const struct standin_store *store,
				   const uint8_t *key)
{
	struct standin_entry wanted, **node;

	memcpy(wanted.meta.key, key, KTLS_OCSP_KEY_LEN);
	node = tfind(&wanted, &store->by_key, compare_keys);
	return node ? *node : NULL;
}

enum ktls_ocsp_state standin_state(const struct standin_entry *entry,
				   int64_t now)
{
	if (entry->meta.generation)
		return now < entry->meta.next_update ?
		       KTLS_OCSP_STATE_VALID : KTLS_OCSP_STATE_EXPIRED;
	if (entry->meta.failures)
		return KTLS_OCSP_STATE_FAILED;
	if (entry->withdrawn)
		return KTLS_OCSP_STATE_WITHDRAWN;
	return KTLS_OCSP_STATE_PENDING;
}

struct ocsp_entry standin_describe(const struct standin_store *store,
				   const struct standin_entry *entry)
{
	struct ocsp_entry r = entry->meta;

	r.state = standin_state(entry, store->calls.wall());
	return r;
}

long standin_bytes(const struct standin_entry *entry)
{
	const struct ocsp_entry *m = &entry->meta;

	return m->blob_len + m->cert_len + m->issuer_len +
	       (m->failures ? strlen(m->failure) + 1 : 0);
}

void standin_recount(struct standin_store *store, struct standin_entry *entry)
{
	const long bytes = entry->gone ? 0 : standin_bytes(entry);

	store->used_bytes += bytes - entry->counted;
	entry->counted = bytes;
}

/* The first free slot, as the kernel gives it; NULL: no memory. */
static struct standin_entry **free_slot(struct standin_store *store)
{
	struct standin_entry **slots;
	uint32_t slot, count = store->slot_count;

	for (slot = store->first_free; slot < count; slot++)
		if (!store->slots[slot]) {
			store->first_free = slot;
			return &store->slots[slot];
		}
	slots = reallocarray(store->slots, 2 * count + 16, sizeof(slots[0]));
	if (!slots)
		return NULL;
	store->slots = slots;
	store->slot_count = 2 * count + 16;
	memset(slots + count, 0, (count + 16) * sizeof(slots[0]));
	store->first_free = count;
	return &slots[count];
}

/* Room for bytes of contents is made; standin_file() follows. */
struct standin_entry *standin_add(struct standin_store *store,
				  const uint8_t *key, size_t bytes,
				  bool privileged, struct standin_reply *reply)
{
	struct standin_entry **slot, *entry;

	if (!standin_make_room(store, 1, bytes, NULL, privileged, reply))
		return NULL;
	slot = free_slot(store);
	entry = slot ? calloc(1, sizeof(*entry)) : NULL;
	if (entry)
		memcpy(entry->meta.key, key, KTLS_OCSP_KEY_LEN);
	if (!entry || !tsearch(entry, &store->by_key, compare_keys)) {
		free(entry);
		standin_refuse(reply, -ENOMEM, "");
		return NULL;
	}
	entry->meta.slot = slot - store->slots;
	entry->rank = STANDIN_RANKS;
	*slot = entry;
	store->used_entries++;
	return entry;
}

bool standin_may_pay(const struct standin_store *store, uid_t payer,
		     size_t bytes, struct standin_reply *reply)
{
	const struct standin_entry *other;
	long entries = 1, all = bytes;
	uint32_t slot;

	for (slot = 0; slot < store->slot_count; slot++) {
		other = store->slots[slot];
		if (!other || !other->paid || other->payer != payer)
			continue;
		entries++;
		all += other->paid_bytes;
	}
	if (entries > store->limits[STANDIN_MAX_ENTRIES_OF_USER])
		return standin_refuse(reply, -ENOSPC,
				      "the user is at its limit of entries");
	if (all > store->limits[STANDIN_MAX_BYTES_OF_USER])
		return standin_refuse(reply, -ENOSPC,
				      "the user is at its limit of bytes");
	return true;
}

void standin_free_slot(struct standin_store *store,
		       struct standin_entry *entry)
{
	if (!entry->gone) {
		tdelete(entry, &store->by_key, compare_keys);
		store->used_entries--;
	}
	store->used_bytes -= entry->counted;
	store->slots[entry->meta.slot] = NULL;
	if (entry->meta.slot < store->first_free)
		store->first_free = entry->meta.slot;
	ocsp_entry_clear(&entry->meta);
	free(entry);
}

void standin_remove(struct standin_store *store, struct standin_entry *entry,
		    enum ktls_ocsp_event event)
{
	struct ocsp_entry *m = &entry->meta;

	standin_event(store, entry, event);
	if (event == KTLS_OCSP_EVENT_EVICTED)
		store->counts.entries_evicted++;
	if (!m->handles) {
		standin_free_slot(store, entry);
		return;
	}
	tdelete(entry, &store->by_key, compare_keys);
	free(m->blob);
	free(m->cert);
	free(m->issuer);
	*m = (struct ocsp_entry) { .slot = m->slot, .handles = m->handles };
	entry->gone = true;
	store->used_entries--;
	standin_recount(store, entry);
	entry->paid = false;
	entry->deadline = 0;
	entry->rank = STANDIN_RANKS;
}

/* Notices */

void standin_event(struct standin_store *store,
		   const struct standin_entry *entry,
		   enum ktls_ocsp_event event)
{
	const struct ocsp_entry *m = &entry->meta;
	struct ocsp_notice n = { .event = event, .number = ++store->number };

	memcpy(n.entry.key, m->key, KTLS_OCSP_KEY_LEN);
	n.entry.slot = m->slot;
	if (m->generation) {
		n.entry.generation = m->generation;
		n.entry.status = m->status;
		n.entry.this_update = m->this_update;
		n.entry.next_update = m->next_update;
	}
	if (event == KTLS_OCSP_EVENT_FAILED) {
		n.entry.failures = m->failures;
		n.entry.failure_time = m->failure_time;
		memcpy(n.entry.failure, m->failure, sizeof(m->failure));
	}
	store->calls.notice(&n);
	standin_session_tell(store, entry, event);
}

bool standin_wanted(struct standin_store *store, struct standin_entry *entry)
{
	struct ocsp_notice n = { .wanted = true };
	int64_t now = store->calls.ms();

	if (entry->heard && now - entry->wanted < WANTED_SPACING)
		return true;
	entry->wanted = now;
	entry->heard = store->calls.has_refresher();
	memcpy(n.entry.key, entry->meta.key, KTLS_OCSP_KEY_LEN);
	n.entry.slot = entry->meta.slot;
	store->calls.notice(&n);
	return entry->heard;
}

/* Time: see the kernel's schedule.c, whose rules these are. */

static bool is_valid(const struct standin_store *store,
		     const struct standin_entry *entry)
{
	return standin_state(entry, store->calls.wall()) ==
	       KTLS_OCSP_STATE_VALID;
}

static int64_t steady_seconds(const struct standin_store *store)
{
	return store->calls.ms() / 1000;
}

static void rank_dead(const struct standin_store *store,
		      struct standin_entry *entry)
{
	int64_t now = steady_seconds(store);
	int64_t linger = store->limits[STANDIN_LINGER];

	if (!entry->dead_since)
		entry->dead_since = now ? now : 1;
	if (!entry->meta.handles) {
		entry->rank = STANDIN_LINGERING;
		entry->rank_key = now + (linger ? linger : 1);
	} else {
		entry->rank = STANDIN_DEAD;
		entry->rank_key = entry->dead_since +
				  (entry->withdrawn ? 0 : linger);
	}
}

/* When it is due, if that is before all others. */
static void schedule_entry(struct standin_store *store,
			   const struct standin_entry *entry)
{
	int i;

	for (i = 0; i < STANDIN_THRESHOLDS; i++)
		if (entry->deadline > store->passed[i])
			store->next_wall = min(store->next_wall,
					       entry->deadline -
					       margin_of(store, i));
	if (entry->rank == STANDIN_LINGERING)
		store->next_steady = min(store->next_steady, entry->rank_key);
}

/* Its blob or its holders changed. */
void standin_file(struct standin_store *store, struct standin_entry *entry)
{
	const struct ocsp_entry *m = &entry->meta;
	bool valid = is_valid(store, entry);

	entry->deadline = valid || (m->generation && m->handles) ?
			  m->next_update : 0;
	if (valid) {
		entry->dead_since = 0;
		entry->rank = m->handles ? STANDIN_RANKS : STANDIN_IDLE;
		entry->rank_key = m->next_update;
	} else {
		rank_dead(store, entry);
	}
	schedule_entry(store, entry);
}

/* The first deadline after that time, or NULL. */
static struct standin_entry *first_after(struct standin_store *store,
					 int64_t time)
{
	struct standin_entry *entry, *found = NULL;
	uint32_t slot;

	for (slot = 0; slot < store->slot_count; slot++) {
		entry = store->slots[slot];
		if (entry && entry->deadline > time &&
		    (!found || entry->deadline < found->deadline))
			found = entry;
	}
	return found;
}

static void cross(struct standin_store *store, struct standin_entry *entry,
		  enum standin_threshold threshold)
{
	if (threshold == STANDIN_EXPIRING) {
		if (margin_of(store, threshold))
			standin_event(store, entry, KTLS_OCSP_EVENT_EXPIRING);
		return;
	}
	store->counts.blobs_expired++;
	standin_event(store, entry, KTLS_OCSP_EVENT_EXPIRED);
	if (entry->meta.handles)
		standin_file(store, entry);
	else
		standin_remove(store, entry, KTLS_OCSP_EVENT_REMOVED);
}

/* All of one deadline, then of the next one, up to the limit. */
static void advance(struct standin_store *store,
		    enum standin_threshold threshold, int64_t limit)
{
	struct standin_entry *first;
	int64_t deadline;
	uint32_t slot;

	while ((first = first_after(store, store->passed[threshold])) &&
	       first->deadline <= limit) {
		deadline = first->deadline;
		for (slot = 0; slot < store->slot_count; slot++)
			if (store->slots[slot] &&
			    store->slots[slot]->deadline == deadline)
				cross(store, store->slots[slot], threshold);
		store->passed[threshold] = deadline;
	}
	store->passed[threshold] = limit;
}

/* The one of that rank, but keep, that comes after "after"; NULL: none does. */
static struct standin_entry *next_of(const struct standin_store *store,
				     enum standin_rank rank,
				     const struct standin_entry *keep,
				     const struct standin_entry *after)
{
	struct standin_entry *entry, *found = NULL;
	uint32_t slot;

	for (slot = 0; slot < store->slot_count; slot++) {
		entry = store->slots[slot];
		if (!entry || entry->gone || entry == keep ||
		    entry->rank != rank)
			continue;
		if (after && (entry->rank_key < after->rank_key ||
			      (entry->rank_key == after->rank_key &&
			       slot <= after->meta.slot)))
			continue;
		if (!found || entry->rank_key < found->rank_key)
			found = entry;
	}
	return found;
}

/* The clock may have been stepped back, and the blob be valid again. */
static void linger_out(struct standin_store *store)
{
	struct standin_entry *entry;

	while ((entry = next_of(store, STANDIN_LINGERING, NULL, NULL)) &&
	       entry->rank_key <= steady_seconds(store)) {
		if (is_valid(store, entry))
			standin_file(store, entry);
		else
			standin_remove(store, entry, KTLS_OCSP_EVENT_REMOVED);
	}
}

static void schedule(struct standin_store *store, int64_t now)
{
	const struct standin_entry *first;
	int i;

	store->next_wall = INT64_MAX;
	store->next_steady = INT64_MAX;
	for (i = 0; i < STANDIN_THRESHOLDS; i++) {
		first = first_after(store, store->passed[i]);
		if (first)
			store->next_wall = min(store->next_wall, first->deadline -
					       margin_of(store, i));
	}
	first = next_of(store, STANDIN_LINGERING, NULL, NULL);
	if (first)
		store->next_steady = first->rank_key;
	store->scheduled_at = now;
	store->is_scheduled = true;
}

/* Of what is due, or the clock was stepped over. */
static void pass(struct standin_store *store, int64_t now)
{
	int i;

	for (i = 0; i < STANDIN_THRESHOLDS; i++) {
		if (store->passed[i] > now + margin_of(store, i))
			store->passed[i] = now + margin_of(store, i);
		advance(store, i, now + margin_of(store, i));
	}
	linger_out(store);
}

/* A simulated year calls this a million times, with little to do. */
int64_t standin_store_run(struct standin_store *store)
{
	int64_t now = store->calls.wall(), steady = steady_seconds(store);
	int64_t next;
	int i;

	if (store->is_scheduled && now >= store->scheduled_at &&
	    now < store->next_wall && steady < store->next_steady) {
		for (i = 0; i < STANDIN_THRESHOLDS; i++)
			store->passed[i] = now + margin_of(store, i);
	} else {
		pass(store, now);
		schedule(store, now);
	}
	next = INT64_MAX;
	if (store->next_wall != INT64_MAX)
		next = store->next_wall - now;
	if (store->next_steady != INT64_MAX)
		next = min(next, store->next_steady - steady);
	return next == INT64_MAX ? -1 : next * 1000;
}

/* Eviction */

static bool may_go(const struct standin_store *store,
		   const struct standin_entry *entry)
{
	return entry->rank != STANDIN_DEAD ||
	       (entry->rank_key <= steady_seconds(store) &&
		!is_valid(store, entry));
}

/* Which makes room, after that one; NULL: none does. */
static struct standin_entry *next_victim(const struct standin_store *store,
					 const struct standin_entry *keep,
					 const struct standin_entry *after)
{
	enum standin_rank rank = after ? after->rank : 0;
	struct standin_entry *entry;

	for (; rank < STANDIN_RANKS; rank++) {
		entry = next_of(store, rank, keep, after);
		while (entry && !may_go(store, entry))
			entry = next_of(store, rank, keep, entry);
		if (entry)
			return entry;
		after = NULL;
	}
	return NULL;
}

unsigned int standin_total_max(const struct standin_store *store,
			       enum standin_limit limit, bool privileged)
{
	unsigned int max = store->limits[limit];

	return privileged ? max : max - max / RESERVE;
}

bool standin_make_room(struct standin_store *store, long entries, long bytes,
		       const struct standin_entry *keep, bool privileged,
		       struct standin_reply *reply)
{
	long need_entries = 0, need_bytes = 0;
	struct standin_entry *entry;
	long left_entries, left_bytes;

	if (entries)
		need_entries = store->used_entries + entries -
			       standin_total_max(store, STANDIN_MAX_ENTRIES,
						 privileged);
	if (bytes > 0)
		need_bytes = store->used_bytes + bytes -
			     standin_total_max(store, STANDIN_MAX_BYTES,
					       privileged);
	/* What fills the reserve does not go for who may not use it. */
	if (!privileged && need_entries > entries)
		need_entries = LONG_MAX;
	if (!privileged && need_bytes > bytes)
		need_bytes = LONG_MAX;
	if (need_entries <= 0 && need_bytes <= 0)
		return true;
	left_entries = need_entries;
	left_bytes = need_bytes;
	entry = next_victim(store, keep, NULL);
	for (; entry && (left_entries > 0 || left_bytes > 0);
	     entry = next_victim(store, keep, entry)) {
		left_entries--;
		left_bytes -= standin_bytes(entry);
	}
	if (left_bytes > 0)
		return standin_refuse(reply, -ENOSPC,
				      "the store is at its limit of bytes");
	if (left_entries > 0)
		return standin_refuse(reply, -ENOSPC,
				      "the store is at its limit of entries");
	while (need_entries > 0 || need_bytes > 0) {
		entry = next_victim(store, keep, NULL);
		need_entries--;
		need_bytes -= standin_bytes(entry);
		standin_remove(store, entry, KTLS_OCSP_EVENT_EVICTED);
	}
	return true;
}
