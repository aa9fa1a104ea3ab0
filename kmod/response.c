// SPDX-License-Identifier: GPL-2.0-only
/*
 * A response: its memory, its references, and what a reader may take from it
 * without the store's lock.
 */
#include <linux/slab.h>

#include "response.h"

static struct kmem_cache *response_cache;

/**
 * ktls_ocsp_response_alloc() - make a response that is in no store yet
 * @key: its key
 *
 * May sleep.
 *
 * Return: the response with one reference, or NULL when there is no memory.
 */
struct ktls_ocsp_response *
ktls_ocsp_response_alloc(const u8 key[KTLS_OCSP_KEY_LEN])
{
	struct ktls_ocsp_response *response;

	response = kmem_cache_zalloc(response_cache, GFP_KERNEL_ACCOUNT);
	if (!response)
		return NULL;
	memcpy(response->key, key, KTLS_OCSP_KEY_LEN);
	refcount_set(&response->refs, 1);
	RB_CLEAR_NODE(&response->timeline);
	RB_CLEAR_NODE(&response->idle);
	return response;
}

/**
 * ktls_ocsp_response_tryget() - take a reference found under RCU
 * @response: a response that RCU or the store's lock keeps in memory
 *
 * Return: false when the last reference is gone already.
 */
bool ktls_ocsp_response_tryget(struct ktls_ocsp_response *response)
{
	return refcount_inc_not_zero(&response->refs);
}

static void response_free_rcu(struct rcu_head *rcu)
{
	struct ktls_ocsp_response *response;

	response = container_of(rcu, struct ktls_ocsp_response, rcu);
	kmem_cache_free(response_cache, response);
}

/**
 * ktls_ocsp_response_put() - drop a reference
 * @response: the response
 *
 * Context: any.
 */
void ktls_ocsp_response_put(struct ktls_ocsp_response *response)
{
	struct ktls_ocsp_failure *failure;

	if (!refcount_dec_and_test(&response->refs))
		return;

	/* Nobody can take a reference any more, so these do not change. */
	ktls_ocsp_put(rcu_dereference_protected(response->blob, true));
	ktls_ocsp_certs_put(rcu_dereference_protected(response->certs, true));
	failure = rcu_dereference_protected(response->failure, true);
	if (failure)
		kfree_rcu(failure, rcu);
	call_rcu(&response->rcu, response_free_rcu);
}

/**
 * ktls_ocsp_response_blob() - take a reference to the newest blob
 * @response: a response that a reference keeps in memory
 *
 * Return: the blob, whether it has expired or not, or NULL.
 */
struct ktls_ocsp_blob *
ktls_ocsp_response_blob(const struct ktls_ocsp_response *response)
{
	struct ktls_ocsp_blob *blob;

	rcu_read_lock();
	/*
	 * A blob without references was replaced after we read the pointer;
	 * its successor, or NULL, is there to be read.
	 */
	do {
		blob = rcu_dereference(response->blob);
	} while (blob && !refcount_inc_not_zero(&blob->refs));
	rcu_read_unlock();
	return blob;
}

/**
 * ktls_ocsp_response_certs() - take a reference to the certificates
 * @response: a response that a reference keeps in memory
 *
 * Return: the certificates, or NULL when they are not known.
 */
struct ktls_ocsp_certs *
ktls_ocsp_response_certs(const struct ktls_ocsp_response *response)
{
	struct ktls_ocsp_certs *certs;

	rcu_read_lock();
	do {
		certs = rcu_dereference(response->certs);
	} while (certs && !refcount_inc_not_zero(&certs->refs));
	rcu_read_unlock();
	return certs;
}

/**
 * ktls_ocsp_response_state() - what can be served
 * @response: the response
 * @blob: its newest blob, or NULL
 * @now: the time to judge by
 *
 * Return: the state.
 */
enum ktls_ocsp_state
ktls_ocsp_response_state(const struct ktls_ocsp_response *response,
			 const struct ktls_ocsp_blob *blob, s64 now)
{
	if (blob && now < blob->next_update)
		return KTLS_OCSP_STATE_VALID;
	if (blob)
		return KTLS_OCSP_STATE_EXPIRED;
	if (rcu_access_pointer(response->failure))
		return KTLS_OCSP_STATE_FAILED;
	if (READ_ONCE(response->withdrawn))
		return KTLS_OCSP_STATE_WITHDRAWN;
	return KTLS_OCSP_STATE_PENDING;
}

/**
 * ktls_ocsp_response_init() - make the cache
 *
 * Return: 0 or -ENOMEM.
 */
int __init ktls_ocsp_response_init(void)
{
	response_cache = KMEM_CACHE(ktls_ocsp_response, SLAB_ACCOUNT);
	return response_cache ? 0 : -ENOMEM;
}

/**
 * ktls_ocsp_response_exit() - give the cache back
 *
 * All references are gone. Waits for the frees that RCU still defers.
 */
void ktls_ocsp_response_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(response_cache);
}
