// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The store from inside: references, swaps, the order of expiry, eviction and
 * generations, to the second and to the byte.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <net/net_namespace.h>

#include "../../../kmod/hold.h"
#include "../../../kmod/update.h"
#include "notices.h"

#define DAY		86400
#define START		(200000LL * DAY)	/* in the year 2517 */
#define UPTIME		(300LL * DAY)	/* far ahead, too */
#define MIN_VALIDITY	600			/* the defaults */
#define LINGER		3600

s64 kunit_now = START;
s64 kunit_uptime = UPTIME;

static struct ktls_ocsp_settings *settings;

/* An entry is named by one byte, which its key repeats. */
static const u8 *key_of(u8 name)
{
	static u8 key[KTLS_OCSP_KEY_LEN];

	memset(key, name, sizeof(key));
	return key;
}

static int set_at(struct ktls_ocsp_store *store, u8 name, s64 this_update,
		  s64 next_update, u32 len, u64 *generation)
{
	static const u8 data[4096] = { 0x30 };
	struct ktls_ocsp_update update = {};
	struct ktls_ocsp_placed placed = {};
	int err;

	update.blob = ktls_ocsp_blob_alloc(data, len);
	if (!update.blob)
		return -ENOMEM;
	update.blob->status = KTLS_OCSP_CERT_STATUS_GOOD;
	update.blob->this_update = this_update;
	update.blob->next_update = next_update;
	update.blob->stored = kunit_now;
	err = ktls_ocsp_update(store, key_of(name), &update, &placed, NULL);
	*generation = placed.generation;
	ktls_ocsp_blob_put(update.blob);
	return err;
}

/* 100 bytes that are valid for so many seconds. */
static int set_for(struct ktls_ocsp_store *store, u8 name, s64 seconds)
{
	u64 generation;

	return set_at(store, name, kunit_now, kunit_now + seconds, 100,
		      &generation);
}

/* A failed attempt, of ten bytes. */
static int fail(struct ktls_ocsp_store *store, u8 name, u64 *generation)
{
	struct ktls_ocsp_update update = {};
	struct ktls_ocsp_placed placed = {};
	int err;

	update.failure = ktls_ocsp_failure_alloc("no answer", kunit_now);
	if (!update.failure)
		return -ENOMEM;
	err = ktls_ocsp_update(store, key_of(name), &update, &placed, NULL);
	*generation = placed.generation;
	ktls_ocsp_failure_put(update.failure);
	return err;
}

static bool is_there(struct ktls_ocsp_store *store, u8 name)
{
	bool found;

	mutex_lock(&store->lock);
	found = ktls_ocsp_index_lookup(&store->index, key_of(name));
	mutex_unlock(&store->lock);
	return found;
}

/* The entry, which the caller puts. */
static struct ktls_ocsp_entry *find(struct ktls_ocsp_store *store, u8 name)
{
	return ktls_ocsp_index_find(&store->index, key_of(name));
}

static struct ktls_ocsp_entry *must_find(struct kunit *test, u8 name)
{
	struct ktls_ocsp_entry *entry = find(test->priv, name);

	KUNIT_ASSERT_NOT_NULL(test, entry);
	return entry;
}

/* What is held, as by so many sessions: each has a reference. */
#define HELD_MAX	16

static struct {
	struct ktls_ocsp_entry *entry;
	struct ktls_ocsp_watcher *watcher;
} held[HELD_MAX];
static unsigned int held_count;

static void heard_of(struct ktls_ocsp_watcher *watcher,
		     enum ktls_ocsp_event event)
{
}

static void hold(struct ktls_ocsp_store *store, u8 name)
{
	struct ktls_ocsp_claim claim = { .key = key_of(name) };
	struct ktls_ocsp_candidate candidate;
	struct ktls_ocsp_watcher *watcher;
	struct ktls_ocsp_held answer;

	if (held_count == HELD_MAX ||
	    ktls_ocsp_claim_find(store, &claim, &candidate, NULL))
		return;
	watcher = kzalloc(sizeof(*watcher), GFP_KERNEL);
	if (watcher)
		watcher->tell = heard_of;
	if (watcher && !ktls_ocsp_claim_hold(store, &claim, &candidate, watcher,
					     &answer, NULL)) {
		refcount_inc(&candidate.entry->refs);
		held[held_count].entry = candidate.entry;
		held[held_count++].watcher = watcher;
	} else {
		kfree(watcher);
	}
	ktls_ocsp_candidate_drop(store, &candidate);
}

