// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Updates: what a writer changes in an entry: its blob, its failure, its
 * certificates. All that can fail is done first, so that a refused update
 * changes nothing.
 */
#include "admission.h"
#include "trace.h"
#include "update.h"

/* How many bytes more new certificates take than the old ones. */
static long certs_growth(const struct ktls_ocsp_store *store,
			 const struct ktls_ocsp_entry *entry,
			 const struct ktls_ocsp_certs *certs)
{
	if (!certs)
		return 0;
	return (long)ktls_ocsp_certs_len(certs) -
	       ktls_ocsp_certs_len(ktls_ocsp_locked(store, entry->certs));
}

static void keep_certs(struct ktls_ocsp_store *store,
		       struct ktls_ocsp_entry *entry,
		       struct ktls_ocsp_certs *certs)
{
	if (certs)
		ktls_ocsp_store_swap_certs(store, entry, certs);
}

/*
 * A blob whose this-update lies in the future was stored when the clock was
 * ahead, and must not keep later ones out.
 */
static bool is_newer(const struct ktls_ocsp_blob *old,
		     const struct ktls_ocsp_blob *blob)
{
	return old && blob->this_update < old->this_update &&
	       old->this_update <= ktls_ocsp_now() + KTLS_OCSP_CLOCK_TOLERANCE;
}

static int set_blob(struct ktls_ocsp_store *store,
		    struct ktls_ocsp_entry *entry,
		    const struct ktls_ocsp_update *update,
		    struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_blob *blob = update->blob;
	const struct ktls_ocsp_blob *old;
	long more;
	int err;

	old = ktls_ocsp_locked(store, entry->blob);
	if (is_newer(old, blob)) {
		NL_SET_ERR_MSG(extack,
			       "a response with a later this-update is stored");
		return -EEXIST;
	}
	more = (long)blob->len - (old ? old->len : 0) -
	       ktls_ocsp_failure_len(ktls_ocsp_locked(store, entry->failure)) +
	       certs_growth(store, entry, update->certs);
	err = ktls_ocsp_recharge(store, more, entry, extack);
	if (err)
		return err;

	keep_certs(store, entry, update->certs);
	blob->generation = ++store->generation;
	refcount_inc(&blob->refs);
	ktls_ocsp_store_swap(store, entry, blob, NULL);
	trace_ktls_ocsp_set(&store->limits, entry, blob);
	WRITE_ONCE(entry->withdrawn, false);
	ktls_ocsp_store_file(store, entry);
	ktls_ocsp_store_tell(store, entry,
			     blob->status == KTLS_OCSP_CERT_STATUS_REVOKED ?
			     KTLS_OCSP_EVENT_REVOKED : KTLS_OCSP_EVENT_UPDATED);
	if (ktls_ocsp_schedule_is_expiring(&store->schedule, blob))
		ktls_ocsp_store_tell(store, entry, KTLS_OCSP_EVENT_EXPIRING);
	return 0;
}

static int set_failure(struct ktls_ocsp_store *store,
		       struct ktls_ocsp_entry *entry,
		       const struct ktls_ocsp_update *update,
		       struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_failure *failure = update->failure;
	const struct ktls_ocsp_failure *old;
	long more;
	int err;

	old = ktls_ocsp_locked(store, entry->failure);
	more = (long)ktls_ocsp_failure_len(failure) -
	       ktls_ocsp_failure_len(old) +
	       certs_growth(store, entry, update->certs);
	err = ktls_ocsp_recharge(store, more, entry, extack);
	if (err)
		return err;

	failure->count = old ? old->count + !update->is_repeated : 1;
	keep_certs(store, entry, update->certs);
	refcount_inc(&failure->refs);
	ktls_ocsp_store_swap(store, entry, ktls_ocsp_locked(store, entry->blob),
			     failure);
	trace_ktls_ocsp_failure(&store->limits, entry, failure);
	ktls_ocsp_store_tell(store, entry, KTLS_OCSP_EVENT_FAILED);
	return 0;
}

static int not_found(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "no entry has this key");
	return -ENOENT;
}

