// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Admission: how an entry comes into a store, and which others make room.
 *
 * A change first finds its entry, or makes one, without the store's lock, and
 * admits it with the lock held. If the entry was added or removed in between,
 * the change starts over.
 */
#include "admission.h"
#include "trace.h"

/**
 * struct need - what has to be free before something is stored
 * @entries: how many of them, not positive when enough are
 * @bytes: how many of them, not positive when enough are
 */
struct need {
	long entries;
	long bytes;
};

static bool is_met(const struct need *need)
{
	return need->entries <= 0 && need->bytes <= 0;
}

/* What evicting @entry frees. */
static void reduce(struct need *need, const struct ktls_ocsp_store *store,
		   const struct ktls_ocsp_entry *entry)
{
	need->entries--;
	need->bytes -= ktls_ocsp_store_bytes(store, entry);
}

static int refuse(const struct need *need, const struct ktls_ocsp_store *store,
		  struct netlink_ext_ack *extack)
{
	ktls_ocsp_refuse_room(&store->limits, need->bytes > 0 ?
			      KTLS_OCSP_RESOURCE_BYTES :
			      KTLS_OCSP_RESOURCE_ENTRIES, extack);
	return -ENOSPC;
}

/* Would evicting all that may be evicted be enough? If not, evict nothing. */
static int check(struct need need, const struct ktls_ocsp_store *store,
		 const struct ktls_ocsp_entry *keep,
		 struct netlink_ext_ack *extack)
{
	const struct ktls_ocsp_entry *entry;

	for (entry = ktls_ocsp_schedule_first_victim(&store->schedule);
	     entry && !is_met(&need);
	     entry = ktls_ocsp_schedule_next_victim(&store->schedule, entry)) {
		if (entry != keep)
			reduce(&need, store, entry);
		cond_resched();
	}
	return is_met(&need) ? 0 : refuse(&need, store, extack);
}

static void evict(struct need need, struct ktls_ocsp_store *store,
		  const struct ktls_ocsp_entry *keep)
{
	struct ktls_ocsp_schedule *schedule = &store->schedule;
	struct ktls_ocsp_entry *entry, *next;

	for (entry = ktls_ocsp_schedule_first_victim(schedule);
	     entry && !is_met(&need); entry = next) {
		next = ktls_ocsp_schedule_next_victim(schedule, entry);
		if (entry != keep) {
			reduce(&need, store, entry);
			trace_ktls_ocsp_evict(&store->limits, entry,
					      ktls_ocsp_store_bytes(store,
								    entry));
			ktls_ocsp_store_remove(store, entry,
					       KTLS_OCSP_EVENT_EVICTED);
		}
		cond_resched();
	}
}

/*
 * Make room for entries and bytes at once, so that a change that is refused for
 * lack of the one has evicted nothing for the other; and last, after all else
 * that can fail. Only stores of other network namespaces that share a limit can
 * use up the room before it is charged.
 */
static int make_room(struct ktls_ocsp_store *store, long entries, long bytes,
		     const struct ktls_ocsp_entry *keep,
		     struct netlink_ext_ack *extack)
{
	struct need need = { 0, 0 };
	int err;

	lockdep_assert_held(&store->lock);
	if (entries)
		need.entries = ktls_ocsp_excess(&store->limits,
						KTLS_OCSP_RESOURCE_ENTRIES, entries);
	if (bytes > 0)
		need.bytes = ktls_ocsp_excess(&store->limits, KTLS_OCSP_RESOURCE_BYTES,
					      bytes);
	if (is_met(&need))
		return 0;
	if (need.entries == LONG_MAX || need.bytes == LONG_MAX)
		return refuse(&need, store, extack);
	err = check(need, store, keep, extack);
	if (!err)
		evict(need, store, keep);
	return err;
}

/**
 * ktls_ocsp_recharge() - charge the growth of an entry
 * @store: the store, locked, its network namespace alive
 * @more: bytes; negative gives back
 * @keep: the entry, which must not be evicted itself
 * @extack: gets the reason
 *
 * At the store's limit others are evicted.
 *
 * Return: 0, or -ENOSPC with nothing evicted and nothing charged.
 */
int ktls_ocsp_recharge(struct ktls_ocsp_store *store, long more,
		       const struct ktls_ocsp_entry *keep,
		       struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_limits *limits = &store->limits;
	int err;

	if (more <= 0) {
		ktls_ocsp_uncharge(limits, limits->owner, KTLS_OCSP_RESOURCE_BYTES,
				   -more);
		return 0;
	}
	err = make_room(store, 0, more, keep, extack);
	if (err)
		return err;
	return ktls_ocsp_charge(limits, limits->owner, KTLS_OCSP_RESOURCE_BYTES, more,
				extack);
}

/**
 * ktls_ocsp_candidate_find() - find the entry that a change is about
 * @store: the store, not locked
 * @key: the entry's key
 * @candidate: gets it, for ktls_ocsp_candidate_drop()
 *
 * Return: false when there is none.
 */
