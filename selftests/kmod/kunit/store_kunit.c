// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store from inside: references, swaps, the order of expiry, eviction and
 * generations, to the second and to the byte.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <net/net_namespace.h>

#include "notices.h"

#define DAY		86400
#define START		(200000LL * DAY)	/* in the year 2517 */
#define MIN_VALIDITY	600			/* the defaults */
#define LINGER		3600

s64 kunit_now = START;

/* A response is named by one byte, which its key repeats. */
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
	u32 slot;
	int err;

	update.blob = ktls_ocsp_blob_alloc(data, len);
	if (!update.blob)
		return -ENOMEM;
	update.blob->status = KTLS_OCSP_CERT_STATUS_GOOD;
	update.blob->this_update = this_update;
	update.blob->next_update = next_update;
	update.blob->stored = kunit_now;
	err = ktls_ocsp_store_set(store, key_of(name), &update, &slot,
				  generation, NULL);
	ktls_ocsp_put(update.blob);
	return err;
}

/* 100 bytes that are valid for so many seconds. */
static int set_for(struct ktls_ocsp_store *store, u8 name, s64 seconds)
{
	u64 generation;

	return set_at(store, name, kunit_now, kunit_now + seconds, 100,
		      &generation);
}

static bool is_there(struct ktls_ocsp_store *store, u8 name)
{
	bool found;

	mutex_lock(&store->lock);
	found = ktls_ocsp_store_lookup(store, key_of(name));
	mutex_unlock(&store->lock);
	return found;
}

/* The response, which the caller puts. */
static struct ktls_ocsp_response *find(struct ktls_ocsp_store *store, u8 name)
{
	return ktls_ocsp_store_find(store, key_of(name));
}

static void hold(struct ktls_ocsp_store *store, u8 name)
{
	mutex_lock(&store->lock);
	ktls_ocsp_store_hold(store, ktls_ocsp_store_lookup(store, key_of(name)));
	mutex_unlock(&store->lock);
}

static void release(struct ktls_ocsp_store *store, u8 name)
{
	mutex_lock(&store->lock);
	ktls_ocsp_store_release(store,
				ktls_ocsp_store_lookup(store, key_of(name)));
	mutex_unlock(&store->lock);
}

static void go_to(struct ktls_ocsp_store *store, s64 time)
{
	kunit_now = time;
	mutex_lock(&store->lock);
	ktls_ocsp_expiry_run(store);
	mutex_unlock(&store->lock);
}

static long used(struct ktls_ocsp_store *store, enum ktls_ocsp_resource what)
{
	return atomic_long_read(&store->limits.used[what]);
}

/* What the board shows for a response. */
static u64 shown(struct ktls_ocsp_store *store, u32 slot)
{
	const struct ktls_ocsp_board_slot *slots;

	slots = (const void *)store->board->header;
	/* Pairs with ktls_ocsp_board_publish(), as a process would. */
	return smp_load_acquire(&slots[1 + slot].generation);
}

static int store_test_init(struct kunit *test)
{
	struct ktls_ocsp_store *store;

	kunit_now = START;
	notice_count = 0;
	store = ktls_ocsp_store_create(&init_net);
	KUNIT_ASSERT_FALSE(test, IS_ERR(store));
	test->priv = store;
	return 0;
}

/* A second reference, to see what the store left behind. */
static void store_test_exit(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	int i;

	if (IS_ERR_OR_NULL(store))
		return;
	ktls_ocsp_store_get(store);
	ktls_ocsp_store_close(store);
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&store->refs));
	KUNIT_EXPECT_TRUE(test, xa_empty(&store->slots));
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&store->timeline));
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&store->idle));
	for (i = 0; i < KTLS_OCSP_RESOURCES; i++)
		KUNIT_EXPECT_EQ(test, 0L, used(store, i));
	ktls_ocsp_store_put(store);
}

