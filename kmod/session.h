/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session: a client's hold on a store, behind a file descriptor.
 */
#ifndef KTLS_OCSP_SESSION_H
#define KTLS_OCSP_SESSION_H

#include <linux/mutex.h>
#include <linux/rhashtable-types.h>

#include "store.h"
#include "user.h"

/* The text of every -EPERM. */
#define KTLS_OCSP_NO_CAPABILITY \
	"CAP_NET_ADMIN over the store's network namespace is needed"

/**
 * struct ktls_ocsp_session - a client's hold on a store
 * @store: the store, pinned
 * @user: who made the session, and answers for its handles
 * @board_size: bytes of its board that may be mapped: what the limit of
 *	responses asked for when the session was made
 * @lock: protects @handles and what is in them. The store's lock is taken
 *	inside it.
 * @handles: struct ktls_ocsp_handle by slot; read under RCU
 */
struct ktls_ocsp_session {
	struct ktls_ocsp_store *store;
	struct ktls_ocsp_user *user;
	u64 board_size;
	struct mutex lock; /* protects @handles */
	struct rhashtable handles;
};

/**
 * struct ktls_ocsp_open - what an open asks for
 * @key: the response's key
 * @certs: certificates with which to create it, or NULL
 * @may_create: the caller may create responses
 * @wait: the caller waits for the first blob
 */
struct ktls_ocsp_open {
	const u8 *key;
	struct ktls_ocsp_certs *certs;
	bool may_create;
	bool wait;
};

/**
 * struct ktls_ocsp_opened - what an open answers
 * @slot: the response's slot
 * @generation: of its blob, 0 when it has none
 * @state: its state
 * @refresher: somebody listens to "wanted"
 */
struct ktls_ocsp_opened {
	u32 slot;
	u64 generation;
	enum ktls_ocsp_state state;
	bool refresher;
};

struct file *ktls_ocsp_session_create(struct ktls_ocsp_store *store,
				      struct netlink_ext_ack *extack);
struct ktls_ocsp_session *ktls_ocsp_session_of(const struct file *file);

int ktls_ocsp_session_open(struct ktls_ocsp_session *session,
			   const struct ktls_ocsp_open *how,
			   struct ktls_ocsp_opened *opened,
			   struct netlink_ext_ack *extack);
int ktls_ocsp_session_ref(struct ktls_ocsp_session *session, u32 slot,
			  struct netlink_ext_ack *extack);
int ktls_ocsp_session_close(struct ktls_ocsp_session *session, u32 slot,
			    struct netlink_ext_ack *extack);
struct ktls_ocsp_response *
ktls_ocsp_session_response(struct ktls_ocsp_session *session, u32 slot);

#endif /* KTLS_OCSP_SESSION_H */
