// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store: all responses of one network namespace.
 *
 * Writers hold the store's lock. Readers find a response under RCU and take a
 * reference; a blob is immutable and swapped as a whole, so what they see is
 * always one complete version.
 */
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "message.h"
#include "store.h"

static const struct rhashtable_params table_params = {
	.head_offset = offsetof(struct ktls_ocsp_response, node),
	.key_offset = offsetof(struct ktls_ocsp_response, key),
	.key_len = KTLS_OCSP_KEY_LEN,
	.automatic_shrinking = true,
};

/**
 * ktls_ocsp_store_create() - make the store of a network namespace
 * @net: the network namespace
 *
 * Return: the store with one reference, to be given to
 * ktls_ocsp_store_close(); or an ERR_PTR.
 */
struct ktls_ocsp_store *ktls_ocsp_store_create(struct net *net)
{
	struct ktls_ocsp_store *store;
	int err;

	store = kzalloc(sizeof(*store), GFP_KERNEL_ACCOUNT);
	if (!store)
		return ERR_PTR(-ENOMEM);
	err = rhashtable_init(&store->table, &table_params);
	if (err)
		goto err_free;
	err = -ENOMEM;
	store->board = ktls_ocsp_board_create();
	if (!store->board)
		goto err_table;
	err = ktls_ocsp_limits_init(&store->limits, net,
				    &store->board->header->min_validity);
	if (err)
		goto err_board;

