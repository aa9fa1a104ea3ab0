// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * An entry: its memory, its references, and what a reader may take from it
 * without the store's lock.
 */
#include <linux/slab.h>

#include "entry.h"

static struct kmem_cache *entry_cache;

/**
 * ktls_ocsp_entry_alloc() - make an entry that is in no store yet
 * @key: its key
 *
 * May sleep.
 *
 * Return: the entry with one reference, or NULL when there is no memory.
 */
struct ktls_ocsp_entry *
ktls_ocsp_entry_alloc(const u8 key[KTLS_OCSP_KEY_LEN])
{
	struct ktls_ocsp_entry *entry;

	entry = kmem_cache_zalloc(entry_cache, GFP_KERNEL_ACCOUNT);
	if (!entry)
		return NULL;
	memcpy(entry->key, key, KTLS_OCSP_KEY_LEN);
	refcount_set(&entry->refs, 1);
	RB_CLEAR_NODE(&entry->deadline_node);
	RB_CLEAR_NODE(&entry->rank_node);
	return entry;
}

/**
 * ktls_ocsp_entry_tryget() - take a reference found under RCU
 * @entry: an entry that RCU or the store's lock keeps in memory
 *
 * Return: false when the last reference is gone already.
 */
bool ktls_ocsp_entry_tryget(struct ktls_ocsp_entry *entry)
{
	return refcount_inc_not_zero(&entry->refs);
}

static void entry_free_rcu(struct rcu_head *rcu)
{
	struct ktls_ocsp_entry *entry;

	entry = container_of(rcu, struct ktls_ocsp_entry, rcu);
	kmem_cache_free(entry_cache, entry);
}

/**
 * ktls_ocsp_entry_put() - drop a reference
 * @entry: the entry
 *
 * Context: any.
 */
void ktls_ocsp_entry_put(struct ktls_ocsp_entry *entry)
{
	if (!refcount_dec_and_test(&entry->refs))
		return;

	/* Nobody can take a reference any more, so these do not change. */
	ktls_ocsp_blob_put(rcu_dereference_protected(entry->blob, true));
	ktls_ocsp_certs_put(rcu_dereference_protected(entry->certs, true));
	ktls_ocsp_failure_put(rcu_dereference_protected(entry->failure, true));
	call_rcu(&entry->rcu, entry_free_rcu);
}

/**
 * ktls_ocsp_entry_blob() - take a reference to the newest blob
 * @entry: an entry that a reference keeps in memory
 *
 * Return: the blob, whether it has expired or not, or NULL.
 */
struct ktls_ocsp_blob *
ktls_ocsp_entry_blob(const struct ktls_ocsp_entry *entry)
{
	struct ktls_ocsp_blob *blob;

	rcu_read_lock();
	/*
	 * A blob without references was replaced after we read the pointer;
	 * its successor, or NULL, is there to be read.
	 */
	do {
		blob = rcu_dereference(entry->blob);
	} while (blob && !refcount_inc_not_zero(&blob->refs));
	rcu_read_unlock();
	return blob;
}

/**
 * ktls_ocsp_entry_certs() - take a reference to the certificates
 * @entry: an entry that a reference keeps in memory
 *
 * Return: the certificates, or NULL when they are not known.
 */
struct ktls_ocsp_certs *
ktls_ocsp_entry_certs(const struct ktls_ocsp_entry *entry)
{
	struct ktls_ocsp_certs *certs;

	rcu_read_lock();
	do {
		certs = rcu_dereference(entry->certs);
	} while (certs && !refcount_inc_not_zero(&certs->refs));
	rcu_read_unlock();
	return certs;
}

/**
 * ktls_ocsp_entry_state() - what can be served
 * @entry: the entry
 * @blob: its newest blob, or NULL
 * @now: the time to judge by
 *
 * Return: the state.
 */
enum ktls_ocsp_state
ktls_ocsp_entry_state(const struct ktls_ocsp_entry *entry,
		      const struct ktls_ocsp_blob *blob, s64 now)
{
	if (blob && now < blob->next_update)
		return KTLS_OCSP_STATE_VALID;
	if (blob)
		return KTLS_OCSP_STATE_EXPIRED;
	if (rcu_access_pointer(entry->failure))
		return KTLS_OCSP_STATE_FAILED;
	if (READ_ONCE(entry->withdrawn))
		return KTLS_OCSP_STATE_WITHDRAWN;
	return KTLS_OCSP_STATE_PENDING;
}

/**
 * ktls_ocsp_entry_init() - make the cache
 *
 * Return: 0 or -ENOMEM.
 */
int __init ktls_ocsp_entry_init(void)
{
	entry_cache = KMEM_CACHE(ktls_ocsp_entry, SLAB_ACCOUNT);
	return entry_cache ? 0 : -ENOMEM;
}

/**
 * ktls_ocsp_entry_exit() - give the cache back
 *
 * All references are gone. Waits for the frees that RCU still defers.
 */
void ktls_ocsp_entry_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(entry_cache);
}
