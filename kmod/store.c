// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The store: all entries of one network namespace.
 *
 * Writers hold the store's lock. Readers find an entry under RCU and take a
 * reference; a blob is immutable and swapped as a whole, so what they see is
 * always one complete version.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "store.h"
#include "trace.h"

/* How many entries are handled before the lock is dropped for a moment. */
#define DUE_AT_ONCE	256

static struct workqueue_struct *store_wq;

static void count(struct ktls_ocsp_store *store, enum ktls_ocsp_count what)
{
	atomic64_inc(&store->counts[what]);
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

static void store_free(struct work_struct *work)
{
	struct ktls_ocsp_store *store;

	store = container_of(work, struct ktls_ocsp_store, free_work);
	ktls_ocsp_index_destroy(&store->index);
	ktls_ocsp_limits_destroy(&store->limits);
	put_user_ns(store->user_ns);
	mutex_destroy(&store->lock);
	kfree(store);
}

/**
 * ktls_ocsp_store_put() - drop a reference
 * @store: the store; it was closed before its last reference goes
 *
 * Context: any.
 */
void ktls_ocsp_store_put(struct ktls_ocsp_store *store)
{
	if (!refcount_dec_and_test(&store->refs))
		return;
	WARN_ON_ONCE(store->net);
	queue_work(store_wq, &store->free_work);
}

/*
 * Queued work has a reference of its own: a reader may queue it and then drop
 * the last other reference.
 */
static void queue_work_of(struct ktls_ocsp_store *store)
{
	ktls_ocsp_store_get(store);
	if (!queue_work(store_wq, &store->work))
		ktls_ocsp_store_put(store);
}

static enum hrtimer_restart deadline_fires(struct hrtimer *timer)
{
	queue_work_of(container_of(timer, struct ktls_ocsp_store,
				   schedule.deadline_timer));
	return HRTIMER_NORESTART;
}

static enum hrtimer_restart linger_fires(struct hrtimer *timer)
{
	queue_work_of(container_of(timer, struct ktls_ocsp_store,
				   schedule.linger_timer));
	return HRTIMER_NORESTART;
}

static void store_work(struct work_struct *work)
{
	struct ktls_ocsp_store *store;

	store = container_of(work, struct ktls_ocsp_store, work);
	if (!ktls_ocsp_store_begin(store, NULL)) {
		/* The timer that fired is not armed any more. */
		store->schedule.changed = true;
		ktls_ocsp_store_end(store);
	}
	ktls_ocsp_store_put(store);
}

/**
 * ktls_ocsp_store_create() - make the store of a network namespace
 * @net: the network namespace
 * @settings: its settings; a reference is taken
 *
 * ktls_ocsp_store_set_min_validity() follows before anybody reads the board.
 * May sleep.
 *
 * Return: the store with one reference, to be given to
 * ktls_ocsp_store_close(); or NULL when there is no memory.
 */
struct ktls_ocsp_store *
ktls_ocsp_store_create(struct net *net, struct ktls_ocsp_settings *settings)
{
	struct ktls_ocsp_store *store;

	store = kzalloc(sizeof(*store), GFP_KERNEL_ACCOUNT);
	if (!store)
		return NULL;
	if (ktls_ocsp_limits_init(&store->limits, settings, net->user_ns))
		goto err_free;
	if (ktls_ocsp_index_init(&store->index, &store->limits))
		goto err_limits;
	refcount_set(&store->refs, 1);
	mutex_init(&store->lock);
	store->net = net;
	store->user_ns = get_user_ns(net->user_ns);
	ktls_ocsp_schedule_init(&store->schedule, settings, deadline_fires,
				linger_fires);
	ktls_ocsp_notices_init(&store->notices, net);
	INIT_WORK(&store->work, store_work);
	INIT_WORK(&store->free_work, store_free);
	return store;

err_limits:
	ktls_ocsp_limits_destroy(&store->limits);
err_free:
	kfree(store);
	return NULL;
}

static void tell_all(const struct hlist_head *watchers,
		     enum ktls_ocsp_event event)
{
	struct ktls_ocsp_watcher *watcher;

	hlist_for_each_entry(watcher, watchers, node)
		watcher->tell(watcher, event);
}

/**
 * ktls_ocsp_store_watch() - register a watcher of the store's end
 * @store: the store; its network namespace is alive
 * @watcher: called when the store is closed, until ktls_ocsp_store_unwatch()
 *
 * May sleep.
 */
void ktls_ocsp_store_watch(struct ktls_ocsp_store *store,
			   struct ktls_ocsp_watcher *watcher)
{
	mutex_lock(&store->lock);
	hlist_add_head(&watcher->node, &store->watchers);
	mutex_unlock(&store->lock);
}

/**
 * ktls_ocsp_store_unwatch() - unregister a watcher of the store's end
 * @store: the store
 * @watcher: the watcher
 *
 * May sleep.
 */
void ktls_ocsp_store_unwatch(struct ktls_ocsp_store *store,
			     struct ktls_ocsp_watcher *watcher)
{
	mutex_lock(&store->lock);
	hlist_del_init(&watcher->node);
	mutex_unlock(&store->lock);
}

/**
 * ktls_ocsp_store_close() - empty the store of a dying network namespace
 * @store: the store; sessions may live on, and get -ESHUTDOWN
 *
 * Drops the network namespace's reference. May sleep.
 */
void ktls_ocsp_store_close(struct ktls_ocsp_store *store)
{
	struct ktls_ocsp_entry *entry;
	unsigned long slot;

	mutex_lock(&store->lock);
	WRITE_ONCE(store->net, NULL);
	xa_for_each(&store->index.by_slot, slot, entry) {
		/* Nobody takes a slot any more, so none waits for its holders. */
		ktls_ocsp_index_release_slot(&store->index, entry);
		if (!entry->gone)
			ktls_ocsp_store_remove(store, entry,
					       KTLS_OCSP_EVENT_REMOVED);
		cond_resched();
	}
	tell_all(&store->watchers, KTLS_OCSP_EVENT_REMOVED);
	mutex_unlock(&store->lock);

	ktls_ocsp_schedule_stop(&store->schedule);
	if (cancel_work_sync(&store->work))
		ktls_ocsp_store_put(store);
	ktls_ocsp_notices_close(&store->notices);
	ktls_ocsp_store_put(store);
}

/**
 * ktls_ocsp_store_set_min_validity() - apply a new min_validity
 * @store: the store
 * @seconds: the setting
 *
 * May sleep.
 */
void ktls_ocsp_store_set_min_validity(struct ktls_ocsp_store *store,
				      unsigned int seconds)
{
	ktls_ocsp_board_set_min_validity(&store->index.board, seconds);
	if (ktls_ocsp_store_begin(store, NULL))
		return;
	store->schedule.changed = true;
	ktls_ocsp_store_end(store);
}

/**
 * ktls_ocsp_store_usable() - fail if the store was closed
 * @store: the store
 * @extack: gets the reason
 *
 * Takes no lock: a store that is closed right after this is empty, and the
 * reader finds nothing.
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
 * ktls_ocsp_store_deny() - refuse a sender without CAP_NET_ADMIN
 * @store: the store
 * @extack: gets the reason
 *
 * Return: -EPERM.
 */
int ktls_ocsp_store_deny(const struct ktls_ocsp_store *store,
			 struct netlink_ext_ack *extack)
{
	trace_ktls_ocsp_denied(&store->limits, -EPERM, KTLS_OCSP_RESOURCES,
			       false);
	NL_SET_ERR_MSG(extack,
		       "CAP_NET_ADMIN over the store's network namespace is needed");
	return -EPERM;
}

/**
 * ktls_ocsp_store_check_clock() - notice that the clock was stepped back
 * @store: the store, referenced by the caller
 * @now: the time that the caller, a reader, judges by
 *
 * Then a worker moves the marks back and arms the timers.
 *
 * Context: any; takes no lock.
 */
void ktls_ocsp_store_check_clock(struct ktls_ocsp_store *store, s64 now)
{
	if (unlikely(ktls_ocsp_schedule_is_ahead(&store->schedule, now)))
		queue_work_of(store);
}

/**
 * ktls_ocsp_store_bytes() - what an entry counts for
 * @store: its store, locked
 * @entry: the entry
 *
 * Return: bytes of blob, certificates and reason.
 */
long ktls_ocsp_store_bytes(const struct ktls_ocsp_store *store,
			   const struct ktls_ocsp_entry *entry)
{
	const struct ktls_ocsp_blob *blob;

	blob = ktls_ocsp_locked(store, entry->blob);
	return (blob ? blob->len : 0) +
	       ktls_ocsp_certs_len(ktls_ocsp_locked(store, entry->certs)) +
	       ktls_ocsp_failure_len(ktls_ocsp_locked(store, entry->failure));
}

/**
 * ktls_ocsp_store_file() - put an entry into its place in the schedule
 * @store: the store, locked, its network namespace alive
 * @entry: the entry, whose blob or holders changed
 */
void ktls_ocsp_store_file(struct ktls_ocsp_store *store,
			  struct ktls_ocsp_entry *entry)
{
	lockdep_assert_held(&store->lock);
	ktls_ocsp_schedule_file(&store->schedule, entry);
}

/**
 * ktls_ocsp_store_tell() - queue a notice, and call the entry's watchers
 * @store: the store, locked, its network namespace alive
 * @entry: the entry
 * @event: what happened
 */
void ktls_ocsp_store_tell(struct ktls_ocsp_store *store,
			  const struct ktls_ocsp_entry *entry,
			  enum ktls_ocsp_event event)
{
	lockdep_assert_held(&store->lock);
	ktls_ocsp_notices_add(&store->notices, entry, event);
	tell_all(&entry->watchers, event);
}

/**
 * ktls_ocsp_store_swap() - replace what an entry has of blob and failure
 * @store: the store, locked
 * @entry: the entry
 * @blob: its blob from now on, or NULL. The reference of a new one is taken
 *	over; the one that the entry has may be passed to keep it.
 * @failure: its failure from now on, or NULL; likewise
 */
void ktls_ocsp_store_swap(struct ktls_ocsp_store *store,
			  struct ktls_ocsp_entry *entry,
			  struct ktls_ocsp_blob *blob,
			  struct ktls_ocsp_failure *failure)
{
	struct ktls_ocsp_failure *old_failure;
	struct ktls_ocsp_blob *old_blob;

	old_blob = rcu_replace_pointer(entry->blob, blob,
				       lockdep_is_held(&store->lock));
	old_failure = rcu_replace_pointer(entry->failure, failure,
					  lockdep_is_held(&store->lock));
	if (old_blob != blob) {
		ktls_ocsp_index_publish(&store->index, entry,
					blob ? blob->generation : 0);
		ktls_ocsp_blob_put(old_blob);
	}
	if (old_failure != failure)
		ktls_ocsp_failure_put(old_failure);
}

/**
 * ktls_ocsp_store_swap_certs() - replace an entry's certificates
 * @store: the store, locked
 * @entry: the entry
 * @certs: the certificates, of which a reference is taken; NULL for none
 */
void ktls_ocsp_store_swap_certs(struct ktls_ocsp_store *store,
				struct ktls_ocsp_entry *entry,
				struct ktls_ocsp_certs *certs)
{
	if (certs)
		refcount_inc(&certs->refs);
	ktls_ocsp_certs_put(rcu_replace_pointer(entry->certs, certs,
						lockdep_is_held(&store->lock)));
}

/* Give back what the user who created the entry was charged. */
static void release_payer(struct ktls_ocsp_entry *entry)
{
	if (!entry->payer)
		return;
	ktls_ocsp_uncharge_user(entry->payer, KTLS_OCSP_RESOURCE_ENTRIES, 1);
	ktls_ocsp_uncharge_user(entry->payer, KTLS_OCSP_RESOURCE_BYTES,
				entry->paid);
	ktls_ocsp_account_put(entry->payer);
	entry->payer = NULL;
}

/**
 * ktls_ocsp_store_remove() - take an entry out of the store
 * @store: the store, locked
 * @entry: the entry; sessions that hold it keep its slot, and nothing else
 * @event: why, for the notice
 */
void ktls_ocsp_store_remove(struct ktls_ocsp_store *store,
			    struct ktls_ocsp_entry *entry,
			    enum ktls_ocsp_event event)
{
	struct ktls_ocsp_limits *limits = &store->limits;

	lockdep_assert_held(&store->lock);
	ktls_ocsp_schedule_forget(&store->schedule, entry);
	if (store->net)
		ktls_ocsp_store_tell(store, entry, event);
	if (event == KTLS_OCSP_EVENT_EVICTED)
		count(store, KTLS_OCSP_COUNT_EVICTED);
	ktls_ocsp_uncharge(limits, limits->owner, KTLS_OCSP_RESOURCE_BYTES,
			   ktls_ocsp_store_bytes(store, entry));
	ktls_ocsp_uncharge(limits, limits->owner, KTLS_OCSP_RESOURCE_ENTRIES, 1);
	release_payer(entry);
	ktls_ocsp_store_swap(store, entry, NULL, NULL);
	ktls_ocsp_store_swap_certs(store, entry, NULL);
	if (!entry->handles)
		ktls_ocsp_index_release_slot(&store->index, entry);
	ktls_ocsp_index_remove(&store->index, entry);
}

/**
 * ktls_ocsp_store_retire() - an entry has no valid blob any more
 * @store: the store, locked, its network namespace alive
 * @entry: the entry; it stays for the sessions that hold it, if any
 */
void ktls_ocsp_store_retire(struct ktls_ocsp_store *store,
			    struct ktls_ocsp_entry *entry)
{
	if (entry->handles)
		ktls_ocsp_store_file(store, entry);
	else
		ktls_ocsp_store_remove(store, entry, KTLS_OCSP_EVENT_REMOVED);
}

static void expire(struct ktls_ocsp_store *store, struct ktls_ocsp_entry *entry)
{
	count(store, KTLS_OCSP_COUNT_EXPIRED);
	trace_ktls_ocsp_expire(&store->limits, entry,
			       ktls_ocsp_locked(store, entry->blob));
	ktls_ocsp_store_tell(store, entry, KTLS_OCSP_EVENT_EXPIRED);
	ktls_ocsp_store_retire(store, entry);
}

/* The clock may have been stepped back, and the blob be valid again. */
static void linger_out(struct ktls_ocsp_store *store,
		       struct ktls_ocsp_entry *entry)
{
	const struct ktls_ocsp_blob *blob;

	blob = ktls_ocsp_locked(store, entry->blob);
	if (blob && ktls_ocsp_now() < blob->next_update)
		ktls_ocsp_store_file(store, entry);
	else
		ktls_ocsp_store_remove(store, entry, KTLS_OCSP_EVENT_REMOVED);
}

/* Handle entries that are due; false: there are more. */
static bool do_due(struct ktls_ocsp_store *store)
{
	struct ktls_ocsp_entry *entry;
	enum ktls_ocsp_due due;
	int n;

	for (n = 0; n < DUE_AT_ONCE; n++) {
		entry = ktls_ocsp_schedule_next_due(&store->schedule, &due);
		if (!entry)
			return true;
		if (due == KTLS_OCSP_DUE_EXPIRED)
			expire(store, entry);
		else if (due == KTLS_OCSP_DUE_LINGERED)
			linger_out(store, entry);
		else if (READ_ONCE(store->limits.settings->min_validity))
			ktls_ocsp_store_tell(store, entry,
					     KTLS_OCSP_EVENT_EXPIRING);
	}
	return false;
}

/**
 * ktls_ocsp_store_begin() - lock the store to change it
 * @store: the store, referenced
 * @extack: gets the reason
 *
 * Handles all entries that are due first. On success ktls_ocsp_store_end()
 * follows. May sleep.
 *
 * Return: 0, or -ESHUTDOWN, unlocked, when the network namespace is gone.
 */
int ktls_ocsp_store_begin(struct ktls_ocsp_store *store,
			  struct netlink_ext_ack *extack)
{
	mutex_lock(&store->lock);
	while (store->net) {
		if (do_due(store)) {
			/* coccicheck: it stays locked, as the name says */
			return 0;
		}
		ktls_ocsp_store_end(store);
		cond_resched();
		mutex_lock(&store->lock);
	}
	mutex_unlock(&store->lock);
	NL_SET_ERR_MSG(extack, KTLS_OCSP_GONE);
	return -ESHUTDOWN;
}

/**
 * ktls_ocsp_store_end() - unlock the store, and send the notices
 * @store: the store, which ktls_ocsp_store_begin() locked
 *
 * May sleep.
 */
void ktls_ocsp_store_end(struct ktls_ocsp_store *store)
{
	bool told;

	/* Also set when no entry was filed but the marks were moved back. */
	if (store->schedule.changed)
		ktls_ocsp_schedule_arm(&store->schedule);
	told = READ_ONCE(store->notices.queued) ||
	       READ_ONCE(store->notices.lost);
	mutex_unlock(&store->lock);
	if (told)
		ktls_ocsp_notices_send(&store->notices);
}

/**
 * ktls_ocsp_store_init() - set up what all stores share
 *
 * Return: 0 or -ENOMEM.
 */
int __init ktls_ocsp_store_init(void)
{
	store_wq = alloc_workqueue("ktls_ocsp", WQ_UNBOUND, 0);
	return store_wq ? 0 : -ENOMEM;
}

/**
 * ktls_ocsp_store_exit() - give back what all stores shared
 *
 * All stores are closed, and nobody has a reference. Waits for those that are
 * being freed.
 */
void ktls_ocsp_store_exit(void)
{
	destroy_workqueue(store_wq);
}
