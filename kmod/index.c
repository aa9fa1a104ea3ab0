// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The index: all entries of a store, by key and by slot.
 *
 * A slot is reserved, and all memory for it taken, before the store's lock is.
 * It stays the entry's as long as the entry is in the index or a session holds
 * it: if it were reused before, its holder would read another entry's generation.
 */
#include <linux/rhashtable.h>

#include "index.h"

static const struct rhashtable_params key_params = {
	.head_offset = offsetof(struct ktls_ocsp_entry, node),
	.key_offset = offsetof(struct ktls_ocsp_entry, key),
	.key_len = KTLS_OCSP_KEY_LEN,
	.automatic_shrinking = true,
};

/**
 * ktls_ocsp_index_init() - set up a new store's index
 * @index: the index
 * @limits: what the board's pages are charged to
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int ktls_ocsp_index_init(struct ktls_ocsp_index *index,
			 struct ktls_ocsp_limits *limits)
{
	int err;

	err = rhashtable_init(&index->by_key, &key_params);
	if (err)
		return err;
	err = ktls_ocsp_board_init(&index->board, limits);
	if (err) {
		rhashtable_destroy(&index->by_key);
		return err;
	}
	xa_init_flags(&index->by_slot, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	index->changes = 1;
	return 0;
}

/**
 * ktls_ocsp_index_destroy() - free an index without entries
 * @index: the index
 *
 * May sleep.
 */
void ktls_ocsp_index_destroy(struct ktls_ocsp_index *index)
{
	ktls_ocsp_board_destroy(&index->board);
	rhashtable_destroy(&index->by_key);
	xa_destroy(&index->by_slot);
}

/**
 * ktls_ocsp_index_find() - find an entry, for a reader
 * @index: the index
 * @key: its key
 *
 * Takes no lock: the table is read under RCU, and an entry without references
 * counts as not found.
 *
 * Return: the entry with a reference for the caller, or NULL.
 */
struct ktls_ocsp_entry *
ktls_ocsp_index_find(struct ktls_ocsp_index *index,
		     const u8 key[KTLS_OCSP_KEY_LEN])
{
	struct ktls_ocsp_entry *entry;

	rcu_read_lock();
	entry = rhashtable_lookup(&index->by_key, key, key_params);
	if (entry && !ktls_ocsp_entry_tryget(entry))
		entry = NULL;
	rcu_read_unlock();
	return entry;
}

/**
 * ktls_ocsp_index_lookup() - find an entry, for a writer
 * @index: the index; its store is locked
 * @key: its key
 *
 * Return: the entry, valid while the lock is held, or NULL.
 */
struct ktls_ocsp_entry *
ktls_ocsp_index_lookup(struct ktls_ocsp_index *index,
		       const u8 key[KTLS_OCSP_KEY_LEN])
{
	return rhashtable_lookup_fast(&index->by_key, key, key_params);
}

/**
 * ktls_ocsp_index_reserve() - reserve a slot for a new entry
 * @index: the index
 * @entry: the entry, not in the index yet
 *
 * May sleep; before the store is locked.
 *
 * Return: 0, after which the entry is inserted or its slot released; or
 * -ENOMEM.
 */
int ktls_ocsp_index_reserve(struct ktls_ocsp_index *index,
			    struct ktls_ocsp_entry *entry)
{
	int err;

	/* The lowest that is free; NULL keeps it and is not found. */
	err = xa_alloc(&index->by_slot, &entry->slot, NULL,
		       XA_LIMIT(0, INT_MAX), GFP_KERNEL_ACCOUNT);
	if (err)
		return -ENOMEM;
	err = ktls_ocsp_board_prepare(&index->board, entry->slot);
	if (err)
		xa_erase(&index->by_slot, entry->slot);
	return err;
}

/**
 * ktls_ocsp_index_release_slot() - free an entry's slot for another one
 * @index: the index
 * @entry: an entry that is not in the index, and that no session holds
 */
void ktls_ocsp_index_release_slot(struct ktls_ocsp_index *index,
				  const struct ktls_ocsp_entry *entry)
{
	xa_erase(&index->by_slot, entry->slot);
}

/* For genl_dump_check_consistent(), to which 0 means "unknown". */
static void count_change(struct ktls_ocsp_index *index)
{
	if (!++index->changes)
		index->changes = 1;
}

/**
 * ktls_ocsp_index_insert() - add an entry
 * @index: the index; its store is locked
 * @entry: an entry with a reserved slot; a reference is taken
 *
 * Return: 0 or -ENOMEM.
 */
int ktls_ocsp_index_insert(struct ktls_ocsp_index *index,
			   struct ktls_ocsp_entry *entry)
{
	refcount_inc(&entry->refs);
	if (rhashtable_insert_fast(&index->by_key, &entry->node, key_params)) {
		refcount_dec(&entry->refs);
		return -ENOMEM;
	}
	/* Its place is reserved, so this takes no memory. */
	xa_store(&index->by_slot, entry->slot, entry, GFP_NOWAIT);
	count_change(index);
	return 0;
}

/**
 * ktls_ocsp_index_remove() - remove an entry
 * @index: the index; its store is locked
 * @entry: an entry in the index, whose reference is dropped; it keeps its
 *	slot until ktls_ocsp_index_release_slot()
 */
void ktls_ocsp_index_remove(struct ktls_ocsp_index *index,
			    struct ktls_ocsp_entry *entry)
{
	rhashtable_remove_fast(&index->by_key, &entry->node, key_params);
	ktls_ocsp_board_publish(&index->board, entry->slot, 0);
	WRITE_ONCE(entry->gone, true);
	count_change(index);
	ktls_ocsp_entry_put(entry);
}

/**
 * ktls_ocsp_index_publish() - show an entry's generation on the board
 * @index: the index; its store is locked
 * @entry: an entry in the index
 * @generation: of the blob that can be read from now on, 0 for none
 */
void ktls_ocsp_index_publish(struct ktls_ocsp_index *index,
			     const struct ktls_ocsp_entry *entry,
			     u64 generation)
{
	ktls_ocsp_board_publish(&index->board, entry->slot, generation);
}
