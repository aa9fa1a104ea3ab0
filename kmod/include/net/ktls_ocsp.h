/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The OCSP response store, for other modules of the kernel.
 */
#ifndef NET_KTLS_OCSP_H
#define NET_KTLS_OCSP_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/ktls_ocsp.h>

struct net;

/**
 * struct ktls_ocsp_blob - one OCSP response, immutable once it is stored
 * @refs: references; the store holds one while the blob is its entry's newest
 * @len: bytes in @data, 1 to KTLS_OCSP_BLOB_MAX
 * @rcu: defers the free, since readers look the blob up under RCU
 * @generation: number of the blob in its store, never used twice
 * @this_update: thisUpdate, seconds since the epoch (UTC)
 * @next_update: nextUpdate, seconds since the epoch (UTC)
 * @stored: when the store got it, seconds since the epoch (UTC)
 * @status: the certificate's status
 * @data: the DER of the OCSPResponse
 */
struct ktls_ocsp_blob {
	refcount_t refs;
	u32 len;
	struct rcu_head rcu;
	u64 generation;
	s64 this_update;
	s64 next_update;
	s64 stored;
	enum ktls_ocsp_cert_status status;
	u8 data[] __counted_by(len);
};

struct ktls_ocsp_blob *ktls_ocsp_get(struct net *net,
				     const u8 key[KTLS_OCSP_KEY_LEN]);
void ktls_ocsp_put(struct ktls_ocsp_blob *blob);

#endif /* NET_KTLS_OCSP_H */
