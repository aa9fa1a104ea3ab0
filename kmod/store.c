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
	err = ktls_ocsp_limits_init(&store->limits, net);
	if (err)
		goto err_table;

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
	rhashtable_destroy(&store->table);
	xa_destroy(&store->slots);
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

#define locked_dereference(p, store) \
	rcu_dereference_protected(p, lockdep_is_held(&(store)->lock))

static long failure_bytes(const struct ktls_ocsp_failure *failure)
{
	return failure ? strlen(failure->reason) + 1 : 0;
}

static long response_bytes(struct ktls_ocsp_store *store,
			   const struct ktls_ocsp_response *response)
{
	const struct ktls_ocsp_blob *blob;

	blob = locked_dereference(response->blob, store);
	return (blob ? blob->len : 0) +
	       ktls_ocsp_certs_len(locked_dereference(response->certs, store)) +
	       failure_bytes(locked_dereference(response->failure, store));
}

/* Readers of a dump compare this number; 0 means "does not say" to them. */
static void count_change(struct ktls_ocsp_store *store)
{
	if (!++store->changes)
		store->changes = 1;
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
	rhashtable_remove_fast(&store->table, &response->node, table_params);
	xa_erase(&store->slots, response->slot);
	count_change(store);
	ktls_ocsp_uncharge(&store->limits, KTLS_OCSP_BYTES,
			   response_bytes(store, response));
	ktls_ocsp_uncharge(&store->limits, KTLS_OCSP_RESPONSES, 1);
	ktls_ocsp_response_put(response);
}

static long reclaimable(struct ktls_ocsp_store *store,
			const struct ktls_ocsp_response *response,
			enum ktls_ocsp_resource resource)
{
	return resource == KTLS_OCSP_BYTES ? response_bytes(store, response)
					   : 1;
}

/*
 * Would evicting idle responses, all but @keep, free @amount of @resource?
 * Asked first, so that what could not be enough is not thrown away either.
 */
static bool enough_idle(struct ktls_ocsp_store *store,
			enum ktls_ocsp_resource resource, long amount,
			const struct ktls_ocsp_response *keep)
{
	const struct ktls_ocsp_response *response;
	struct rb_node *node;

	for (node = rb_first(&store->idle); node && amount > 0;
	     node = rb_next(node)) {
		response = rb_entry(node, struct ktls_ocsp_response, idle);
		if (response != keep)
			amount -= reclaimable(store, response, resource);
	}
	return amount <= 0;
}

/*
 * Charge @amount of @resource. At the limit, those of the responses that no
 * session holds which expire first make room, but never @keep.
 */
static int charge_or_evict(struct ktls_ocsp_store *store,
			   enum ktls_ocsp_resource resource, long amount,
			   const struct ktls_ocsp_response *keep)
{
	struct ktls_ocsp_response *response;
	struct rb_node *node, *next;
	long over;

	if (ktls_ocsp_charge(&store->limits, resource, amount))
		return 0;
	over = ktls_ocsp_excess(&store->limits, resource, amount);
	if (!enough_idle(store, resource, over, keep))
		return -ENOSPC;
	for (node = rb_first(&store->idle); node && over > 0; node = next) {
		next = rb_next(node);
		response = rb_entry(node, struct ktls_ocsp_response, idle);
		if (response == keep)
			continue;
		over -= reclaimable(store, response, resource);
		ktls_ocsp_notify_event(store, response,
				       KTLS_OCSP_EVENT_WITHDRAWN);
		ktls_ocsp_store_remove(store, response);
	}
	return ktls_ocsp_charge(&store->limits, resource, amount) ? 0 : -ENOSPC;
}

/* Charge what the response will take more, or give back what it takes less. */
static int recharge_bytes(struct ktls_ocsp_store *store, long more,
			  const struct ktls_ocsp_response *response,
			  struct netlink_ext_ack *extack)
{
	int err;

	if (more <= 0) {
		ktls_ocsp_uncharge(&store->limits, KTLS_OCSP_BYTES, -more);
		return 0;
	}
	err = charge_or_evict(store, KTLS_OCSP_BYTES, more, response);
	if (err)
		NL_SET_ERR_MSG(extack, "the store is at its limit of bytes");
	return err;
}

/**
 * ktls_ocsp_store_add() - create a response
 * @store: the store, locked
 * @key: its key, which is not in the store
 * @extack: gets the reason
 *
 * The response stands in no tree until ktls_ocsp_store_hold() or
 * ktls_ocsp_expiry_file() puts it there.
 *
 * Return: the response, owned by the store; or an ERR_PTR: -ENOSPC at the
 * store's limit, -ENOMEM.
 */
