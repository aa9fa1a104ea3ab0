// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Holds: how an entry is created for, held by and released by a session. */
#include <linux/skbuff.h>

#include "hold.h"
#include "message.h"

static int may_not_create(struct ktls_ocsp_store *store,
			  struct netlink_ext_ack *extack)
{
	int err = ktls_ocsp_store_deny(store, extack);

	NL_SET_ERR_MSG(extack,
		       "CAP_NET_ADMIN over the store's network namespace is needed, or a session with the flag create");
	return err;
}

/**
 * ktls_ocsp_claim_find() - find or make the entry that a session asks for
 * @store: the store, not locked
 * @claim: what is asked for
 * @candidate: gets it, for ktls_ocsp_candidate_drop()
 * @extack: gets the reason
 *
 * May sleep.
 *
 * Return: 0; -ENOENT when it is absent and @claim brings no certificates,
 * -EPERM when it may not be created, -ENOMEM, or -ESHUTDOWN.
 */
int ktls_ocsp_claim_find(struct ktls_ocsp_store *store,
			 const struct ktls_ocsp_claim *claim,
			 struct ktls_ocsp_candidate *candidate,
			 struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_account *payer;
	int err;

	err = ktls_ocsp_store_usable(store, extack);
	if (err || ktls_ocsp_candidate_find(store, claim->key, candidate))
		return err;
	if (!claim->certs) {
		NL_SET_ERR_MSG(extack, "no entry has this key");
		return -ENOENT;
	}
	if (!claim->may_create(claim, &payer))
		return may_not_create(store, extack);
	err = ktls_ocsp_candidate_make(store, claim->key, candidate);
	/* Such a store is charged to its owner as a whole. */
	if (!err && !store->limits.userns_owned)
		candidate->payer = payer;
	return err;
}

static void describe(struct ktls_ocsp_store *store,
		     const struct ktls_ocsp_entry *entry,
		     struct ktls_ocsp_held *held)
{
	struct ktls_ocsp_blob *blob = ktls_ocsp_entry_blob(entry);
	s64 now = ktls_ocsp_now();

	held->slot = entry->slot;
	held->generation = blob ? blob->generation : 0;
	held->state = ktls_ocsp_entry_state(entry, blob, now);
	held->refresher = false;
	ktls_ocsp_blob_put(blob);
	ktls_ocsp_store_check_clock(store, now);
}

/* Keep certificates with an entry, in place of those that it may have. */
static int attach(struct ktls_ocsp_store *store, struct ktls_ocsp_entry *entry,
		  struct ktls_ocsp_certs *certs, struct netlink_ext_ack *extack)
{
	const struct ktls_ocsp_certs *old;
	long more;
	int err;

	old = ktls_ocsp_locked(store, entry->certs);
	more = (long)ktls_ocsp_certs_len(certs) - ktls_ocsp_certs_len(old);
	err = ktls_ocsp_recharge(store, more, entry, extack);
	if (!err)
		ktls_ocsp_store_swap_certs(store, entry, certs);
	return err;
}

/* Is it the same issuer? The certificate is, since it has the entry's key. */
static bool same_issuer(const struct ktls_ocsp_certs *a,
			const struct ktls_ocsp_certs *b)
{
	return a->issuer_len == b->issuer_len &&
	       !memcmp(a->data + a->certificate_len,
		       b->data + b->certificate_len, a->issuer_len);
}

static bool is_valid(const struct ktls_ocsp_entry *entry)
{
	struct ktls_ocsp_blob *blob = ktls_ocsp_entry_blob(entry);
	enum ktls_ocsp_state state;

	state = ktls_ocsp_entry_state(entry, blob, ktls_ocsp_now());
	ktls_ocsp_blob_put(blob);
	return state == KTLS_OCSP_STATE_VALID;
}

/*
 * A refresher needs the certificates, which an entry that was created by a set
 * with a key alone does not have. If those that it has name a wrong issuer, no
 * response can be got with them: a caller with CAP_NET_ADMIN replaces them, so
 * that whoever came first does not keep the certificate without a response.
 * A caller who may only create entries does not change those of others.
 */
static bool wants_certs(const struct ktls_ocsp_claim *claim,
			const struct ktls_ocsp_entry *entry)
{
	struct ktls_ocsp_certs *old;
	bool wants;

	if (!claim->certs)
		return false;
	old = ktls_ocsp_entry_certs(entry);
	wants = !old || (!same_issuer(old, claim->certs) && !is_valid(entry));
	ktls_ocsp_certs_put(old);
	return wants && claim->may_write(claim);
}

/*
 * Attach the certificates, unless a response was stored in the meantime. If
 * there is no room for them the entry is held without.
 */
static bool replace_certs(struct ktls_ocsp_store *store,
			  struct ktls_ocsp_entry *entry,
			  struct ktls_ocsp_certs *certs)
{
	if (rcu_access_pointer(entry->certs) && is_valid(entry))
		return false;
	return !attach(store, entry, certs, NULL);
}

