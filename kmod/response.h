/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A response: the store's entry for one certificate.
 */
#ifndef KTLS_OCSP_RESPONSE_H
#define KTLS_OCSP_RESPONSE_H

#include <linux/rbtree.h>
#include <linux/rhashtable-types.h>
#include <linux/timekeeping.h>

#include "blob.h"

/**
 * struct ktls_ocsp_failure - the last failed attempt to get a blob
 * @rcu: defers the free, since readers look it up under RCU
 * @time: when, in seconds since the epoch (UTC)
 * @count: attempts that failed since the last blob was stored
 * @reason: one line of text
 */
struct ktls_ocsp_failure {
	struct rcu_head rcu;
	s64 time;
	u32 count;
	char reason[];
};

/**
 * struct ktls_ocsp_response - the store's entry for one certificate
 * @key: SHA-256 of the certificate's DER; never changes
 * @node: in the store's table, by @key
 * @refs: the store's reference, one of each handle and of each reader
 * @slot: index in the store's slots; never changes
 * @handles: sessions that hold the response
 * @withdrawn: the last thing that happened to the blob was a del
 * @blob: the newest blob, or NULL
 * @failure: the last failed attempt since @blob was stored, or NULL
 * @certs: the certificate and its issuer, or NULL when not known
 * @deadline: where the response stands in the two trees, see expiry.c
 * @timeline: in the store's timeline while @deadline is set
 * @idle: in the store's idle tree while @deadline is set and @handles is 0
 * @wanted: when "wanted" was last told, in jiffies
 * @rcu: defers the free, since readers look the response up under RCU
 *
 * The store's lock protects all that changes. Readers without the lock hold
 * rcu_read_lock() or a reference; they follow @blob, @failure and @certs by
 * RCU and read @handles and @withdrawn as they are.
 */
struct ktls_ocsp_response {
	u8 key[KTLS_OCSP_KEY_LEN];
	struct rhash_head node;
	refcount_t refs;
	u32 slot;
	u32 handles;
	bool withdrawn;
	struct ktls_ocsp_blob __rcu *blob;
	struct ktls_ocsp_failure __rcu *failure;
	struct ktls_ocsp_certs __rcu *certs;
	s64 deadline;
	struct rb_node timeline;
	struct rb_node idle;
	unsigned long wanted;
	struct rcu_head rcu;
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

struct ktls_ocsp_response *
ktls_ocsp_response_alloc(const u8 key[KTLS_OCSP_KEY_LEN]);
bool ktls_ocsp_response_tryget(struct ktls_ocsp_response *response);
void ktls_ocsp_response_put(struct ktls_ocsp_response *response);

struct ktls_ocsp_blob *
ktls_ocsp_response_blob(const struct ktls_ocsp_response *response);
struct ktls_ocsp_certs *
ktls_ocsp_response_certs(const struct ktls_ocsp_response *response);
enum ktls_ocsp_state
ktls_ocsp_response_state(const struct ktls_ocsp_response *response,
			 const struct ktls_ocsp_blob *blob, s64 now);

int ktls_ocsp_response_init(void);
void ktls_ocsp_response_exit(void);

#endif /* KTLS_OCSP_RESPONSE_H */