/* One that is held, whether it is in the store or not. */
static void release(struct ktls_ocsp_store *store, u8 name)
{
	struct ktls_ocsp_watcher *watcher;
	struct ktls_ocsp_entry *entry;
	unsigned int i;

	for (i = 0; i < held_count; i++) {
		entry = held[i].entry;
		watcher = held[i].watcher;
		if (entry->key[0] != name)
			continue;
		held[i] = held[--held_count];
		ktls_ocsp_release(store, entry, watcher);
		kfree(watcher);
		ktls_ocsp_entry_put(entry);
		return;
	}
}

static void release_all(struct ktls_ocsp_store *store)
{
	while (held_count)
		release(store, held[0].entry->key[0]);
}

static void go_to(struct ktls_ocsp_store *store, s64 time)
{
	kunit_uptime += max(time - kunit_now, 0LL);
	kunit_now = time;
	if (!ktls_ocsp_store_begin(store, NULL))
		ktls_ocsp_store_end(store);
}

static long used(struct ktls_ocsp_store *store, enum ktls_ocsp_resource what)
{
	return atomic_long_read(&store->limits.used[what]);
}

/* What the board shows for an entry. */
static u64 shown(struct ktls_ocsp_store *store, u32 slot)
{
	const struct ktls_ocsp_board_slot *slots;

	slots = (const void *)store->index.board.header;
	/* Pairs with ktls_ocsp_board_publish(), as a process would. */
	return smp_load_acquire(&slots[1 + slot].generation);
}

static int store_test_init(struct kunit *test)
{
	struct ktls_ocsp_store *store;

	kunit_now = START;
	kunit_uptime = UPTIME;
	notice_count = 0;
	notice_losses = 0;
	settings = ktls_ocsp_settings_alloc();
	KUNIT_ASSERT_NOT_NULL(test, settings);
	store = ktls_ocsp_store_create(&init_net, settings);
	ktls_ocsp_settings_put(settings);
	KUNIT_ASSERT_NOT_NULL(test, store);
	test->priv = store;
	return 0;
}

/* A second reference, to see what the store left behind. */
static void store_test_exit(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	int i;

	if (!store)
		return;
	ktls_ocsp_store_get(store);
	ktls_ocsp_store_close(store);
	release_all(store);
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&store->refs));
	KUNIT_EXPECT_TRUE(test, xa_empty(&store->index.by_slot));
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&store->schedule.deadlines));
	for (i = 0; i < KTLS_OCSP_RANKS; i++)
		KUNIT_EXPECT_TRUE(test,
				  RB_EMPTY_ROOT(&store->schedule.ranks[i]));
	for (i = 0; i < KTLS_OCSP_RESOURCES; i++)
		KUNIT_EXPECT_EQ(test, 0L, used(store, i));
	ktls_ocsp_store_put(store);
}

static void refs_of_blob(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_entry *entry;
	struct ktls_ocsp_blob *blob;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	entry = must_find(test, 1);
	KUNIT_EXPECT_EQ(test, 2U, refcount_read(&entry->refs));
	blob = ktls_ocsp_entry_blob(entry);
	KUNIT_ASSERT_NOT_NULL(test, blob);
	KUNIT_EXPECT_EQ(test, 2U, refcount_read(&blob->refs));

	/* Who has it keeps it, whatever the store does. */
	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, 2 * DAY));
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&blob->refs));
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 0x30, blob->data[0]);
	KUNIT_EXPECT_EQ(test, START + DAY, blob->next_update);
	ktls_ocsp_blob_put(blob);
	ktls_ocsp_entry_put(entry);
}

static void refs_of_entry(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_entry *entry;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	entry = must_find(test, 1);
	KUNIT_EXPECT_EQ(test, 0,
			ktls_ocsp_withdraw(store, key_of(1), NULL));
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&entry->refs));
	KUNIT_EXPECT_NULL(test, find(store, 1));
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 1, entry->key[0]);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			ktls_ocsp_withdraw(store, key_of(1), NULL));
	ktls_ocsp_entry_put(entry);
}