static void refs_of_blob(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_response *response;
	struct ktls_ocsp_blob *blob;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	response = find(store, 1);
	KUNIT_ASSERT_NOT_NULL(test, response);
	KUNIT_EXPECT_EQ(test, 2U, refcount_read(&response->refs));
	blob = ktls_ocsp_response_blob(response);
	KUNIT_ASSERT_NOT_NULL(test, blob);
	KUNIT_EXPECT_EQ(test, 2U, refcount_read(&blob->refs));

	/* Who has it keeps it, whatever the store does. */
	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, 2 * DAY));
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&blob->refs));
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 0x30, blob->data[0]);
	KUNIT_EXPECT_EQ(test, START + DAY, blob->next_update);
	ktls_ocsp_put(blob);
	ktls_ocsp_response_put(response);
}

static void refs_of_response(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_response *response;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	response = find(store, 1);
	KUNIT_ASSERT_NOT_NULL(test, response);
	KUNIT_EXPECT_EQ(test, 0, ktls_ocsp_store_withdraw(store, key_of(1),
							  NULL));
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&response->refs));
	KUNIT_EXPECT_NULL(test, find(store, 1));
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 1, response->key[0]);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			ktls_ocsp_store_withdraw(store, key_of(1), NULL));
	ktls_ocsp_response_put(response);
}

/* A held response stays without its blob, and goes when nobody holds it. */
static void withdrawn_while_held(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_response *response;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	hold(store, 1);
	hold(store, 1);
	KUNIT_EXPECT_EQ(test, 0, ktls_ocsp_store_withdraw(store, key_of(1),
							  NULL));
	KUNIT_EXPECT_EQ(test, 0L, used(store, KTLS_OCSP_BYTES));
	response = find(store, 1);
	KUNIT_ASSERT_NOT_NULL(test, response);
	KUNIT_EXPECT_EQ(test, 2U, response->handles);
	KUNIT_EXPECT_EQ(test, KTLS_OCSP_STATE_WITHDRAWN,
			ktls_ocsp_response_state(response, NULL, kunit_now));
	KUNIT_EXPECT_EQ(test, 0ULL, shown(store, response->slot));
	ktls_ocsp_response_put(response);

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
	struct ktls_ocsp_response *response;
	const struct ktls_ocsp_blob *old;
	u64 first, second;

	KUNIT_ASSERT_EQ(test, 0, set_at(store, 1, START, START + DAY, 100,
					&first));
	response = find(store, 1);
	KUNIT_ASSERT_NOT_NULL(test, response);
	old = rcu_access_pointer(response->blob);
	KUNIT_EXPECT_EQ(test, first, shown(store, response->slot));
	KUNIT_EXPECT_EQ(test, 100L, used(store, KTLS_OCSP_BYTES));

	/* One second older is refused, and all stays. */
	KUNIT_EXPECT_EQ(test, -EEXIST, set_at(store, 1, START - 1, START + DAY,
					      200, &second));
	KUNIT_EXPECT_PTR_EQ(test, old, rcu_access_pointer(response->blob));
	KUNIT_EXPECT_EQ(test, first, shown(store, response->slot));
	KUNIT_EXPECT_EQ(test, 100L, used(store, KTLS_OCSP_BYTES));

	/* As old replaces, larger and smaller. */
	KUNIT_EXPECT_EQ(test, 0, set_at(store, 1, START, START + DAY, 4000,
					&second));
	KUNIT_EXPECT_EQ(test, 4000L, used(store, KTLS_OCSP_BYTES));
	KUNIT_EXPECT_EQ(test, 0, set_at(store, 1, START, START + DAY, 1,
					&second));
	KUNIT_EXPECT_EQ(test, 1L, used(store, KTLS_OCSP_BYTES));
	KUNIT_EXPECT_EQ(test, second, shown(store, response->slot));
	KUNIT_EXPECT_EQ(test, 1L, used(store, KTLS_OCSP_RESPONSES));
	ktls_ocsp_response_put(response);
}

