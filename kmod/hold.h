/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Holds: how an entry is created for, held by and released by a session. Owns
 * nothing; knows the store and admission, and no session.
 */
#ifndef KTLS_OCSP_HOLD_H
#define KTLS_OCSP_HOLD_H

#include "admission.h"

struct ktls_ocsp_claim;

/**
 * struct ktls_ocsp_claim - what a session asks for
 * @key: the entry's key
 * @certs: certificates with which to create it, or NULL
 * @may_create: returns whether the caller may create entries, and the user
 *	whose share they are created out of, or NULL. Only called where the
 *	entry is absent, since a check of a capability may be audited.
 * @may_write: returns whether the caller may write to the store
 * @wait: the caller waits for the first blob
 */
struct ktls_ocsp_claim {
	const u8 *key;
	struct ktls_ocsp_certs *certs;
	bool (*may_create)(const struct ktls_ocsp_claim *claim,
			   struct ktls_ocsp_account **payer);
	bool (*may_write)(const struct ktls_ocsp_claim *claim);
	bool wait;
};

/**
 * struct ktls_ocsp_held - what a session got
 * @slot: the entry's slot
 * @generation: of its blob, 0 when it has none
 * @state: its state
 * @refresher: "wanted" reached a listener
 */
struct ktls_ocsp_held {
	u32 slot;
	u64 generation;
	enum ktls_ocsp_state state;
	bool refresher;
};

int ktls_ocsp_claim_find(struct ktls_ocsp_store *store,
			 const struct ktls_ocsp_claim *claim,
			 struct ktls_ocsp_candidate *candidate,
			 struct netlink_ext_ack *extack);
int ktls_ocsp_claim_hold(struct ktls_ocsp_store *store,
			 const struct ktls_ocsp_claim *claim,
			 struct ktls_ocsp_candidate *candidate,
			 struct ktls_ocsp_watcher *watcher,
			 struct ktls_ocsp_held *held,
			 struct netlink_ext_ack *extack);
int ktls_ocsp_claim_again(struct ktls_ocsp_store *store,
			  const struct ktls_ocsp_claim *claim,
			  struct ktls_ocsp_entry *entry,
			  struct ktls_ocsp_held *held);
void ktls_ocsp_release(struct ktls_ocsp_store *store,
		       struct ktls_ocsp_entry *entry,
		       struct ktls_ocsp_watcher *watcher);

#endif /* KTLS_OCSP_HOLD_H */