/* A held entry stays without its blob, and goes when nobody holds it. */
static void withdrawn_while_held(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_entry *entry;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	hold(store, 1);
	hold(store, 1);
	KUNIT_EXPECT_EQ(test, 0,
			ktls_ocsp_withdraw(store, key_of(1), NULL));
	KUNIT_EXPECT_EQ(test, 0L, used(store, KTLS_OCSP_RESOURCE_BYTES));
	entry = must_find(test, 1);
	KUNIT_EXPECT_EQ(test, 2U, entry->handles);
	KUNIT_EXPECT_EQ(test, KTLS_OCSP_STATE_WITHDRAWN,
			ktls_ocsp_entry_state(entry, NULL, kunit_now));
	KUNIT_EXPECT_EQ(test, 0ULL, shown(store, entry->slot));
	ktls_ocsp_entry_put(entry);

	release(store, 1);
	go_to(store, START + 2 * LINGER);
	KUNIT_EXPECT_TRUE(test, is_there(store, 1));
	release(store, 1);
	go_to(store, START + 3 * LINGER - 1);
	KUNIT_EXPECT_TRUE(test, is_there(store, 1));
	go_to(store, START + 3 * LINGER);
	KUNIT_EXPECT_FALSE(test, is_there(store, 1));
}

/* The old one or the new one, and what is counted follows. */
static void swapping(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_entry *entry;
	const struct ktls_ocsp_blob *old;
	u64 first, second;

	KUNIT_ASSERT_EQ(test, 0, set_at(store, 1, START, START + DAY, 100,
					&first));
	entry = must_find(test, 1);
	old = rcu_access_pointer(entry->blob);
	KUNIT_EXPECT_EQ(test, first, shown(store, entry->slot));
	KUNIT_EXPECT_EQ(test, 100L, used(store, KTLS_OCSP_RESOURCE_BYTES));

	/* One second older is refused, and all stays. */
	KUNIT_EXPECT_EQ(test, -EEXIST, set_at(store, 1, START - 1, START + DAY,
					      200, &second));
	KUNIT_EXPECT_PTR_EQ(test, old, rcu_access_pointer(entry->blob));
	KUNIT_EXPECT_EQ(test, first, shown(store, entry->slot));
	KUNIT_EXPECT_EQ(test, 100L, used(store, KTLS_OCSP_RESOURCE_BYTES));

	/* As old replaces, larger and smaller. */
	KUNIT_EXPECT_EQ(test, 0, set_at(store, 1, START, START + DAY, 4000,
					&second));
	KUNIT_EXPECT_EQ(test, 4000L, used(store, KTLS_OCSP_RESOURCE_BYTES));
	KUNIT_EXPECT_EQ(test, 0, set_at(store, 1, START, START + DAY, 1,
					&second));
	KUNIT_EXPECT_EQ(test, 1L, used(store, KTLS_OCSP_RESOURCE_BYTES));
	KUNIT_EXPECT_EQ(test, second, shown(store, entry->slot));
	KUNIT_EXPECT_EQ(test, 1L, used(store, KTLS_OCSP_RESOURCE_ENTRIES));
	ktls_ocsp_entry_put(entry);
}

/* A blob takes the failure away, a failure leaves the blob. */
static void failure(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_entry *entry;
	u64 first, generation;
	int i;

	KUNIT_EXPECT_EQ(test, -ENOENT, fail(store, 1, &generation));
	KUNIT_ASSERT_EQ(test, 0, set_at(store, 1, START, START + DAY, 100,
					&first));
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, 0, fail(store, 1, &generation));
		KUNIT_EXPECT_EQ(test, first, generation);
	}
	KUNIT_EXPECT_EQ(test, 110L, used(store, KTLS_OCSP_RESOURCE_BYTES));
	entry = must_find(test, 1);
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, 3U, rcu_dereference(entry->failure)->count);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 0, set_for(store, 1, DAY));
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(entry->failure));
	KUNIT_EXPECT_EQ(test, 100L, used(store, KTLS_OCSP_RESOURCE_BYTES));
	ktls_ocsp_entry_put(entry);
}

