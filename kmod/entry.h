/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * An entry: the store's record for one certificate. Owns its memory and what
 * it points to; says what a reader may take from it without a lock.
 */
#ifndef KTLS_OCSP_ENTRY_H
#define KTLS_OCSP_ENTRY_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/rhashtable-types.h>
#include <linux/timekeeping.h>

#include "blob.h"

struct ktls_ocsp_account;

/**
 * struct ktls_ocsp_watcher - a callback for events
 * @node: in the watchers of an entry or of a store
 * @tell: called with the store's lock held; does not sleep
 */
struct ktls_ocsp_watcher {
	struct hlist_node node;
	void (*tell)(struct ktls_ocsp_watcher *watcher,
		     enum ktls_ocsp_event event);
};

/**
 * struct ktls_ocsp_entry - the store's record for one certificate
 * @key: SHA-256 of the certificate's DER; never changes
 * @node: in the index, by @key
 * @refs: the index's reference, one of each handle and of each reader
 * @slot: the place in the index and on the board; never changes
 * @handles: sessions that hold the entry
 * @withdrawn: the last thing that happened to the blob was a del
 * @gone: the entry left the index; only its slot is kept, for its handles
 * @heard: the last "wanted" reached a listener
 * @rank: the rank of the eviction order that @rank_node is in, see schedule.h
 * @blob: the newest blob, or NULL
 * @failure: the last failed attempt since @blob was stored, or NULL
 * @certs: the certificate and its issuer, or NULL when not known
 * @deadline: next update of @blob while @deadline_node is in the schedule
 * @deadline_node: in the schedule's deadlines
 * @rank_key: place within @rank
 * @rank_node: in the schedule's rank @rank
 * @rcu: defers the free, since readers look the entry up under RCU. It takes
 *	the place of @rank_node, which only an entry in the store uses.
 * @watchers: the handles on the entry
 * @payer: whose share the entry was created out of, referenced, or NULL
 * @paid: bytes that @payer was charged for it
 * @dead_since: since when there has been no valid blob, in seconds of
 *	CLOCK_BOOTTIME; 0 while there is one
 * @wanted: when "wanted" was last sent, in jiffies
 *
 * The store's lock protects all that changes, but @wanted and @heard, which
 * the send lock of the store's notices protects. Readers without a lock hold
 * rcu_read_lock() or a reference; they follow @blob, @failure and @certs by
 * RCU and read @handles, @withdrawn and @gone with READ_ONCE(): each is one
 * word, and a reader that comes too early sees the state before.
 */
struct ktls_ocsp_entry {
	u8 key[KTLS_OCSP_KEY_LEN];
	struct rhash_head node;
	refcount_t refs;
	u32 slot;
	u32 handles;
	bool withdrawn;
	bool gone;
	bool heard;
	u8 rank;
	struct ktls_ocsp_blob __rcu *blob;
	struct ktls_ocsp_failure __rcu *failure;
	struct ktls_ocsp_certs __rcu *certs;
	s64 deadline;
	struct rb_node deadline_node;
	s64 rank_key;
	union {
		struct rb_node rank_node;
		struct rcu_head rcu;
	};
	struct hlist_head watchers;
	struct ktls_ocsp_account *payer;
	u32 paid;
	u32 dead_since;
	unsigned long wanted;
};

/**
 * ktls_ocsp_now() - the time by which expiry is judged
 *
 * Not ktime_get_real_seconds(): it may lag a tick behind, and a blob would be
 * served after its next update.
 *
 * Return: seconds since the epoch (UTC).
 */
static inline s64 ktls_ocsp_now(void)
{
	struct timespec64 now;

	ktime_get_real_ts64(&now);
	return now.tv_sec;
}

struct ktls_ocsp_entry *ktls_ocsp_entry_alloc(const u8 key[KTLS_OCSP_KEY_LEN]);
bool ktls_ocsp_entry_tryget(struct ktls_ocsp_entry *entry);
void ktls_ocsp_entry_put(struct ktls_ocsp_entry *entry);

struct ktls_ocsp_blob *
ktls_ocsp_entry_blob(const struct ktls_ocsp_entry *entry);
struct ktls_ocsp_certs *
ktls_ocsp_entry_certs(const struct ktls_ocsp_entry *entry);
enum ktls_ocsp_state
ktls_ocsp_entry_state(const struct ktls_ocsp_entry *entry,
		      const struct ktls_ocsp_blob *blob, s64 now);

int ktls_ocsp_entry_init(void);
void ktls_ocsp_entry_exit(void);

#endif /* KTLS_OCSP_ENTRY_H */