static int update_locked(struct ktls_ocsp_store *store,
			 struct ktls_ocsp_candidate *candidate,
			 const struct ktls_ocsp_update *update,
			 struct ktls_ocsp_placed *placed,
			 struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_entry *entry = candidate->entry;
	bool is_new = candidate->is_new;
	const struct ktls_ocsp_blob *blob;
	int err;

	err = ktls_ocsp_candidate_admit(store, candidate,
					is_new ? update->blob->len +
					ktls_ocsp_certs_len(update->certs) : 0,
					extack);
	if (err)
		return err;
	err = update->blob ? set_blob(store, entry, update, extack) :
	      set_failure(store, entry, update, extack);
	if (err) {
		/* Another network namespace used up the shared limit. */
		if (is_new)
			ktls_ocsp_store_remove(store, entry,
					       KTLS_OCSP_EVENT_REMOVED);
		return err;
	}
	blob = ktls_ocsp_locked(store, entry->blob);
	placed->slot = entry->slot;
	placed->generation = blob ? blob->generation : 0;
	return 0;
}

/* -EAGAIN: what was prepared does not fit any more. */
static int update_once(struct ktls_ocsp_store *store,
		       const u8 key[KTLS_OCSP_KEY_LEN],
		       const struct ktls_ocsp_update *update,
		       struct ktls_ocsp_placed *placed,
		       struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_candidate candidate;
	int err;

	err = ktls_ocsp_store_usable(store, extack);
	if (err)
		return err;
	if (!ktls_ocsp_candidate_find(store, key, &candidate)) {
		if (!update->blob)
			return not_found(extack);
		err = ktls_ocsp_candidate_make(store, key, &candidate);
		if (err)
			return err;
	}
	err = ktls_ocsp_store_begin(store, extack);
	if (!err) {
		err = update_locked(store, &candidate, update, placed, extack);
		ktls_ocsp_store_end(store);
	}
	ktls_ocsp_candidate_drop(store, &candidate);
	return err;
}

/**
 * ktls_ocsp_update() - store a blob, or report a failed attempt
 * @store: the store
 * @key: the entry's key; it is created for a blob where it is absent
 * @update: the blob or the failure; references are taken
 * @placed: gets where the entry stands
 * @extack: gets the reason
 *
 * May sleep.
 *
 * Return: 0; -ENOENT for a failure of an absent entry, -EEXIST when a later
 * response is stored, -ENOSPC at the store's limit, -ENOMEM, or -ESHUTDOWN.
 * Then the store is as it was.
 */
int ktls_ocsp_update(struct ktls_ocsp_store *store,
		     const u8 key[KTLS_OCSP_KEY_LEN],
		     const struct ktls_ocsp_update *update,
		     struct ktls_ocsp_placed *placed,
		     struct netlink_ext_ack *extack)
{
	int err;

	do {
		err = update_once(store, key, update, placed, extack);
	} while (err == -EAGAIN);
	if (update->blob)
		atomic64_inc(&store->counts[err ? KTLS_OCSP_COUNT_REFUSED :
					    KTLS_OCSP_COUNT_SET]);
	return err;
}

/* Drop an entry's blob and failure; its certificates stay. */
static void empty(struct ktls_ocsp_store *store, struct ktls_ocsp_entry *entry)
{
	struct ktls_ocsp_limits *limits = &store->limits;
	long bytes = ktls_ocsp_store_bytes(store, entry);

	WRITE_ONCE(entry->withdrawn, true);
	ktls_ocsp_store_swap(store, entry, NULL, NULL);
	ktls_ocsp_uncharge(limits, limits->owner, KTLS_OCSP_RESOURCE_BYTES,
			   bytes - ktls_ocsp_store_bytes(store, entry));
}

/**
 * ktls_ocsp_withdraw() - delete an entry
 * @store: the store
 * @key: the entry's key
 * @extack: gets the reason
 *
 * The blob goes at once; the entry too, unless a session holds it. May sleep.
 *
 * Return: 0, -ENOENT or -ESHUTDOWN.
 */
int ktls_ocsp_withdraw(struct ktls_ocsp_store *store,
		       const u8 key[KTLS_OCSP_KEY_LEN],
		       struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_entry *entry;
	int err;

	err = ktls_ocsp_store_begin(store, extack);
	if (err)
		return err;
	entry = ktls_ocsp_index_lookup(&store->index, key);
	if (!entry) {
		err = not_found(extack);
		goto end;
	}
	empty(store, entry);
	ktls_ocsp_store_tell(store, entry, KTLS_OCSP_EVENT_WITHDRAWN);
	ktls_ocsp_store_retire(store, entry);
end:
	ktls_ocsp_store_end(store);
	return err;
}