/* One more for each that is stored, never one that was there. */
static void generations(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	u64 generation, last = 0;
	u8 i;

	for (i = 0; i < 60; i++) {
		KUNIT_EXPECT_EQ(test, 0, set_at(store, i % 7, START + i,
						START + DAY, 10, &generation));
		KUNIT_EXPECT_EQ(test, last + 1, generation);
		last = generation;
		if (i % 5)
			continue;
		/* Neither a refusal nor a slot's next entry brings one back. */
		KUNIT_EXPECT_EQ(test, -EEXIST, set_at(store, i % 7, 0, START +
						      DAY, 10, &generation));
		KUNIT_EXPECT_EQ(test, 0,
				ktls_ocsp_withdraw(store, key_of(i % 7), NULL));
	}
}

/* The next notice: what, of which entry. */
static void expect_notice(struct kunit *test, unsigned int *at, u8 name,
			  enum ktls_ocsp_event event)
{
	KUNIT_ASSERT_LT(test, *at, notice_count);
	KUNIT_EXPECT_EQ(test, name, notices[*at].name);
	KUNIT_EXPECT_EQ(test, event, notices[*at].event);
	++*at;
}

/* In the order in which they end, not in which they came. */
static void expiry_order(struct kunit *test)
{
	static const u8 order[] = { 4, 1, 5, 3, 2 };
	struct ktls_ocsp_store *store = test->priv;
	unsigned int i, at;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		KUNIT_ASSERT_EQ(test, 0, set_for(store, order[i],
						 DAY + order[i]));
		hold(store, order[i]);
	}
	at = notice_count;
	go_to(store, START + DAY - MIN_VALIDITY);
	KUNIT_EXPECT_EQ(test, at, notice_count);
	go_to(store, START + DAY - MIN_VALIDITY + 3);
	for (i = 1; i <= 3; i++)
		expect_notice(test, &at, i, KTLS_OCSP_EVENT_EXPIRING);
	KUNIT_EXPECT_EQ(test, at, notice_count);

	/* What one step crosses is told threshold by threshold. */
	go_to(store, START + DAY + 2);
	expect_notice(test, &at, 4, KTLS_OCSP_EVENT_EXPIRING);
	expect_notice(test, &at, 5, KTLS_OCSP_EVENT_EXPIRING);
	expect_notice(test, &at, 1, KTLS_OCSP_EVENT_EXPIRED);
	expect_notice(test, &at, 2, KTLS_OCSP_EVENT_EXPIRED);
	KUNIT_EXPECT_EQ(test, at, notice_count);
	go_to(store, START + DAY + 2);
	KUNIT_EXPECT_EQ(test, at, notice_count);

	/* The clock is stepped back, and they end again. */
	go_to(store, START + DAY);
	KUNIT_EXPECT_EQ(test, at, notice_count);
	go_to(store, START + DAY + 1);
	expect_notice(test, &at, 1, KTLS_OCSP_EVENT_EXPIRED);
	KUNIT_EXPECT_EQ(test, at, notice_count);
}

/* Not a second too long, not one too short; unheld ones leave. */
static void expiry_second(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_entry *entry;
	struct ktls_ocsp_blob *blob;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	KUNIT_ASSERT_EQ(test, 0, set_for(store, 2, DAY));
	hold(store, 2);
	go_to(store, START + DAY - 1);
	KUNIT_EXPECT_TRUE(test, is_there(store, 1));
	go_to(store, START + DAY);
	KUNIT_EXPECT_FALSE(test, is_there(store, 1));
	entry = must_find(test, 2);
	blob = ktls_ocsp_entry_blob(entry);
	KUNIT_ASSERT_NOT_NULL(test, blob);
	KUNIT_EXPECT_EQ(test, KTLS_OCSP_STATE_VALID,
			ktls_ocsp_entry_state(entry, blob, START + DAY - 1));
	KUNIT_EXPECT_EQ(test, KTLS_OCSP_STATE_EXPIRED,
			ktls_ocsp_entry_state(entry, blob, START + DAY));
	ktls_ocsp_blob_put(blob);
	ktls_ocsp_entry_put(entry);
}