	refcount_set(&store->refs, 1);
	mutex_init(&store->lock);
	xa_init_flags(&store->slots, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	store->net = net;
	store->user_ns = get_user_ns(net->user_ns);
	store->changes = 1;
	store->timeline = RB_ROOT;
	store->idle = RB_ROOT;
	ktls_ocsp_expiry_init(store);
	return store;

err_board:
	ktls_ocsp_board_put(store->board);
err_table:
	rhashtable_destroy(&store->table);
err_free:
	kfree(store);
	return ERR_PTR(err);
}

/**
 * ktls_ocsp_store_get() - take a reference
 * @store: the store
 *
 * Return: @store.
 */
struct ktls_ocsp_store *ktls_ocsp_store_get(struct ktls_ocsp_store *store)
{
	refcount_inc(&store->refs);
	return store;
}

/**
 * ktls_ocsp_store_put() - drop a reference
 * @store: the store; it was closed before its last reference goes
 *
 * May sleep.
 */
void ktls_ocsp_store_put(struct ktls_ocsp_store *store)
{
	if (!refcount_dec_and_test(&store->refs))
		return;
	WARN_ON_ONCE(store->net);
	ktls_ocsp_board_put(store->board);
	rhashtable_destroy(&store->table);
	xa_destroy(&store->slots);
	xa_destroy(&store->limits.users);
	put_user_ns(store->user_ns);
	mutex_destroy(&store->lock);
	kfree(store);
}

/**
 * ktls_ocsp_store_lock() - take the store's lock to change the store
 * @store: the store
 * @extack: gets the reason
 *
 * On success the caller unlocks store->lock, and what time had to do to the
 * store has been done. May sleep.
 *
 * Return: 0, or -ESHUTDOWN, unlocked, when the network namespace is gone.
 */
int ktls_ocsp_store_lock(struct ktls_ocsp_store *store,
			 struct netlink_ext_ack *extack)
{
	mutex_lock(&store->lock);
	if (store->net) {
		ktls_ocsp_expiry_run(store);
		/* coccicheck: it stays locked, as the name says */
		return 0;
	}
	mutex_unlock(&store->lock);
	NL_SET_ERR_MSG(extack, KTLS_OCSP_GONE);
	return -ESHUTDOWN;
}

/**
 * ktls_ocsp_store_usable() - is there anything left to read?
 * @store: the store
 * @extack: gets the reason
 *
 * Takes no lock: a store that is closed right after is empty, which is as
 * good an answer to the reader.
 *
 * Return: 0, or -ESHUTDOWN when the network namespace is gone.
 */
int ktls_ocsp_store_usable(const struct ktls_ocsp_store *store,
			   struct netlink_ext_ack *extack)
{
	if (READ_ONCE(store->net))
		return 0;
	NL_SET_ERR_MSG(extack, KTLS_OCSP_GONE);
	return -ESHUTDOWN;
}

/**
 * ktls_ocsp_store_lookup() - find a response, for a writer
 * @store: the store, locked
 * @key: its key
 *
 * Return: the response, valid while the lock is held, or NULL.
 */
struct ktls_ocsp_response *
ktls_ocsp_store_lookup(struct ktls_ocsp_store *store,
		       const u8 key[KTLS_OCSP_KEY_LEN])
{
	lockdep_assert_held(&store->lock);
	return rhashtable_lookup_fast(&store->table, key, table_params);
}

/**
 * ktls_ocsp_store_find() - find a response, for a reader
 * @store: the store
 * @key: its key
 *
 * Takes no lock: the table is read under RCU, and a response whose last
 * reference has gone is as good as not found.
 *
 * Return: the response with a reference for the caller, or NULL.
 */
struct ktls_ocsp_response *
ktls_ocsp_store_find(struct ktls_ocsp_store *store,
		     const u8 key[KTLS_OCSP_KEY_LEN])
{
	struct ktls_ocsp_response *response;

	rcu_read_lock();
	response = rhashtable_lookup(&store->table, key, table_params);
	if (response && !ktls_ocsp_response_tryget(response))
		response = NULL;
	rcu_read_unlock();
	return response;
}

/* Readers of a dump compare this number; 0 means "does not say" to them. */
static void count_change(struct ktls_ocsp_store *store)
{
	if (!++store->changes)
		store->changes = 1;
}

/**
 * ktls_ocsp_store_discard() - take a response out that was not admitted
 * @store: the store, locked
 * @response: the response, which ktls_ocsp_store_add() made
 */
void ktls_ocsp_store_discard(struct ktls_ocsp_store *store,
			     struct ktls_ocsp_response *response)
{
	lockdep_assert_held(&store->lock);
	rhashtable_remove_fast(&store->table, &response->node, table_params);
	xa_erase(&store->slots, response->slot);
	ktls_ocsp_response_put(response);
}

/**
 * ktls_ocsp_store_remove() - take a response out of the store
 * @store: the store, locked
 * @response: the response; no session holds it, or the store is closing
 */
void ktls_ocsp_store_remove(struct ktls_ocsp_store *store,
			    struct ktls_ocsp_response *response)
{
	lockdep_assert_held(&store->lock);
	ktls_ocsp_expiry_forget(store, response);
	ktls_ocsp_board_publish(store->board, response->slot, 0);
	count_change(store);
	ktls_ocsp_uncharge(&store->limits, KTLS_OCSP_BYTES,
			   ktls_ocsp_response_bytes(store, response));
	ktls_ocsp_uncharge(&store->limits, KTLS_OCSP_RESPONSES, 1);
	ktls_ocsp_store_discard(store, response);
}

/**
 * ktls_ocsp_store_add() - create a response
 * @store: the store, locked
 * @key: its key, which is not in the store
 * @bytes: what will be charged for its contents
 * @extack: gets the reason
 *
 * Does all that takes memory, so that a lack of it is found before anything
 * is evicted. The caller goes on to ktls_ocsp_store_admit() or to
 * ktls_ocsp_store_discard() before it unlocks the store.
 *
 * Return: the response, not charged yet; or an ERR_PTR: -ENOSPC when there
 * will be no room for it, -ENOMEM.
 */
struct ktls_ocsp_response *
ktls_ocsp_store_add(struct ktls_ocsp_store *store,
		    const u8 key[KTLS_OCSP_KEY_LEN], long bytes,
		    struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_response *response;
	int err;

	lockdep_assert_held(&store->lock);
	err = ktls_ocsp_check_room(store, 1, bytes, NULL, extack);
	if (err)
		return ERR_PTR(err);
	response = ktls_ocsp_response_alloc(key);
	if (!response)
		return ERR_PTR(-ENOMEM);
	err = xa_alloc(&store->slots, &response->slot, response,
		       XA_LIMIT(0, INT_MAX), GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_put;
	err = ktls_ocsp_board_prepare(store->board, response->slot);
	if (err)
		goto err_slot;
	err = rhashtable_insert_fast(&store->table, &response->node,
				     table_params);
	if (err)
		goto err_slot;
	return response;

err_slot:
	xa_erase(&store->slots, response->slot);
err_put:
	ktls_ocsp_response_put(response);
	return ERR_PTR(-ENOMEM);
}

/**
 * ktls_ocsp_store_admit() - count a response that was added
 * @store: the store, locked
 * @response: the response, which stands in no tree until
 *	ktls_ocsp_store_hold() or ktls_ocsp_expiry_file() puts it there
 * @bytes: what will be charged for its contents next: there is room for it
 * @extack: gets the reason
 *
 * At the store's limits, others are evicted. On success the response goes by
 * ktls_ocsp_store_remove(), else it is discarded.
 *
 * Return: 0, or -ENOSPC at the store's limit.
 */
int ktls_ocsp_store_admit(struct ktls_ocsp_store *store,
			  struct ktls_ocsp_response *response, long bytes,
			  struct netlink_ext_ack *extack)
{
	int err;

	err = ktls_ocsp_make_room(store, 1, bytes, response, extack);
	if (!err && !ktls_ocsp_charge(&store->limits, KTLS_OCSP_RESPONSES, 1)) {
		NL_SET_ERR_MSG(extack, KTLS_OCSP_NO_RESPONSES);
		err = -ENOSPC;
	}
	if (err)
		ktls_ocsp_store_discard(store, response);
	else
		count_change(store);
	return err;
}

/**
 * ktls_ocsp_store_hold() - one more session holds a response
 * @store: the store, locked
 * @response: the response
 */
void ktls_ocsp_store_hold(struct ktls_ocsp_store *store,
			  struct ktls_ocsp_response *response)
{
	lockdep_assert_held(&store->lock);
	WRITE_ONCE(response->handles, response->handles + 1);
	if (response->handles == 1)
		ktls_ocsp_expiry_file(store, response);
}

/**
 * ktls_ocsp_store_release() - one session less holds a response
 * @store: the store, locked
 * @response: the response; the caller's reference keeps it in memory
 */
void ktls_ocsp_store_release(struct ktls_ocsp_store *store,
			     struct ktls_ocsp_response *response)
{
	lockdep_assert_held(&store->lock);
	WRITE_ONCE(response->handles, response->handles - 1);
	if (!response->handles && store->net)
		ktls_ocsp_expiry_file(store, response);
}

/**
 * ktls_ocsp_store_close() - empty the store of a dying network namespace
 * @store: the store; sessions may live on, and get -ESHUTDOWN
 *
 * Drops the network namespace's reference. May sleep.
 */
void ktls_ocsp_store_close(struct ktls_ocsp_store *store)
{
	struct ktls_ocsp_response *response;
	unsigned long slot;

	mutex_lock(&store->lock);
	WRITE_ONCE(store->net, NULL);
	xa_for_each(&store->slots, slot, response) {
		/* A session that lives on keeps the response, but no blob. */
		ktls_ocsp_store_empty(store, response);
		ktls_ocsp_store_remove(store, response);
		cond_resched();
	}
	mutex_unlock(&store->lock);

	ktls_ocsp_expiry_stop(store);
	ktls_ocsp_limits_exit(&store->limits);
	ktls_ocsp_store_put(store);
}