struct ktls_ocsp_response *
ktls_ocsp_store_add(struct ktls_ocsp_store *store,
		    const u8 key[KTLS_OCSP_KEY_LEN],
		    struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_response *response;
	int err;

	lockdep_assert_held(&store->lock);
	err = charge_or_evict(store, KTLS_OCSP_RESPONSES, 1, NULL);
	if (err) {
		NL_SET_ERR_MSG(extack,
			       "the store is at its limit of responses");
		return ERR_PTR(err);
	}
	err = -ENOMEM;
	response = ktls_ocsp_response_alloc(key);
	if (!response)
		goto err_uncharge;
	err = xa_alloc(&store->slots, &response->slot, response,
		       XA_LIMIT(0, INT_MAX), GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_put;
	err = rhashtable_insert_fast(&store->table, &response->node,
				     table_params);
	if (err)
		goto err_slot;
	count_change(store);
	return response;

err_slot:
	xa_erase(&store->slots, response->slot);
err_put:
	ktls_ocsp_response_put(response);
err_uncharge:
	ktls_ocsp_uncharge(&store->limits, KTLS_OCSP_RESPONSES, 1);
	return ERR_PTR(-ENOMEM);
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

/* By how much @certs would take more than what is kept; 0 when it is kept. */
static long certs_growth(struct ktls_ocsp_store *store,
			 const struct ktls_ocsp_response *response,
			 const struct ktls_ocsp_certs *certs)
{
	if (!certs)
		return 0;
	return (long)ktls_ocsp_certs_len(certs) -
	       ktls_ocsp_certs_len(locked_dereference(response->certs, store));
}

static void swap_certs(struct ktls_ocsp_store *store,
		       struct ktls_ocsp_response *response,
		       struct ktls_ocsp_certs *certs)
{
	if (!certs)
		return;
	refcount_inc(&certs->refs);
	ktls_ocsp_certs_put(rcu_replace_pointer(response->certs, certs,
						lockdep_is_held(&store->lock)));
}

/**
 * ktls_ocsp_store_attach() - keep certificates with a response
 * @store: the store, locked
 * @response: the response
 * @certs: the certificates; a reference is taken
 * @extack: gets the reason
 *
 * Return: 0, or -ENOSPC at the store's limit.
 */
int ktls_ocsp_store_attach(struct ktls_ocsp_store *store,
			   struct ktls_ocsp_response *response,
			   struct ktls_ocsp_certs *certs,
			   struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&store->lock);
	err = recharge_bytes(store, certs_growth(store, response, certs),
			     response, extack);
	if (!err)
		swap_certs(store, response, certs);
	return err;
}

/* Replace what the response has of blob and failure; NULL is none. */
static void swap_contents(struct ktls_ocsp_store *store,
			  struct ktls_ocsp_response *response,
			  struct ktls_ocsp_blob *blob,
			  struct ktls_ocsp_failure *failure)
{
	struct ktls_ocsp_failure *old_failure;
	struct ktls_ocsp_blob *old_blob;

	old_blob = rcu_replace_pointer(response->blob, blob,
				       lockdep_is_held(&store->lock));
	old_failure = rcu_replace_pointer(response->failure, failure,
					  lockdep_is_held(&store->lock));
	if (old_blob != blob)
		ktls_ocsp_put(old_blob);
	if (old_failure)
		kfree_rcu(old_failure, rcu);
}

static int set_blob(struct ktls_ocsp_store *store,
		    struct ktls_ocsp_response *response,
		    const struct ktls_ocsp_update *update,
		    struct netlink_ext_ack *extack)
{
	const struct ktls_ocsp_blob *old;
	struct ktls_ocsp_blob *blob = update->blob;
	enum ktls_ocsp_event event;
	long more;
	int err;

	old = locked_dereference(response->blob, store);
	if (old && blob->this_update < old->this_update) {
		NL_SET_ERR_MSG(extack,
			       "a response with a later this-update is stored");
		return -EEXIST;
	}
	more = (long)blob->len - (old ? old->len : 0) -
	       failure_bytes(locked_dereference(response->failure, store)) +
	       certs_growth(store, response, update->certs);
	err = recharge_bytes(store, more, response, extack);
	if (err)
		return err;

	swap_certs(store, response, update->certs);
	blob->generation = ++store->generation;
	refcount_inc(&blob->refs);
	swap_contents(store, response, blob, NULL);
	WRITE_ONCE(response->withdrawn, false);
	ktls_ocsp_expiry_file(store, response);
	event = blob->status == KTLS_OCSP_CERT_STATUS_REVOKED ?
		KTLS_OCSP_EVENT_REVOKED : KTLS_OCSP_EVENT_UPDATED;
	ktls_ocsp_notify_event(store, response, event);
	if (ktls_ocsp_expiry_near(store, blob))
		ktls_ocsp_notify_event(store, response,
				       KTLS_OCSP_EVENT_EXPIRING);
	return 0;
}

static int set_failure(struct ktls_ocsp_store *store,
		       struct ktls_ocsp_response *response,
		       const struct ktls_ocsp_update *update,
		       struct netlink_ext_ack *extack)
{
	size_t size = strlen(update->reason) + 1;
	struct ktls_ocsp_failure *failure;
	const struct ktls_ocsp_failure *old;
	long more;
	int err;

	failure = kmalloc(struct_size(failure, reason, size),
			  GFP_KERNEL_ACCOUNT);
	if (!failure)
		return -ENOMEM;
	old = locked_dereference(response->failure, store);
	more = (long)size - failure_bytes(old) +
	       certs_growth(store, response, update->certs);
	err = recharge_bytes(store, more, response, extack);
	if (err) {
		kfree(failure);
		return err;
	}

	failure->time = ktls_ocsp_now();
	failure->count = old ? old->count + 1 : 1;
	memcpy(failure->reason, update->reason, size);
	swap_certs(store, response, update->certs);
	swap_contents(store, response,
		      locked_dereference(response->blob, store), failure);
	ktls_ocsp_notify_event(store, response, KTLS_OCSP_EVENT_FAILED);
	return 0;
}

static struct ktls_ocsp_response *not_found(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "no response has this key");
	return ERR_PTR(-ENOENT);
}

