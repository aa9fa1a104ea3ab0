/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Updates: what a writer changes in a store. Owns nothing; knows the store and
 * admission.
 */
#ifndef KTLS_OCSP_UPDATE_H
#define KTLS_OCSP_UPDATE_H

#include "store.h"

/**
 * struct ktls_ocsp_update - what a set brings
 * @blob: a blob, complete but for its generation, or NULL
 * @failure: why there is none, complete but for its count, when @blob is NULL
 * @certs: certificates to keep with the entry, or NULL
 * @is_repeated: @failure tells of an attempt that is counted already
 */
struct ktls_ocsp_update {
	struct ktls_ocsp_blob *blob;
	struct ktls_ocsp_failure *failure;
	struct ktls_ocsp_certs *certs;
	bool is_repeated;
};

/**
 * struct ktls_ocsp_placed - where an entry stands
 * @slot: its slot
 * @generation: of its blob, 0 when it has none
 */
struct ktls_ocsp_placed {
	u32 slot;
	u64 generation;
};

int ktls_ocsp_update(struct ktls_ocsp_store *store,
		     const u8 key[KTLS_OCSP_KEY_LEN],
		     const struct ktls_ocsp_update *update,
		     struct ktls_ocsp_placed *placed,
		     struct netlink_ext_ack *extack);
int ktls_ocsp_withdraw(struct ktls_ocsp_store *store,
		       const u8 key[KTLS_OCSP_KEY_LEN],
		       struct netlink_ext_ack *extack);

#endif /* KTLS_OCSP_UPDATE_H */