/* The first to end, of those that nobody holds. */
static void eviction_order(struct kunit *test)
{
	static const u8 order[] = { 3, 1, 4, 2 };
	struct ktls_ocsp_store *store = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		KUNIT_ASSERT_EQ(test, 0, set_for(store, order[i],
						 order[i] * DAY));
	hold(store, 1);
	settings->maxima.total[KTLS_OCSP_RESOURCE_ENTRIES] = 4;
	notice_count = 0;
	for (i = 2; i <= 4; i++) {
		KUNIT_EXPECT_TRUE(test, is_there(store, i));
		KUNIT_EXPECT_EQ(test, 0, set_for(store, 10 + i, 9 * DAY));
		KUNIT_EXPECT_FALSE(test, is_there(store, i));
		KUNIT_EXPECT_EQ(test, i, notices[2 * (i - 2)].name);
		KUNIT_EXPECT_EQ(test, KTLS_OCSP_EVENT_EVICTED,
				notices[2 * (i - 2)].event);
	}
	KUNIT_EXPECT_TRUE(test, is_there(store, 1));
	KUNIT_EXPECT_EQ(test, 4L, used(store, KTLS_OCSP_RESOURCE_ENTRIES));
}

/* As many as the bytes take, or none when all would not do. */
static void eviction_bytes(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	u64 generation;
	u8 i;

	for (i = 1; i <= 4; i++)
		KUNIT_ASSERT_EQ(test, 0, set_for(store, i, i * DAY));
	hold(store, 4);
	settings->maxima.total[KTLS_OCSP_RESOURCE_BYTES] = 400;
	KUNIT_EXPECT_EQ(test, -ENOSPC, set_at(store, 9, START, START + DAY, 301,
					      &generation));
	KUNIT_EXPECT_EQ(test, 4L, used(store, KTLS_OCSP_RESOURCE_ENTRIES));
	KUNIT_EXPECT_EQ(test, 0, set_at(store, 9, START, START + 9 * DAY, 150,
					&generation));
	KUNIT_EXPECT_FALSE(test, is_there(store, 1));
	KUNIT_EXPECT_FALSE(test, is_there(store, 2));
	KUNIT_EXPECT_TRUE(test, is_there(store, 3));
	KUNIT_EXPECT_EQ(test, 350L, used(store, KTLS_OCSP_RESOURCE_BYTES));
	/* One that grows does not make room for itself. */
	KUNIT_EXPECT_EQ(test, 0, set_at(store, 3, START, START + DAY, 150,
					&generation));
	KUNIT_EXPECT_TRUE(test, is_there(store, 3));
	KUNIT_EXPECT_TRUE(test, is_there(store, 9));
	KUNIT_EXPECT_EQ(test, 400L, used(store, KTLS_OCSP_RESOURCE_BYTES));
}

/* Full of what is held: refused, and nothing is gone. */
static void eviction_of_none(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	hold(store, 1);
	settings->maxima.total[KTLS_OCSP_RESOURCE_ENTRIES] = 1;
	KUNIT_EXPECT_EQ(test, -ENOSPC, set_for(store, 2, DAY));
	KUNIT_EXPECT_TRUE(test, is_there(store, 1));
	release(store, 1);
	KUNIT_EXPECT_EQ(test, 0, set_for(store, 2, DAY));
	KUNIT_EXPECT_FALSE(test, is_there(store, 1));
}

/* Its network namespace goes while somebody has an entry. */
static void closing(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_entry *entry;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	hold(store, 1);
	entry = must_find(test, 1);
	ktls_ocsp_store_get(store);
	ktls_ocsp_store_close(store);
	test->priv = NULL;
	KUNIT_EXPECT_EQ(test, -ESHUTDOWN, ktls_ocsp_store_usable(store, NULL));
	KUNIT_EXPECT_EQ(test, -ESHUTDOWN, set_for(store, 1, 2 * DAY));
	KUNIT_EXPECT_EQ(test, 2U, refcount_read(&entry->refs));
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(entry->blob));
	KUNIT_EXPECT_EQ(test, 0ULL, shown(store, entry->slot));
	ktls_ocsp_entry_put(entry);
	release_all(store);
	ktls_ocsp_store_put(store);
}