bool ktls_ocsp_candidate_find(struct ktls_ocsp_store *store,
			      const u8 key[KTLS_OCSP_KEY_LEN],
			      struct ktls_ocsp_candidate *candidate)
{
	candidate->entry = ktls_ocsp_index_find(&store->index, key);
	candidate->is_new = false;
	candidate->payer = NULL;
	return candidate->entry;
}

/**
 * ktls_ocsp_candidate_make() - make the entry that a change is about
 * @store: the store, not locked
 * @key: the entry's key
 * @candidate: gets it, for ktls_ocsp_candidate_drop()
 *
 * Does all that takes memory. May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int ktls_ocsp_candidate_make(struct ktls_ocsp_store *store,
			     const u8 key[KTLS_OCSP_KEY_LEN],
			     struct ktls_ocsp_candidate *candidate)
{
	int err;

	candidate->entry = ktls_ocsp_entry_alloc(key);
	if (!candidate->entry)
		return -ENOMEM;
	err = ktls_ocsp_index_reserve(&store->index, candidate->entry);
	if (err) {
		ktls_ocsp_entry_put(candidate->entry);
		return err;
	}
	candidate->is_new = true;
	candidate->payer = NULL;
	return 0;
}

/* Charge the user who creates an entry without CAP_NET_ADMIN, if any. */
static int charge_payer(const struct ktls_ocsp_limits *limits,
			struct ktls_ocsp_account *payer, long bytes,
			struct netlink_ext_ack *extack)
{
	int err;

	err = ktls_ocsp_charge_user(limits, payer, KTLS_OCSP_RESOURCE_ENTRIES,
				    1, extack);
	if (err)
		return err;
	err = ktls_ocsp_charge_user(limits, payer, KTLS_OCSP_RESOURCE_BYTES,
				    bytes, extack);
	if (err)
		ktls_ocsp_uncharge_user(payer, KTLS_OCSP_RESOURCE_ENTRIES, 1);
	return err;
}

static void keep_payer(struct ktls_ocsp_entry *entry,
		       struct ktls_ocsp_account *payer, long bytes)
{
	if (!payer)
		return;
	ktls_ocsp_account_hold(payer);
	entry->payer = payer;
	entry->paid = bytes;
}

static int admit_new(struct ktls_ocsp_store *store,
		     struct ktls_ocsp_candidate *candidate, long bytes,
		     struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_entry *entry = candidate->entry;
	struct ktls_ocsp_limits *limits = &store->limits;
	int err;

	if (ktls_ocsp_index_lookup(&store->index, entry->key))
		return -EAGAIN;
	err = charge_payer(limits, candidate->payer, bytes, extack);
	if (err)
		return err;
	err = ktls_ocsp_index_insert(&store->index, entry);
	if (err)
		goto err_payer;
	err = make_room(store, 1, bytes, entry, extack);
	if (err)
		goto err_remove;
	err = ktls_ocsp_charge(limits, limits->owner, KTLS_OCSP_RESOURCE_ENTRIES, 1,
			       extack);
	if (!err) {
		keep_payer(entry, candidate->payer, bytes);
		return 0;
	}
err_remove:
	/* It is in no rank yet, and not charged. */
	xa_store(&store->index.by_slot, entry->slot, NULL, GFP_NOWAIT);
	ktls_ocsp_index_remove(&store->index, entry);
err_payer:
	ktls_ocsp_uncharge_user(candidate->payer, KTLS_OCSP_RESOURCE_ENTRIES,
				1);
	ktls_ocsp_uncharge_user(candidate->payer, KTLS_OCSP_RESOURCE_BYTES,
				bytes);
	return err;
}

/**
 * ktls_ocsp_candidate_admit() - add a new entry, or check that one is there
 * @store: the store, locked, its network namespace alive
 * @candidate: the entry
 * @bytes: what the caller will charge for a new one next: there is room for it
 * @extack: gets the reason
 *
 * A new entry is filed by the caller.
 *
 * Return: 0; -EAGAIN when another entry with this key came, or the entry went;
 * -ENOSPC at the store's limit, -ENOMEM.
 */
int ktls_ocsp_candidate_admit(struct ktls_ocsp_store *store,
			      struct ktls_ocsp_candidate *candidate, long bytes,
			      struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&store->lock);
	if (!candidate->is_new)
		return candidate->entry->gone ? -EAGAIN : 0;
	err = admit_new(store, candidate, bytes, extack);
	if (!err)
		candidate->is_new = false;
	return err;
}

/**
 * ktls_ocsp_candidate_drop() - a change is done with its entry
 * @store: the store, not locked
 * @candidate: the entry
 */
void ktls_ocsp_candidate_drop(struct ktls_ocsp_store *store,
			      struct ktls_ocsp_candidate *candidate)
{
	if (candidate->is_new)
		ktls_ocsp_index_release_slot(&store->index, candidate->entry);
	ktls_ocsp_entry_put(candidate->entry);
}