/* A blob takes the failure away, a failure leaves the blob. */
static void failure(struct kunit *test)
{
	struct ktls_ocsp_update update = { .reason = "no answer" };
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_response *response;
	u64 first, generation;
	u32 slot;
	int i;

	KUNIT_EXPECT_EQ(test, -ENOENT,
			ktls_ocsp_store_set(store, key_of(1), &update, &slot,
					    &generation, NULL));
	KUNIT_ASSERT_EQ(test, 0, set_at(store, 1, START, START + DAY, 100,
					&first));
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, 0,
				ktls_ocsp_store_set(store, key_of(1), &update,
						    &slot, &generation, NULL));
		KUNIT_EXPECT_EQ(test, first, generation);
	}
	KUNIT_EXPECT_EQ(test, 110L, used(store, KTLS_OCSP_BYTES));
	response = find(store, 1);
	KUNIT_ASSERT_NOT_NULL(test, response);
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, 3U, rcu_dereference(response->failure)->count);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 0, set_for(store, 1, DAY));
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(response->failure));
	KUNIT_EXPECT_EQ(test, 100L, used(store, KTLS_OCSP_BYTES));
	ktls_ocsp_response_put(response);
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
		/* Neither a refusal nor a slot's next response brings one back. */
		KUNIT_EXPECT_EQ(test, -EEXIST, set_at(store, i % 7, 0, START +
						      DAY, 10, &generation));
		KUNIT_EXPECT_EQ(test, 0, ktls_ocsp_store_withdraw(store,
								  key_of(i % 7),
								  NULL));
	}
}

/* The next notice: what, of which response. */
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
	struct ktls_ocsp_response *response;
	struct ktls_ocsp_blob *blob;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	KUNIT_ASSERT_EQ(test, 0, set_for(store, 2, DAY));
	hold(store, 2);
	go_to(store, START + DAY - 1);
	KUNIT_EXPECT_TRUE(test, is_there(store, 1));
	go_to(store, START + DAY);
	KUNIT_EXPECT_FALSE(test, is_there(store, 1));
	response = find(store, 2);
	KUNIT_ASSERT_NOT_NULL(test, response);
	blob = ktls_ocsp_response_blob(response);
	KUNIT_ASSERT_NOT_NULL(test, blob);
	KUNIT_EXPECT_EQ(test, KTLS_OCSP_STATE_VALID,
			ktls_ocsp_response_state(response, blob,
						 START + DAY - 1));
	KUNIT_EXPECT_EQ(test, KTLS_OCSP_STATE_EXPIRED,
			ktls_ocsp_response_state(response, blob, START + DAY));
	ktls_ocsp_put(blob);
	ktls_ocsp_response_put(response);
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
	store->limits.max[KTLS_OCSP_RESPONSES] = 4;
	notice_count = 0;
	for (i = 2; i <= 4; i++) {
		KUNIT_EXPECT_TRUE(test, is_there(store, i));
		KUNIT_EXPECT_EQ(test, 0, set_for(store, 10 + i, 9 * DAY));
		KUNIT_EXPECT_FALSE(test, is_there(store, i));
		KUNIT_EXPECT_EQ(test, i, notices[2 * (i - 2)].name);
		KUNIT_EXPECT_EQ(test, KTLS_OCSP_EVENT_WITHDRAWN,
				notices[2 * (i - 2)].event);
	}
	KUNIT_EXPECT_TRUE(test, is_there(store, 1));
	KUNIT_EXPECT_EQ(test, 4L, used(store, KTLS_OCSP_RESPONSES));
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
	store->limits.max[KTLS_OCSP_BYTES] = 400;
	KUNIT_EXPECT_EQ(test, -ENOSPC, set_at(store, 9, START, START + DAY, 301,
					      &generation));
	KUNIT_EXPECT_EQ(test, 4L, used(store, KTLS_OCSP_RESPONSES));
	KUNIT_EXPECT_EQ(test, 0, set_at(store, 9, START, START + 9 * DAY, 150,
					&generation));
	KUNIT_EXPECT_FALSE(test, is_there(store, 1));
	KUNIT_EXPECT_FALSE(test, is_there(store, 2));
	KUNIT_EXPECT_TRUE(test, is_there(store, 3));
	KUNIT_EXPECT_EQ(test, 350L, used(store, KTLS_OCSP_BYTES));
	/* One that grows does not make room for itself. */
	KUNIT_EXPECT_EQ(test, 0, set_at(store, 3, START, START + DAY, 150,
					&generation));
	KUNIT_EXPECT_TRUE(test, is_there(store, 3));
	KUNIT_EXPECT_TRUE(test, is_there(store, 9));
	KUNIT_EXPECT_EQ(test, 400L, used(store, KTLS_OCSP_BYTES));
}