static int hold_locked(struct ktls_ocsp_store *store,
		       struct ktls_ocsp_candidate *candidate,
		       struct ktls_ocsp_certs *certs, bool *replaced,
		       struct ktls_ocsp_watcher *watcher,
		       struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_entry *entry = candidate->entry;
	bool is_new = candidate->is_new;
	int err;

	err = ktls_ocsp_candidate_admit(store, candidate,
					ktls_ocsp_certs_len(certs), extack);
	if (err)
		return err;
	if (is_new)
		err = attach(store, entry, certs, extack);
	else if (certs)
		*replaced = replace_certs(store, entry, certs);
	if (err) {
		ktls_ocsp_store_remove(store, entry, KTLS_OCSP_EVENT_REMOVED);
		return err;
	}
	if (is_new)
		ktls_ocsp_store_tell(store, entry, KTLS_OCSP_EVENT_CREATED);
	hlist_add_head(&watcher->node, &entry->watchers);
	WRITE_ONCE(entry->handles, entry->handles + 1);
	if (entry->handles == 1)
		ktls_ocsp_store_file(store, entry);
	return 0;
}

/**
 * ktls_ocsp_claim_hold() - make a session hold an entry
 * @store: the store, not locked
 * @claim: what is asked for
 * @candidate: what ktls_ocsp_claim_find() found; it is in the store then
 * @watcher: called for each event of the entry, until ktls_ocsp_release()
 * @held: gets the answer
 * @extack: gets the reason
 *
 * ktls_ocsp_release() undoes it. May sleep.
 *
 * Return: 0; -EAGAIN when the candidate has to be found again; -ENOSPC at a
 * limit, -ENOMEM or -ESHUTDOWN. Then nothing has changed.
 */
int ktls_ocsp_claim_hold(struct ktls_ocsp_store *store,
			 const struct ktls_ocsp_claim *claim,
			 struct ktls_ocsp_candidate *candidate,
			 struct ktls_ocsp_watcher *watcher,
			 struct ktls_ocsp_held *held,
			 struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_entry *entry = candidate->entry;
	bool is_new = candidate->is_new;
	struct ktls_ocsp_certs *certs = NULL;
	struct sk_buff *wanted = NULL;
	bool replaced = false;
	int err;

	if (is_new || wants_certs(claim, entry))
		certs = claim->certs;
	if (certs || claim->wait) {
		wanted = ktls_ocsp_message_wanted(entry);
		if (!wanted)
			return -ENOMEM;
	}
	err = ktls_ocsp_store_begin(store, extack);
	if (err)
		goto free;
	err = hold_locked(store, candidate, certs, &replaced, watcher, extack);
	ktls_ocsp_store_end(store);
	if (err)
		goto free;
	describe(store, entry, held);
	if (is_new ||
	    ((replaced || claim->wait) && held->state != KTLS_OCSP_STATE_VALID))
		held->refresher = ktls_ocsp_notices_want(&store->notices, entry,
							 &wanted);
free:
	kfree_skb(wanted);
	return err;
}

/**
 * ktls_ocsp_claim_again() - a session opens an entry that it holds already
 * @store: the store, not locked
 * @claim: what is asked for
 * @entry: the entry, which the session holds
 * @held: gets the answer
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int ktls_ocsp_claim_again(struct ktls_ocsp_store *store,
			  const struct ktls_ocsp_claim *claim,
			  struct ktls_ocsp_entry *entry,
			  struct ktls_ocsp_held *held)
{
	struct sk_buff *wanted;
	bool replaced = false;

	if (wants_certs(claim, entry) &&
	    !ktls_ocsp_store_begin(store, NULL)) {
		if (!entry->gone)
			replaced = replace_certs(store, entry, claim->certs);
		ktls_ocsp_store_end(store);
	}
	describe(store, entry, held);
	if (!(claim->wait || replaced) || held->state == KTLS_OCSP_STATE_VALID)
		return 0;
	wanted = ktls_ocsp_message_wanted(entry);
	if (!wanted)
		return -ENOMEM;
	held->refresher = ktls_ocsp_notices_want(&store->notices, entry,
						 &wanted);
	kfree_skb(wanted);
	return 0;
}

/**
 * ktls_ocsp_release() - let a session release an entry
 * @store: the store, not locked
 * @entry: the entry; the caller's reference keeps it in memory
 * @watcher: the watcher that ktls_ocsp_claim_hold() registered
 *
 * Works when the store's network namespace is gone, too. May sleep.
 */
void ktls_ocsp_release(struct ktls_ocsp_store *store,
		       struct ktls_ocsp_entry *entry,
		       struct ktls_ocsp_watcher *watcher)
{
	bool alive = !ktls_ocsp_store_begin(store, NULL);

	if (!alive)
		mutex_lock(&store->lock);
	hlist_del_init(&watcher->node);
	WRITE_ONCE(entry->handles, entry->handles - 1);
	if (alive && !entry->handles) {
		if (entry->gone)
			ktls_ocsp_index_release_slot(&store->index, entry);
		else
			ktls_ocsp_store_file(store, entry);
	}
	if (alive)
		ktls_ocsp_store_end(store);
	else
		mutex_unlock(&store->lock);
}
