/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The index: all entries of a store, by key and by slot. Owns both tables, the
 * slots and the board that shows them; knows entries and no time.
 */
#ifndef KTLS_OCSP_INDEX_H
#define KTLS_OCSP_INDEX_H

#include <linux/rhashtable-types.h>
#include <linux/xarray.h>

#include "board.h"
#include "entry.h"

/**
 * struct ktls_ocsp_index - all entries of a store
 * @by_key: entries by key; read under RCU
 * @by_slot: entries by slot, also those that left @by_key and are held, which
 *	their handles keep in memory; reserved places are empty
 * @changes: counts entries that came or went, for dumps; never 0
 * @board: shows the generations to processes
 *
 * The store's lock protects all but reservations of slots and the board's
 * additions, which have locks of their own.
 */
struct ktls_ocsp_index {
	struct rhashtable by_key;
	struct xarray by_slot;
	u32 changes;
	struct ktls_ocsp_board board;
};

int ktls_ocsp_index_init(struct ktls_ocsp_index *index,
			 struct ktls_ocsp_limits *limits);
void ktls_ocsp_index_destroy(struct ktls_ocsp_index *index);

struct ktls_ocsp_entry *
ktls_ocsp_index_find(struct ktls_ocsp_index *index,
		     const u8 key[KTLS_OCSP_KEY_LEN]);
struct ktls_ocsp_entry *
ktls_ocsp_index_lookup(struct ktls_ocsp_index *index,
		       const u8 key[KTLS_OCSP_KEY_LEN]);

int ktls_ocsp_index_reserve(struct ktls_ocsp_index *index,
			    struct ktls_ocsp_entry *entry);
void ktls_ocsp_index_release_slot(struct ktls_ocsp_index *index,
				  const struct ktls_ocsp_entry *entry);
int ktls_ocsp_index_insert(struct ktls_ocsp_index *index,
			   struct ktls_ocsp_entry *entry);
void ktls_ocsp_index_remove(struct ktls_ocsp_index *index,
			    struct ktls_ocsp_entry *entry);
void ktls_ocsp_index_publish(struct ktls_ocsp_index *index,
			     const struct ktls_ocsp_entry *entry,
			     u64 generation);

#endif /* KTLS_OCSP_INDEX_H */
