// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Memory for what an entry points to: blobs, certificates and failures.
 *
 * kmalloc() rounds 600 bytes up to 1024 and 2200 up to 4096, which would
 * nearly double what a host with many entries pays. So there are caches of our
 * own for sizes in between. Not more of them than are worth it: each takes
 * memory for each processor that uses it. Above a page it is vmalloc(), which
 * rounds up to a page.
 */
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "blob.h"

#define CACHE_STEP	64
#define CACHE_MAX	4096

/* Multiples of CACHE_STEP, in ascending order; kmalloc() has what is not here. */
static const u16 cache_sizes[] = {
	384, 576, 768, 1280, 1600, 2304, 2688, 3200,
};

static struct kmem_cache *caches[ARRAY_SIZE(cache_sizes)];
/* By size: the index in caches, or NO_CACHE where kmalloc() rounds up less */
static u8 cache_index[CACHE_MAX / CACHE_STEP];

#define NO_CACHE	U8_MAX

static struct kmem_cache *cache_of(size_t size)
{
	u8 index;

	if (size > CACHE_MAX)
		return NULL;
	index = cache_index[(size - 1) / CACHE_STEP];
	return index == NO_CACHE ? NULL : caches[index];
}

static void *sized_alloc(size_t size)
{
	struct kmem_cache *cache = cache_of(size);

	if (cache)
		return kmem_cache_alloc(cache, GFP_KERNEL_ACCOUNT);
	if (size <= CACHE_MAX)
		return kmalloc(size, GFP_KERNEL_ACCOUNT);
	/* The caller reports it; a warning would let any user fill the log. */
	return __vmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
}

static void sized_free(void *object, size_t size)
{
	struct kmem_cache *cache = cache_of(size);

	if (cache)
		kmem_cache_free(cache, object);
	else
		kvfree(object);
}

static size_t blob_size(u16 len)
{
	return offsetof(struct ktls_ocsp_blob, data) + len;
}

static size_t certs_size(u16 certificate_len, u16 issuer_len)
{
	return offsetof(struct ktls_ocsp_certs, data) + certificate_len +
	       issuer_len;
}

/**
 * ktls_ocsp_blob_alloc() - make a blob
 * @data: the DER of the OCSPResponse
 * @len: bytes in @data, 1 to KTLS_OCSP_BLOB_MAX
 *
 * The caller fills in generation, status and times before it publishes the
 * blob. May sleep.
 *
 * Return: the blob with one reference, or NULL when there is no memory.
 */
struct ktls_ocsp_blob *ktls_ocsp_blob_alloc(const void *data, u16 len)
{
	struct ktls_ocsp_blob *blob = sized_alloc(blob_size(len));

	if (!blob)
		return NULL;
	refcount_set(&blob->refs, 1);
	blob->len = len;
	memcpy(blob->data, data, len);
	return blob;
}

static void blob_free_rcu(struct rcu_head *rcu)
{
	struct ktls_ocsp_blob *blob;

	blob = container_of(rcu, struct ktls_ocsp_blob, rcu);
	sized_free(blob, blob_size(blob->len));
}

/**
 * ktls_ocsp_blob_put() - drop a reference to a blob
 * @blob: the blob, or NULL
 *
 * Context: any.
 */
void ktls_ocsp_blob_put(struct ktls_ocsp_blob *blob)
{
	if (blob && refcount_dec_and_test(&blob->refs))
		call_rcu(&blob->rcu, blob_free_rcu);
}

/**
 * ktls_ocsp_certs_alloc() - keep a certificate and its issuer
 * @certificate: DER of the server certificate
 * @certificate_len: bytes in @certificate
 * @issuer: DER of its issuer
 * @issuer_len: bytes in @issuer
 *
 * May sleep.
 *
 * Return: both with one reference, or NULL when there is no memory.
 */