/* A reader may be the last who has the store, when it is closed already. */
static void work_after_closing(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_entry *entry;
	struct ktls_ocsp_blob *blob;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	hold(store, 1);
	entry = must_find(test, 1);
	blob = ktls_ocsp_entry_blob(entry);
	go_to(store, START + 2 * DAY);
	ktls_ocsp_store_get(store);
	ktls_ocsp_store_close(store);
	test->priv = NULL;

	kunit_now = START;
	/* The work that is queued waits for the lock. */
	mutex_lock(&store->lock);
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&store->refs));
	ktls_ocsp_store_check_clock(store, kunit_now);
	KUNIT_EXPECT_EQ(test, 2U, refcount_read(&store->refs));
	mutex_unlock(&store->lock);
	ktls_ocsp_blob_put(blob);
	ktls_ocsp_entry_put(entry);
	release_all(store);
	ktls_ocsp_store_put(store);
}

/* When will the timer fire for a deadline? 0: not at all. */
static s64 armed_for(struct ktls_ocsp_store *store)
{
	struct hrtimer *timer = &store->schedule.deadline_timer;

	return hrtimer_active(timer) ?
	       ktime_to_ns(hrtimer_get_softexpires(timer)) / NSEC_PER_SEC : 0;
}

/* Where the kernel's timers still reach. */
#define NEAR		(80000LL * DAY)	/* in the year 2189 */

/* The clock goes back, and who notices it changes nothing. */
static void armed_when_stepped_back(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;

	go_to(store, NEAR);
	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	hold(store, 1);
	go_to(store, NEAR + 2 * DAY);
	hrtimer_cancel(&store->schedule.deadline_timer);
	KUNIT_EXPECT_EQ(test, 0LL, armed_for(store));
	kunit_now = NEAR;
	KUNIT_EXPECT_EQ(test, -ENOENT, ktls_ocsp_withdraw(store, key_of(2),
							  NULL));
	KUNIT_EXPECT_EQ(test, NEAR + DAY - MIN_VALIDITY, armed_for(store));
}

static void armed_when_min_validity_changes(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;

	go_to(store, NEAR);
	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	hold(store, 1);
	KUNIT_EXPECT_EQ(test, NEAR + DAY - MIN_VALIDITY, armed_for(store));
	WRITE_ONCE(settings->min_validity, 7200);
	ktls_ocsp_store_set_min_validity(store, 7200);
	KUNIT_EXPECT_EQ(test, NEAR + DAY - 7200, armed_for(store));
}

/* What is withdrawn, or has long been dead, makes room though it is held. */
static void eviction_of_the_dead(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_entry *entry;
	u32 slot;
	u8 i;

	settings->maxima.total[KTLS_OCSP_RESOURCE_ENTRIES] = 3;
	for (i = 1; i <= 3; i++) {
		KUNIT_ASSERT_EQ(test, 0, set_for(store, i, DAY));
		hold(store, i);
	}
	KUNIT_EXPECT_EQ(test, -ENOSPC, set_for(store, 4, 9 * DAY));
	KUNIT_EXPECT_EQ(test, 0, ktls_ocsp_withdraw(store, key_of(2), NULL));
	entry = must_find(test, 2);
	slot = entry->slot;
	KUNIT_EXPECT_EQ(test, 0, set_for(store, 4, 9 * DAY));
	hold(store, 4);
	KUNIT_EXPECT_FALSE(test, is_there(store, 2));
	KUNIT_EXPECT_TRUE(test, entry->gone);
	KUNIT_EXPECT_EQ(test, 3L, used(store, KTLS_OCSP_RESOURCE_ENTRIES));

	/* Expired for less than the time of lingering, and for more. */
	go_to(store, START + DAY);
	go_to(store, START + DAY + LINGER - 1);
	KUNIT_EXPECT_EQ(test, -ENOSPC, set_for(store, 5, 9 * DAY));
	go_to(store, START + DAY + LINGER);
	/* Holding it anew does not make it younger. */
	release(store, 1);
	hold(store, 1);
	KUNIT_EXPECT_EQ(test, 0, set_for(store, 5, 9 * DAY));
	KUNIT_EXPECT_EQ(test, 0, set_for(store, 6, 9 * DAY));
	KUNIT_EXPECT_FALSE(test, is_there(store, 1));
	KUNIT_EXPECT_FALSE(test, is_there(store, 3));

	/* Its slot is nobody else's until it is let go. */
	KUNIT_EXPECT_PTR_EQ(test, entry,
			    xa_load(&store->index.by_slot, slot));
	release(store, 2);
	KUNIT_EXPECT_NULL(test, xa_load(&store->index.by_slot, slot));
	ktls_ocsp_entry_put(entry);
}

