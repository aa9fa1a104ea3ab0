/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The store: all entries of one network namespace. Owns the lock that all
 * changes are made under, and puts the parts together; what it is told to
 * change is in admission.h, update.h and hold.h.
 *
 * A change is prepared without the lock (all that takes memory), made between
 * ktls_ocsp_store_begin() and ktls_ocsp_store_end(), and notices are sent
 * afterwards.
 */
#ifndef KTLS_OCSP_STORE_H
#define KTLS_OCSP_STORE_H

#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/workqueue.h>

#include "index.h"
#include "limits.h"
#include "notice.h"
#include "schedule.h"

struct net;
struct user_namespace;

/* What happened to a store's entries, ever. */
enum ktls_ocsp_count {
	KTLS_OCSP_COUNT_SET,		/* blobs stored */
	KTLS_OCSP_COUNT_REFUSED,	/* blobs that were not */
	KTLS_OCSP_COUNT_EVICTED,	/* entries that made room */
	KTLS_OCSP_COUNT_EXPIRED,	/* blobs */
	KTLS_OCSP_COUNTS
};

/**
 * struct ktls_ocsp_store - all entries of one network namespace
 * @refs: the network namespace's reference, one of each session, dump and
 *	queued @work
 * @user_ns: CAP_NET_ADMIN in it allows to write; pinned
 * @lock: protects @net, @index, @schedule, @generation, @watchers, the
 *	numbers of @notices, and what changes in the entries. Taken inside a session's
 *	lock; @notices' queue_lock and the board's lock are taken inside.
 * @net: the network namespace, NULL once it is being deleted
 * @index: the entries
 * @schedule: when they expire, and in which order they are evicted
 * @generation: of the last blob that was stored
 * @watchers: the sessions
 * @notices: what happened to them; has locks of its own
 * @limits: has its own rules
 * @counts: what happened, for statistics; not a consistent snapshot
 * @work: handles the entries that are due
 * @free_work: frees the store; the last reference may go in a timer
 */
struct ktls_ocsp_store {
	refcount_t refs;
	struct user_namespace *user_ns;

	struct mutex lock; /* protects down to @watchers, and entries */
	struct net *net;
	struct ktls_ocsp_index index;
	struct ktls_ocsp_schedule schedule;
	u64 generation;
	struct hlist_head watchers;

	struct ktls_ocsp_notices notices;
	struct ktls_ocsp_limits limits;
	atomic64_t counts[KTLS_OCSP_COUNTS];
	struct work_struct work;
	struct work_struct free_work;
};

/* Follow a pointer of an entry with the store's lock held. */
#define ktls_ocsp_locked(store, pointer) \
	rcu_dereference_protected(pointer, lockdep_is_held(&(store)->lock))

/* The text of every -ESHUTDOWN. */
#define KTLS_OCSP_GONE	"the session's network namespace is gone"

struct ktls_ocsp_store *
ktls_ocsp_store_create(struct net *net, struct ktls_ocsp_settings *settings);
void ktls_ocsp_store_close(struct ktls_ocsp_store *store);
struct ktls_ocsp_store *ktls_ocsp_store_get(struct ktls_ocsp_store *store);
void ktls_ocsp_store_put(struct ktls_ocsp_store *store);
void ktls_ocsp_store_watch(struct ktls_ocsp_store *store,
			   struct ktls_ocsp_watcher *watcher);
void ktls_ocsp_store_unwatch(struct ktls_ocsp_store *store,
			     struct ktls_ocsp_watcher *watcher);
void ktls_ocsp_store_set_min_validity(struct ktls_ocsp_store *store,
				      unsigned int seconds);

/* For readers, without the lock. */
int ktls_ocsp_store_usable(const struct ktls_ocsp_store *store,
			   struct netlink_ext_ack *extack);
int ktls_ocsp_store_deny(const struct ktls_ocsp_store *store,
			 struct netlink_ext_ack *extack);
void ktls_ocsp_store_check_clock(struct ktls_ocsp_store *store, s64 now);

/* For writers. */
int ktls_ocsp_store_begin(struct ktls_ocsp_store *store,
			  struct netlink_ext_ack *extack);
void ktls_ocsp_store_end(struct ktls_ocsp_store *store);

/* In between: with the lock held. */
long ktls_ocsp_store_bytes(const struct ktls_ocsp_store *store,
			   const struct ktls_ocsp_entry *entry);
void ktls_ocsp_store_file(struct ktls_ocsp_store *store,
			  struct ktls_ocsp_entry *entry);
void ktls_ocsp_store_tell(struct ktls_ocsp_store *store,
			  const struct ktls_ocsp_entry *entry,
			  enum ktls_ocsp_event event);
void ktls_ocsp_store_swap(struct ktls_ocsp_store *store,
			  struct ktls_ocsp_entry *entry,
			  struct ktls_ocsp_blob *blob,
			  struct ktls_ocsp_failure *failure);
void ktls_ocsp_store_swap_certs(struct ktls_ocsp_store *store,
				struct ktls_ocsp_entry *entry,
				struct ktls_ocsp_certs *certs);
void ktls_ocsp_store_remove(struct ktls_ocsp_store *store,
			    struct ktls_ocsp_entry *entry,
			    enum ktls_ocsp_event event);
void ktls_ocsp_store_retire(struct ktls_ocsp_store *store,
			    struct ktls_ocsp_entry *entry);

int ktls_ocsp_store_init(void);
void ktls_ocsp_store_exit(void);

#endif /* KTLS_OCSP_STORE_H */
