// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eviction: at a limit, responses that no session holds make room.
 */
#include "message.h"
#include "store.h"

static long reclaimable(struct ktls_ocsp_store *store,
			const struct ktls_ocsp_response *response,
			enum ktls_ocsp_resource resource)
{
	return resource == KTLS_OCSP_BYTES ? ktls_ocsp_response_bytes(store, response)
					   : 1;
}

/*
 * Would evicting idle responses, all but @keep, free @amount of @resource?
 * Asked first, so that what could not be enough is not thrown away either.
 */
static bool enough_idle(struct ktls_ocsp_store *store,
			enum ktls_ocsp_resource resource, long amount,
			const struct ktls_ocsp_response *keep)
{
	const struct ktls_ocsp_response *response;
	struct rb_node *node;

	for (node = rb_first(&store->idle); node && amount > 0;
	     node = rb_next(node)) {
		response = rb_entry(node, struct ktls_ocsp_response, idle);
		if (response != keep)
			amount -= reclaimable(store, response, resource);
	}
	return amount <= 0;
}

/**
 * ktls_ocsp_evict_charge() - charge a resource, and make room for it
 * @store: the store, locked, its network namespace alive
 * @resource: what
 * @amount: how much, not negative
 * @keep: a response that is not evicted, or NULL
 *
 * At a limit, those of the responses that no session holds which expire first
 * make room.
 *
 * Return: 0, or -ENOSPC with nothing charged.
 */
int ktls_ocsp_evict_charge(struct ktls_ocsp_store *store,
			   enum ktls_ocsp_resource resource, long amount,
			   const struct ktls_ocsp_response *keep)
{
	struct ktls_ocsp_response *response;
	struct rb_node *node, *next;
	long over;

	lockdep_assert_held(&store->lock);
	if (ktls_ocsp_charge(&store->limits, resource, amount))
		return 0;
	over = ktls_ocsp_excess(&store->limits, resource, amount);
	if (!enough_idle(store, resource, over, keep))
		return -ENOSPC;
	for (node = rb_first(&store->idle); node && over > 0; node = next) {
		next = rb_next(node);
		response = rb_entry(node, struct ktls_ocsp_response, idle);
		if (response == keep)
			continue;
		over -= reclaimable(store, response, resource);
		ktls_ocsp_notify_event(store, response,
				       KTLS_OCSP_EVENT_WITHDRAWN);
		ktls_ocsp_store_remove(store, response);
	}
	return ktls_ocsp_charge(&store->limits, resource, amount) ? 0 : -ENOSPC;
}
