/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The immutable objects that an entry points to: blobs, certificates and
 * failures. They are refcounted and freed after an RCU grace period. Owns
 * their memory; knows no entry and no store.
 */
#ifndef KTLS_OCSP_BLOB_H
#define KTLS_OCSP_BLOB_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/ktls_ocsp.h>

/**
 * struct ktls_ocsp_blob - one OCSP response, immutable once it is stored
 * @refs: references; the entry whose newest blob it is holds one
 * @len: bytes in @data, 1 to KTLS_OCSP_BLOB_MAX
 * @status: the certificate's status, enum ktls_ocsp_cert_status
 * @next_update: nextUpdate, seconds since the epoch (UTC)
 * @this_update: thisUpdate, seconds since the epoch (UTC)
 * @generation: number of the blob in its store, never used twice
 * @stored: when the store got it, seconds since the epoch (UTC)
 * @rcu: defers the free, since readers look the blob up under RCU
 * @data: the DER of the OCSPResponse
 *
 * A reader under RCU may use @refs, and nothing else before it has a
 * reference: @rcu takes the place of other fields when the last one is gone.
 * A store has thousands of blobs of some hundred bytes each, so the header is
 * kept small.
 */
struct ktls_ocsp_blob {
	refcount_t refs;
	u16 len;
	u8 status;
	s64 next_update;
	s64 this_update;
	union {
		struct {
			u64 generation;
			s64 stored;
		};
		struct rcu_head rcu;
	};
	u8 data[] __counted_by(len);
};

static_assert(KTLS_OCSP_BLOB_MAX <= U16_MAX);

/**
 * struct ktls_ocsp_certs - what a refresher needs to ask for a response
 * @refs: references; the entry holds one
 * @certificate_len: bytes of the server certificate in @data
 * @issuer_len: bytes of its issuer, which follow in @data
 * @rcu: defers the free, since readers look it up under RCU
 * @data: the DER of both
 */
struct ktls_ocsp_certs {
	refcount_t refs;
	u16 certificate_len;
	u16 issuer_len;
	struct rcu_head rcu;
	u8 data[];
};

static_assert(KTLS_OCSP_CERT_MAX <= U16_MAX);

/**
 * struct ktls_ocsp_failure - the last failed attempt to get a blob
 * @refs: references; the entry holds one
 * @count: attempts that failed since the last blob was stored; set before
 *	the failure is published
 * @time: when, in seconds since the epoch (UTC)
 * @rcu: defers the free, since readers look it up under RCU
 * @reason: one line of printable ASCII
 */
struct ktls_ocsp_failure {
	refcount_t refs;
	u32 count;
	s64 time;
	struct rcu_head rcu;
	char reason[];
};

struct ktls_ocsp_blob *ktls_ocsp_blob_alloc(const void *data, u16 len);
void ktls_ocsp_blob_put(struct ktls_ocsp_blob *blob);

struct ktls_ocsp_certs *
ktls_ocsp_certs_alloc(const void *certificate, u16 certificate_len,
		      const void *issuer, u16 issuer_len);
void ktls_ocsp_certs_put(struct ktls_ocsp_certs *certs);

struct ktls_ocsp_failure *ktls_ocsp_failure_alloc(const char *reason, s64 time);
void ktls_ocsp_failure_put(struct ktls_ocsp_failure *failure);

/**
 * ktls_ocsp_certs_len() - bytes that count against the store's limit
 * @certs: the certificates, or NULL
 *
 * Return: the bytes, 0 for NULL.
 */
static inline u32 ktls_ocsp_certs_len(const struct ktls_ocsp_certs *certs)
{
	return certs ? certs->certificate_len + certs->issuer_len : 0;
}

/**
 * ktls_ocsp_failure_len() - bytes that count against the store's limit
 * @failure: the failure, or NULL
 *
 * Return: the bytes, 0 for NULL.
 */
static inline u32 ktls_ocsp_failure_len(const struct ktls_ocsp_failure *failure)
{
	return failure ? strlen(failure->reason) + 1 : 0;
}

int ktls_ocsp_blob_init(void);
void ktls_ocsp_blob_exit(void);

#endif /* KTLS_OCSP_BLOB_H */
