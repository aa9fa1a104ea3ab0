/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Admission: how an entry comes into a store, and which others make room for
 * it. Owns nothing; knows the store.
 */
#ifndef KTLS_OCSP_ADMISSION_H
#define KTLS_OCSP_ADMISSION_H

#include "store.h"

/**
 * struct ktls_ocsp_candidate - the entry that a change is about
 * @entry: the entry, referenced
 * @is_new: it was made for the change: its slot is reserved, and nobody
 *	knows it yet
 * @payer: the user whose share it is created out of, or NULL
 */
struct ktls_ocsp_candidate {
	struct ktls_ocsp_entry *entry;
	bool is_new;
	struct ktls_ocsp_account *payer;
};

bool ktls_ocsp_candidate_find(struct ktls_ocsp_store *store,
			      const u8 key[KTLS_OCSP_KEY_LEN],
			      struct ktls_ocsp_candidate *candidate);
int ktls_ocsp_candidate_make(struct ktls_ocsp_store *store,
			     const u8 key[KTLS_OCSP_KEY_LEN],
			     struct ktls_ocsp_candidate *candidate);
int ktls_ocsp_candidate_admit(struct ktls_ocsp_store *store,
			      struct ktls_ocsp_candidate *candidate, long bytes,
			      struct netlink_ext_ack *extack);
void ktls_ocsp_candidate_drop(struct ktls_ocsp_store *store,
			      struct ktls_ocsp_candidate *candidate);

int ktls_ocsp_recharge(struct ktls_ocsp_store *store, long more,
		       const struct ktls_ocsp_entry *keep,
		       struct netlink_ext_ack *extack);

#endif /* KTLS_OCSP_ADMISSION_H */
