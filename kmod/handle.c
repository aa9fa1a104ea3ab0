// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Handles: a session's references on entries. All memory is allocated before
 * the store is locked, so that a process at the limit of its memory cgroup
 * sleeps with no lock but its own session's.
 */
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "session.h"
#include "trace.h"

/**
 * struct ktls_ocsp_handle - a session's reference on an entry
 * @node: in the session's handles, by @slot
 * @slot: the entry's slot
 * @refs: how often the session opened it and has not closed it
 * @entry: the entry, referenced
 * @session: whose it is
 * @watcher: is told of what happens to the entry
 * @changed: whether it has changed since it was last read
 * @rcu: defers the free, since readers look the handle up under RCU
 */
struct ktls_ocsp_handle {
	struct rhash_head node;
	u32 slot;
	unsigned int refs;
	struct ktls_ocsp_entry *entry;
	struct ktls_ocsp_session *session;
	struct ktls_ocsp_watcher watcher;
	struct ktls_ocsp_changed changed;
	struct rcu_head rcu;
};

/*
 * Not an xarray by slot: sessions hold a few of a store's many slots, and an
 * array of slots would cost a first handle more, the higher its slot is.
 */
static const struct rhashtable_params handle_params = {
	.head_offset = offsetof(struct ktls_ocsp_handle, node),
	.key_offset = offsetof(struct ktls_ocsp_handle, slot),
	.key_len = sizeof(u32),
	.nelem_hint = 3,
	.automatic_shrinking = true,
};

static void uncharge(struct ktls_ocsp_session *session)
{
	ktls_ocsp_uncharge(&session->store->limits, session->tenancy->account,
			   KTLS_OCSP_RESOURCE_HANDLES, 1);
}

static int handle_ref(struct ktls_ocsp_handle *handle,
		      struct netlink_ext_ack *extack)
{
	if (handle->refs == UINT_MAX) {
		NL_SET_ERR_MSG(extack, "the handle has too many references");
		return -EOVERFLOW;
	}
	handle->refs++;
	return 0;
}

/* Called with the store's lock held, under which handles are released. */
static void entry_changes(struct ktls_ocsp_watcher *watcher,
			  enum ktls_ocsp_event event)
{
	struct ktls_ocsp_handle *handle;

	handle = container_of(watcher, struct ktls_ocsp_handle, watcher);
	ktls_ocsp_changes_add(&handle->session->changes, &handle->changed,
			      event);
}

/* Let a new handle be found; the entry is not held yet. */
static struct ktls_ocsp_handle *
handle_create(struct ktls_ocsp_session *session, struct ktls_ocsp_entry *entry,
	      struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_handle *handle;
	int err;

	err = ktls_ocsp_charge(&session->store->limits,
			       session->tenancy->account, KTLS_OCSP_RESOURCE_HANDLES, 1,
			       extack);
	if (err)
		return ERR_PTR(err);
	handle = kzalloc(sizeof(*handle), GFP_KERNEL_ACCOUNT);
	if (!handle)
		goto err_uncharge;
	refcount_inc(&entry->refs);
	handle->entry = entry;
	handle->slot = entry->slot;
	handle->refs = 1;
	handle->session = session;
	handle->watcher.tell = entry_changes;
	ktls_ocsp_changed_init(&handle->changed, handle->slot);
	if (!rhashtable_insert_fast(&session->handles, &handle->node,
				    handle_params))
		return handle;
	ktls_ocsp_entry_put(entry);
	kfree(handle);
err_uncharge:
	uncharge(session);
	return ERR_PTR(-ENOMEM);
}

/* Free a handle that was removed from the session and released its entry. */
static void handle_free(struct ktls_ocsp_session *session,
			struct ktls_ocsp_handle *handle)
{
	ktls_ocsp_changes_forget(&session->changes, &handle->changed);
	ktls_ocsp_entry_put(handle->entry);
	/* A reader may have found the handle; it takes no dead reference. */
	kfree_rcu(handle, rcu);
	uncharge(session);
}

static void handle_remove(struct ktls_ocsp_session *session,
			  struct ktls_ocsp_handle *handle)
{
	rhashtable_remove_fast(&session->handles, &handle->node, handle_params);
	handle_free(session, handle);
}

static void handle_drop(void *handle, void *session)
{
	struct ktls_ocsp_handle *dropped = handle;
	struct ktls_ocsp_session *owner = session;

	trace_ktls_ocsp_handle_close(&owner->store->limits, owner,
				     dropped->entry);
	ktls_ocsp_release(owner->store, dropped->entry, &dropped->watcher);
	handle_free(owner, dropped);
	cond_resched();
}

/**
 * ktls_ocsp_handles_init() - set up a new session's handles
 * @session: the session
 *
 * Return: 0 or -ENOMEM.
 */
int ktls_ocsp_handles_init(struct ktls_ocsp_session *session)
{
	return rhashtable_init(&session->handles, &handle_params);
}