struct ktls_ocsp_certs *
ktls_ocsp_certs_alloc(const void *certificate, u16 certificate_len,
		      const void *issuer, u16 issuer_len)
{
	struct ktls_ocsp_certs *certs;

	certs = sized_alloc(certs_size(certificate_len, issuer_len));
	if (!certs)
		return NULL;
	refcount_set(&certs->refs, 1);
	certs->certificate_len = certificate_len;
	certs->issuer_len = issuer_len;
	memcpy(certs->data, certificate, certificate_len);
	memcpy(certs->data + certificate_len, issuer, issuer_len);
	return certs;
}

static void certs_free_rcu(struct rcu_head *rcu)
{
	struct ktls_ocsp_certs *certs;

	certs = container_of(rcu, struct ktls_ocsp_certs, rcu);
	sized_free(certs, certs_size(certs->certificate_len,
				     certs->issuer_len));
}

/**
 * ktls_ocsp_certs_put() - drop a reference to certificates
 * @certs: the certificates, or NULL
 *
 * Context: any.
 */
void ktls_ocsp_certs_put(struct ktls_ocsp_certs *certs)
{
	if (certs && refcount_dec_and_test(&certs->refs))
		call_rcu(&certs->rcu, certs_free_rcu);
}

/**
 * ktls_ocsp_failure_alloc() - keep the reason of a failed attempt
 * @reason: one line of text
 * @time: when, in seconds since the epoch (UTC)
 *
 * May sleep.
 *
 * Return: the failure with one reference and no count, or NULL when there is
 * no memory.
 */
struct ktls_ocsp_failure *ktls_ocsp_failure_alloc(const char *reason, s64 time)
{
	struct ktls_ocsp_failure *failure;
	size_t size = strlen(reason) + 1;

	failure = kmalloc(struct_size(failure, reason, size),
			  GFP_KERNEL_ACCOUNT);
	if (!failure)
		return NULL;
	refcount_set(&failure->refs, 1);
	failure->count = 0;
	failure->time = time;
	memcpy(failure->reason, reason, size);
	return failure;
}

/**
 * ktls_ocsp_failure_put() - drop a reference to a failure
 * @failure: the failure, or NULL
 *
 * Context: any.
 */
void ktls_ocsp_failure_put(struct ktls_ocsp_failure *failure)
{
	if (failure && refcount_dec_and_test(&failure->refs))
		kfree_rcu(failure, rcu);
}

/**
 * ktls_ocsp_blob_exit() - give the caches back
 *
 * All references are gone. Waits for the frees that RCU still defers.
 */
void ktls_ocsp_blob_exit(void)
{
	unsigned int i;

	rcu_barrier();
	for (i = 0; i < ARRAY_SIZE(caches); i++)
		kmem_cache_destroy(caches[i]);
}

/* The smallest of ours for each size, where kmalloc() has not one as small. */
static void __init index_caches(void)
{
	unsigned int i, size, cache = 0;

	for (i = 0; i < ARRAY_SIZE(cache_index); i++) {
		size = (i + 1) * CACHE_STEP;
		while (cache < ARRAY_SIZE(caches) && cache_sizes[cache] < size)
			cache++;
		cache_index[i] = cache < ARRAY_SIZE(caches) &&
				 cache_sizes[cache] < kmalloc_size_roundup(size) ?
				 cache : NO_CACHE;
	}
}

/**
 * ktls_ocsp_blob_init() - make the caches
 *
 * Return: 0 or -ENOMEM.
 */
int __init ktls_ocsp_blob_init(void)
{
	unsigned int i;
	char name[32];

	for (i = 0; i < ARRAY_SIZE(caches); i++) {
		snprintf(name, sizeof(name), "ktls_ocsp-%u", cache_sizes[i]);
		caches[i] = kmem_cache_create(name, cache_sizes[i], 0,
					      SLAB_ACCOUNT, NULL);
		if (!caches[i]) {
			ktls_ocsp_blob_exit();
			return -ENOMEM;
		}
	}
	index_caches();
	return 0;
}
