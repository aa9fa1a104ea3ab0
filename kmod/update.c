// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a writer changes in a response: its blob, its failure, its
 * certificates. All that can fail is done first, so that a refused update
 * changes nothing.
 */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "message.h"
#include "store.h"

#define locked_dereference(p, store) \
	rcu_dereference_protected(p, lockdep_is_held(&(store)->lock))

static long failure_bytes(const struct ktls_ocsp_failure *failure)
{
	return failure ? strlen(failure->reason) + 1 : 0;
}

/**
 * ktls_ocsp_response_bytes() - what a response counts for
 * @store: its store, locked
 * @response: the response
 *
 * Return: bytes of blob, certificates and reason.
 */
long ktls_ocsp_response_bytes(const struct ktls_ocsp_store *store,
			      const struct ktls_ocsp_response *response)
{
	const struct ktls_ocsp_blob *blob;

	blob = locked_dereference(response->blob, store);
	return (blob ? blob->len : 0) +
	       ktls_ocsp_certs_len(locked_dereference(response->certs, store)) +
	       failure_bytes(locked_dereference(response->failure, store));
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
	err = ktls_ocsp_make_room(store, 0, more, response, extack);
	if (err)
		return err;
	if (ktls_ocsp_charge(&store->limits, KTLS_OCSP_BYTES, more))
		return 0;
	NL_SET_ERR_MSG(extack, KTLS_OCSP_NO_BYTES);
	return -ENOSPC;
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
	if (old_blob != blob) {
		ktls_ocsp_board_publish(store->board, response->slot,
					blob ? blob->generation : 0);
		ktls_ocsp_put(old_blob);
	}
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

/* Store the first blob of a response that is not there. */
static struct ktls_ocsp_response *
create_with_blob(struct ktls_ocsp_store *store,
		 const u8 key[KTLS_OCSP_KEY_LEN],
		 const struct ktls_ocsp_update *update,
		 struct netlink_ext_ack *extack)
{
	long bytes = update->blob->len + ktls_ocsp_certs_len(update->certs);
	struct ktls_ocsp_response *response;
	int err;

	response = ktls_ocsp_store_add(store, key, bytes, extack);
	if (IS_ERR(response))
		return response;
	err = ktls_ocsp_store_admit(store, response, bytes, extack);
	if (err)
		return ERR_PTR(err);
	err = set_blob(store, response, update, extack);
	if (!err)
		return response;
	ktls_ocsp_store_remove(store, response);
	return ERR_PTR(err);
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
	int err;

	err = ktls_ocsp_store_lock(store, extack);
	if (err)
		return err;
	response = ktls_ocsp_store_lookup(store, key);
	if (!response && !update->blob)
		response = not_found(extack);
	else if (!response)
		response = create_with_blob(store, key, update, extack);
	else
		err = update->blob ?
		      set_blob(store, response, update, extack) :
		      set_failure(store, response, update, extack);
	if (IS_ERR(response))
		err = PTR_ERR(response);
	if (err)
		goto unlock;
	blob = locked_dereference(response->blob, store);
	*slot = response->slot;
	*generation = blob ? blob->generation : 0;
unlock:
	mutex_unlock(&store->lock);
	return err;
}

/**
 * ktls_ocsp_store_empty() - drop a response's blob and failure
 * @store: the store, locked
 * @response: the response, which keeps its certificates
 */
void ktls_ocsp_store_empty(struct ktls_ocsp_store *store,
			   struct ktls_ocsp_response *response)
{
	long bytes = ktls_ocsp_response_bytes(store, response);

	lockdep_assert_held(&store->lock);
	WRITE_ONCE(response->withdrawn, true);
	swap_contents(store, response, NULL, NULL);
	ktls_ocsp_uncharge(&store->limits, KTLS_OCSP_BYTES,
			   bytes - ktls_ocsp_response_bytes(store, response));
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
	ktls_ocsp_store_empty(store, response);
	ktls_ocsp_notify_event(store, response, KTLS_OCSP_EVENT_WITHDRAWN);
	if (response->handles)
		ktls_ocsp_expiry_file(store, response);
	else
		ktls_ocsp_store_remove(store, response);
unlock:
	mutex_unlock(&store->lock);
	return err;
}