/* It lingers as long as it is to, wherever the clock was. */
static void linger_when_stepped(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;

	kunit_now = START + 3000 * DAY;
	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	hold(store, 1);
	KUNIT_EXPECT_EQ(test, 0, ktls_ocsp_withdraw(store, key_of(1), NULL));
	release(store, 1);
	go_to(store, START);
	KUNIT_EXPECT_TRUE(test, is_there(store, 1));
	kunit_uptime += LINGER;
	go_to(store, START);
	KUNIT_EXPECT_FALSE(test, is_there(store, 1));
}

/* A later one that was stored when the clock was ahead keeps nothing out. */
static void set_after_step(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	u64 generation;

	KUNIT_ASSERT_EQ(test, 0, set_at(store, 1, START + DAY, START + 9 * DAY,
					10, &generation));
	KUNIT_EXPECT_EQ(test, 0, set_at(store, 1, START, START + DAY, 10,
					&generation));
	KUNIT_EXPECT_EQ(test, -EEXIST, set_at(store, 1, START - 1, START + DAY,
					      10, &generation));
}

/* All that happens has a number, and no number is missing. */
static void numbers(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	unsigned int i;
	u8 name;

	settings->maxima.total[KTLS_OCSP_RESOURCE_ENTRIES] = 4;
	for (name = 1; name < 8; name++)
		KUNIT_EXPECT_EQ(test, 0, set_for(store, name, name * DAY));
	KUNIT_EXPECT_EQ(test, 0, ktls_ocsp_withdraw(store, key_of(7), NULL));
	go_to(store, START + 9 * DAY);
	KUNIT_ASSERT_LT(test, 20U, notice_count);
	KUNIT_ASSERT_GE(test, (unsigned int)NOTICES_MAX, notice_count);
	for (i = 0; i < notice_count; i++)
		KUNIT_EXPECT_EQ(test, i + 1ULL, notices[i].number);
	KUNIT_EXPECT_EQ(test, 0U, notice_losses);
}

static struct kunit_case store_cases[] = {
	KUNIT_CASE(refs_of_blob),
	KUNIT_CASE(refs_of_entry),
	KUNIT_CASE(withdrawn_while_held),
	KUNIT_CASE(swapping),
	KUNIT_CASE(failure),
	KUNIT_CASE(generations),
	KUNIT_CASE(expiry_order),
	KUNIT_CASE(expiry_second),
	KUNIT_CASE(eviction_order),
	KUNIT_CASE(eviction_bytes),
	KUNIT_CASE(eviction_of_none),
	KUNIT_CASE(eviction_of_the_dead),
	KUNIT_CASE(closing),
	KUNIT_CASE(work_after_closing),
	KUNIT_CASE(armed_when_stepped_back),
	KUNIT_CASE(armed_when_min_validity_changes),
	KUNIT_CASE(linger_when_stepped),
	KUNIT_CASE(set_after_step),
	KUNIT_CASE(numbers),
	{}
};

static struct kunit_suite store_suite = {
	.name = "ktls_ocsp_store",
	.init = store_test_init,
	.exit = store_test_exit,
	.test_cases = store_cases,
};

/* KUnit runs the suites when this is done. */
kunit_test_suites(&store_suite);

static int __init store_kunit_init(void)
{
	int err;

	err = ktls_ocsp_blob_init();
	if (err)
		return err;
	err = ktls_ocsp_entry_init();
	if (err)
		goto err_blob;
	err = ktls_ocsp_store_init();
	if (!err)
		return 0;
	ktls_ocsp_entry_exit();
err_blob:
	ktls_ocsp_blob_exit();
	return err;
}

static void __exit store_kunit_exit(void)
{
	ktls_ocsp_store_exit();
	ktls_ocsp_entry_exit();
	ktls_ocsp_blob_exit();
}

module_init(store_kunit_init);
module_exit(store_kunit_exit);

MODULE_DESCRIPTION("KUnit tests of the OCSP response store");
MODULE_LICENSE("GPL");