/**
 * ktls_ocsp_store_set() - store a blob, or report a failed attempt
 * @store: the store
 * @key: the response's key; it is created for a blob where it is absent
 * @update: the blob or the reason; references are taken
 * @slot: gets the response's slot
 * @generation: gets the generation of the response's blob, 0 if it has none
 * @extack: gets the reason
 *
 * May sleep.
 *
 * Return: 0; -ENOENT for a failure of an absent response, -EEXIST when a later
 * response is stored, -ENOSPC at the store's limit, -ENOMEM, or -ESHUTDOWN.
 * Then the store is as it was.
 */
int ktls_ocsp_store_set(struct ktls_ocsp_store *store,
			const u8 key[KTLS_OCSP_KEY_LEN],
			const struct ktls_ocsp_update *update, u32 *slot,
			u64 *generation, struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_response *response;
	const struct ktls_ocsp_blob *blob;
	bool created;
	int err;

	err = ktls_ocsp_store_lock(store, extack);
	if (err)
		return err;
	response = ktls_ocsp_store_lookup(store, key);
	created = !response && update->blob;
	if (created)
		response = ktls_ocsp_store_add(store, key, extack);
	else if (!response)
		response = not_found(extack);
	err = PTR_ERR_OR_ZERO(response);
	if (err)
		goto unlock;
	err = update->blob ? set_blob(store, response, update, extack) :
			     set_failure(store, response, update, extack);
	if (err && created)
		ktls_ocsp_store_remove(store, response);
	if (err)
		goto unlock;
	blob = locked_dereference(response->blob, store);
	*slot = response->slot;
	*generation = blob ? blob->generation : 0;
unlock:
	mutex_unlock(&store->lock);
	return err;
}

/* Drop the blob and the failure, not the certificates. */
static void empty(struct ktls_ocsp_store *store,
		  struct ktls_ocsp_response *response)
{
	long bytes = response_bytes(store, response);

	WRITE_ONCE(response->withdrawn, true);
	swap_contents(store, response, NULL, NULL);
	ktls_ocsp_uncharge(&store->limits, KTLS_OCSP_BYTES,
			   bytes - response_bytes(store, response));
}

/**
 * ktls_ocsp_store_withdraw() - delete a response
 * @store: the store
 * @key: the response's key
 * @extack: gets the reason
 *
 * The blob goes at once; the response too, unless a session holds it. May
 * sleep.
 *
 * Return: 0, -ENOENT or -ESHUTDOWN.
 */
int ktls_ocsp_store_withdraw(struct ktls_ocsp_store *store,
			     const u8 key[KTLS_OCSP_KEY_LEN],
			     struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_response *response;
	int err;

	err = ktls_ocsp_store_lock(store, extack);
	if (err)
		return err;
	response = ktls_ocsp_store_lookup(store, key);
	if (!response) {
		err = PTR_ERR(not_found(extack));
		goto unlock;
	}
	empty(store, response);
	ktls_ocsp_notify_event(store, response, KTLS_OCSP_EVENT_WITHDRAWN);
	if (response->handles)
		ktls_ocsp_expiry_file(store, response);
	else
		ktls_ocsp_store_remove(store, response);
unlock:
	mutex_unlock(&store->lock);
	return err;
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
		empty(store, response);
		ktls_ocsp_store_remove(store, response);
		cond_resched();
	}
	mutex_unlock(&store->lock);

	ktls_ocsp_expiry_stop(store);
	ktls_ocsp_limits_exit(&store->limits);
	ktls_ocsp_store_put(store);
}