/**
 * ktls_ocsp_handles_destroy() - release all that a session holds
 * @session: the session, which nobody uses any more
 *
 * May sleep.
 */
void ktls_ocsp_handles_destroy(struct ktls_ocsp_session *session)
{
	rhashtable_free_and_destroy(&session->handles, handle_drop, session);
}

static struct ktls_ocsp_handle *find_handle(struct ktls_ocsp_session *session,
					    u32 slot)
{
	lockdep_assert_held(&session->lock);
	return rhashtable_lookup_fast(&session->handles, &slot, handle_params);
}

/* Hold the candidate, once or once more. */
static int open_candidate(struct ktls_ocsp_session *session,
			  const struct ktls_ocsp_claim *claim,
			  struct ktls_ocsp_candidate *candidate,
			  struct ktls_ocsp_held *held,
			  struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_handle *handle;
	int err;

	handle = candidate->is_new ? NULL :
		 find_handle(session, candidate->entry->slot);
	if (handle) {
		err = handle_ref(handle, extack);
		if (err)
			return err;
		err = ktls_ocsp_claim_again(session->store, claim,
					    handle->entry, held);
		if (err)
			handle->refs--;
		return err;
	}
	handle = handle_create(session, candidate->entry, extack);
	if (IS_ERR(handle))
		return PTR_ERR(handle);
	err = ktls_ocsp_claim_hold(session->store, claim, candidate,
				   &handle->watcher, held, extack);
	if (err)
		handle_remove(session, handle);
	else
		trace_ktls_ocsp_handle_open(&session->store->limits, session,
					    candidate->entry);
	return err;
}

/**
 * ktls_ocsp_session_open() - hold an entry, once or once more
 * @session: the session
 * @claim: what is asked for
 * @held: gets the answer
 * @extack: gets the reason
 *
 * May sleep.
 *
 * Return: 0; -ENOENT when the entry is absent and @claim brings no
 * certificates, -EPERM when it may not be created, -ENOSPC at a limit,
 * -EOVERFLOW, -ENOMEM, or -ESHUTDOWN. Then nothing has changed.
 */
int ktls_ocsp_session_open(struct ktls_ocsp_session *session,
			   const struct ktls_ocsp_claim *claim,
			   struct ktls_ocsp_held *held,
			   struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_candidate candidate;
	int err;

	mutex_lock(&session->lock);
	do {
		err = ktls_ocsp_claim_find(session->store, claim, &candidate,
					   extack);
		if (err)
			break;
		err = open_candidate(session, claim, &candidate, held, extack);
		ktls_ocsp_candidate_drop(session->store, &candidate);
	} while (err == -EAGAIN);
	mutex_unlock(&session->lock);
	return err;
}

static int not_held(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "the session does not hold this slot");
	return -ENOENT;
}

/**
 * ktls_ocsp_session_ref() - hold an entry once more
 * @session: the session
 * @slot: a slot that it holds
 * @extack: gets the reason
 *
 * May sleep.
 *
 * Return: 0, -ENOENT when it does not hold the slot, or -EOVERFLOW.
 */
int ktls_ocsp_session_ref(struct ktls_ocsp_session *session, u32 slot,
			  struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_handle *handle;
	int err;

	mutex_lock(&session->lock);
	handle = find_handle(session, slot);
	err = handle ? handle_ref(handle, extack) : not_held(extack);
	mutex_unlock(&session->lock);
	return err;
}

/**
 * ktls_ocsp_session_close() - hold an entry once less
 * @session: the session
 * @slot: a slot that it holds
 * @extack: gets the reason
 *
 * Works when the store's network namespace is gone, too. May sleep.
 *
 * Return: 0, or -ENOENT when it does not hold the slot.
 */
int ktls_ocsp_session_close(struct ktls_ocsp_session *session, u32 slot,
			    struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_handle *handle;
	int err = 0;

	mutex_lock(&session->lock);
	handle = find_handle(session, slot);
	if (!handle) {
		err = not_held(extack);
	} else if (!--handle->refs) {
		rhashtable_remove_fast(&session->handles, &handle->node,
				       handle_params);
		handle_drop(handle, session);
	}
	mutex_unlock(&session->lock);
	return err;
}

/**
 * ktls_ocsp_session_entry() - the entry in a slot
 * @session: the session
 * @slot: a slot that it holds
 *
 * Takes no lock: the handle is looked up under RCU, and holds a reference on
 * its entry until it is removed. An entry without references counts as not
 * held.
 *
 * Return: the entry with a reference for the caller, or NULL.
 */
struct ktls_ocsp_entry *
ktls_ocsp_session_entry(struct ktls_ocsp_session *session, u32 slot)
{
	struct ktls_ocsp_entry *entry = NULL;
	struct ktls_ocsp_handle *handle;

	rcu_read_lock();
	handle = rhashtable_lookup(&session->handles, &slot, handle_params);
	if (handle && ktls_ocsp_entry_tryget(handle->entry))
		entry = handle->entry;
	rcu_read_unlock();
	return entry;
}
