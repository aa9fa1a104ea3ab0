/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Sessions: a client's hold on a store, behind a file descriptor. Owns the
 * handles and what they are charged to; knows the store through hold.h.
 */
#ifndef KTLS_OCSP_SESSION_H
#define KTLS_OCSP_SESSION_H

#include <linux/mutex.h>
#include <linux/rhashtable-types.h>

#include "change.h"
#include "hold.h"

/**
 * struct ktls_ocsp_tenancy - what a session is charged to
 * @refs: the session's reference, and its mapped board's
 * @store: the store, referenced
 * @account: charged for the session and its handles, referenced
 *
 * A mapped board lives on when its session is closed. It goes on counting as
 * the session did, so that leftover boards are limited, too.
 */
struct ktls_ocsp_tenancy {
	refcount_t refs;
	struct ktls_ocsp_store *store;
	struct ktls_ocsp_account *account;
};

/**
 * struct ktls_ocsp_session - a client's hold on a store
 * @store: the store, which @tenancy pins
 * @tenancy: referenced
 * @board_size: bytes of its board that may be mapped
 * @board_file: what the board's mappings are of, or NULL; set once
 * @may_create: its descriptor allows to create entries
 * @changes: which of its entries have changed; has its own lock
 * @watcher: called when the store is closed
 * @lock: protects @handles and what is in them. The store's lock is taken
 *	inside it.
 * @handles: struct ktls_ocsp_handle by slot; read under RCU
 */
struct ktls_ocsp_session {
	struct ktls_ocsp_store *store;
	struct ktls_ocsp_tenancy *tenancy;
	u64 board_size;
	struct file *board_file;
	bool may_create;
	struct ktls_ocsp_changes changes;
	struct ktls_ocsp_watcher watcher;
	struct mutex lock; /* protects @handles */
	struct rhashtable handles;
};

struct file *ktls_ocsp_session_create(struct ktls_ocsp_store *store, kuid_t uid,
				      bool may_create,
				      struct netlink_ext_ack *extack);
struct ktls_ocsp_session *ktls_ocsp_session_of(const struct file *file);

/* handle.c */
int ktls_ocsp_handles_init(struct ktls_ocsp_session *session);
void ktls_ocsp_handles_destroy(struct ktls_ocsp_session *session);
int ktls_ocsp_session_open(struct ktls_ocsp_session *session,
			   const struct ktls_ocsp_claim *claim,
			   struct ktls_ocsp_held *held,
			   struct netlink_ext_ack *extack);
int ktls_ocsp_session_ref(struct ktls_ocsp_session *session, u32 slot,
			  struct netlink_ext_ack *extack);
int ktls_ocsp_session_close(struct ktls_ocsp_session *session, u32 slot,
			    struct netlink_ext_ack *extack);
struct ktls_ocsp_entry *
ktls_ocsp_session_entry(struct ktls_ocsp_session *session, u32 slot);

#endif /* KTLS_OCSP_SESSION_H */
