/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store: all responses of one network namespace.
 */
#ifndef KTLS_OCSP_STORE_H
#define KTLS_OCSP_STORE_H

#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/rhashtable-types.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "board.h"
#include "limits.h"
#include "response.h"

struct net;
struct user_namespace;

/* What a blob's age can cross, in the order in which it does. */
enum ktls_ocsp_threshold {
	KTLS_OCSP_EXPIRING,		/* min_validity before next update */
	KTLS_OCSP_EXPIRED,		/* next update */
	KTLS_OCSP_THRESHOLDS
};

/**
 * struct ktls_ocsp_store - all responses of one network namespace
 * @refs: the network namespace's reference, one of each session and request
 * @user_ns: who has CAP_NET_ADMIN here may write; pinned
 * @board: shows the generations to processes; pinned
 * @lock: protects the members below down to @passed, and what changes in the
 *	responses. Taken inside a session's lock.
 * @net: the network namespace, NULL once it is being deleted
 * @table: responses by key; read under RCU
 * @slots: responses by slot
 * @generation: of the last blob that was stored
 * @changes: counts responses that came or went, for dumps; never 0
 * @timeline: responses by deadline, see expiry.c
 * @idle: those that no session holds, by deadline: the first makes room
 * @passed: up to which deadline each event was told, see expiry.c
 * @timer: fires at the next deadline
 * @work: does what a deadline asks for
 * @limits: has its own rules
 */
struct ktls_ocsp_store {
	refcount_t refs;
	struct user_namespace *user_ns;
	struct ktls_ocsp_board *board;

	struct mutex lock; /* protects down to @passed */
	struct net *net;
	struct rhashtable table;
	struct xarray slots;
	u64 generation;
	u32 changes;
	struct rb_root timeline;
	struct rb_root idle;
	s64 passed[KTLS_OCSP_THRESHOLDS];

	struct hrtimer timer;
	struct work_struct work;
	struct ktls_ocsp_limits limits;
};

/**
 * struct ktls_ocsp_update - what a set brings
 * @blob: a blob, complete but for its generation, or NULL
 * @reason: why there is none, when @blob is NULL
 * @certs: certificates to keep with the response, or NULL
 */
struct ktls_ocsp_update {
	struct ktls_ocsp_blob *blob;
	const char *reason;
	struct ktls_ocsp_certs *certs;
};

/* The text of every -ESHUTDOWN. */
#define KTLS_OCSP_GONE	"the session's network namespace is gone"

/* The texts of -ENOSPC. */
#define KTLS_OCSP_NO_RESPONSES	"the store is at its limit of responses"
#define KTLS_OCSP_NO_BYTES	"the store is at its limit of bytes"

struct ktls_ocsp_store *ktls_ocsp_store_create(struct net *net);
void ktls_ocsp_store_close(struct ktls_ocsp_store *store);
struct ktls_ocsp_store *ktls_ocsp_store_get(struct ktls_ocsp_store *store);
void ktls_ocsp_store_put(struct ktls_ocsp_store *store);

/* main.c */
struct ktls_ocsp_store *ktls_ocsp_store_of(const struct net *net);

/* For readers, who take no lock. */
int ktls_ocsp_store_usable(const struct ktls_ocsp_store *store,
			   struct netlink_ext_ack *extack);
struct ktls_ocsp_response *
ktls_ocsp_store_find(struct ktls_ocsp_store *store,
		     const u8 key[KTLS_OCSP_KEY_LEN]);

int ktls_ocsp_store_lock(struct ktls_ocsp_store *store,
			 struct netlink_ext_ack *extack);

/* For those who hold the store's lock. */
struct ktls_ocsp_response *
ktls_ocsp_store_lookup(struct ktls_ocsp_store *store,
		       const u8 key[KTLS_OCSP_KEY_LEN]);
struct ktls_ocsp_response *
ktls_ocsp_store_add(struct ktls_ocsp_store *store,
		    const u8 key[KTLS_OCSP_KEY_LEN], long bytes,
		    struct netlink_ext_ack *extack);
void ktls_ocsp_store_discard(struct ktls_ocsp_store *store,
			     struct ktls_ocsp_response *response);
int ktls_ocsp_store_admit(struct ktls_ocsp_store *store,
			  struct ktls_ocsp_response *response, long bytes,
			  struct netlink_ext_ack *extack);
void ktls_ocsp_store_remove(struct ktls_ocsp_store *store,
			    struct ktls_ocsp_response *response);
void ktls_ocsp_store_hold(struct ktls_ocsp_store *store,
			  struct ktls_ocsp_response *response);
void ktls_ocsp_store_release(struct ktls_ocsp_store *store,
			     struct ktls_ocsp_response *response);
/* update.c: what a writer changes in a response */
long ktls_ocsp_response_bytes(const struct ktls_ocsp_store *store,
			      const struct ktls_ocsp_response *response);
int ktls_ocsp_store_attach(struct ktls_ocsp_store *store,
			   struct ktls_ocsp_response *response,
			   struct ktls_ocsp_certs *certs,
			   struct netlink_ext_ack *extack);
int ktls_ocsp_store_set(struct ktls_ocsp_store *store,
			const u8 key[KTLS_OCSP_KEY_LEN],
			const struct ktls_ocsp_update *update, u32 *slot,
			u64 *generation, struct netlink_ext_ack *extack);
int ktls_ocsp_store_withdraw(struct ktls_ocsp_store *store,
			     const u8 key[KTLS_OCSP_KEY_LEN],
			     struct netlink_ext_ack *extack);
void ktls_ocsp_store_empty(struct ktls_ocsp_store *store,
			   struct ktls_ocsp_response *response);

/* evict.c: room at a limit */
int ktls_ocsp_check_room(struct ktls_ocsp_store *store, long responses,
			 long bytes, const struct ktls_ocsp_response *keep,
			 struct netlink_ext_ack *extack);
int ktls_ocsp_make_room(struct ktls_ocsp_store *store, long responses,
			long bytes, const struct ktls_ocsp_response *keep,
			struct netlink_ext_ack *extack);

/* expiry.c: what time does */
void ktls_ocsp_expiry_init(struct ktls_ocsp_store *store);
void ktls_ocsp_expiry_stop(struct ktls_ocsp_store *store);
void ktls_ocsp_expiry_run(struct ktls_ocsp_store *store);
void ktls_ocsp_expiry_file(struct ktls_ocsp_store *store,
			   struct ktls_ocsp_response *response);
void ktls_ocsp_expiry_forget(struct ktls_ocsp_store *store,
			     struct ktls_ocsp_response *response);
bool ktls_ocsp_expiry_near(const struct ktls_ocsp_store *store,
			   const struct ktls_ocsp_blob *blob);
void ktls_ocsp_expiry_check(struct ktls_ocsp_store *store,
			    const struct ktls_ocsp_blob *blob);
int ktls_ocsp_expiry_start(void);
void ktls_ocsp_expiry_end(void);

#endif /* KTLS_OCSP_STORE_H */