/* Full of what is held: refused, and nothing is gone. */
static void eviction_of_none(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	hold(store, 1);
	store->limits.max[KTLS_OCSP_RESPONSES] = 1;
	KUNIT_EXPECT_EQ(test, -ENOSPC, set_for(store, 2, DAY));
	KUNIT_EXPECT_TRUE(test, is_there(store, 1));
	release(store, 1);
	KUNIT_EXPECT_EQ(test, 0, set_for(store, 2, DAY));
	KUNIT_EXPECT_FALSE(test, is_there(store, 1));
}

/* Its network namespace goes while somebody has a response. */
static void closing(struct kunit *test)
{
	struct ktls_ocsp_store *store = test->priv;
	struct ktls_ocsp_response *response;

	KUNIT_ASSERT_EQ(test, 0, set_for(store, 1, DAY));
	hold(store, 1);
	response = find(store, 1);
	KUNIT_ASSERT_NOT_NULL(test, response);
	ktls_ocsp_store_get(store);
	ktls_ocsp_store_close(store);
	test->priv = NULL;
	KUNIT_EXPECT_EQ(test, -ESHUTDOWN, ktls_ocsp_store_usable(store, NULL));
	KUNIT_EXPECT_EQ(test, -ESHUTDOWN, set_for(store, 1, 2 * DAY));
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&response->refs));
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(response->blob));
	KUNIT_EXPECT_EQ(test, 0ULL, shown(store, response->slot));
	mutex_lock(&store->lock);
	ktls_ocsp_store_release(store, response);
	mutex_unlock(&store->lock);
	ktls_ocsp_response_put(response);
	ktls_ocsp_store_put(store);
}

static struct kunit_case store_cases[] = {
	KUNIT_CASE(refs_of_blob),
	KUNIT_CASE(refs_of_response),
	KUNIT_CASE(withdrawn_while_held),
	KUNIT_CASE(swapping),
	KUNIT_CASE(failure),
	KUNIT_CASE(generations),
	KUNIT_CASE(expiry_order),
	KUNIT_CASE(expiry_second),
	KUNIT_CASE(eviction_order),
	KUNIT_CASE(eviction_bytes),
	KUNIT_CASE(eviction_of_none),
	KUNIT_CASE(closing),
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
	err = ktls_ocsp_response_init();
	if (err)
		goto err_blob;
	err = ktls_ocsp_expiry_start();
	if (!err)
		return 0;
	ktls_ocsp_response_exit();
err_blob:
	ktls_ocsp_blob_exit();
	return err;
}

static void __exit store_kunit_exit(void)
{
	ktls_ocsp_expiry_end();
	ktls_ocsp_response_exit();
	ktls_ocsp_blob_exit();
}

module_init(store_kunit_init);
module_exit(store_kunit_exit);

MODULE_DESCRIPTION("KUnit tests of the OCSP response store");
MODULE_LICENSE("GPL");
