// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eviction: at a limit, responses that no session holds make room, the one
 * that expires first before the others.
 */
#include "message.h"
#include "store.h"

/**
 * struct ktls_ocsp_need - what has to be free before something is stored
 * @responses: how many of them, not positive when enough are
 * @bytes: how many of them, not positive when enough are
 */
struct ktls_ocsp_need {
	long responses;
	long bytes;
};

static bool is_met(const struct ktls_ocsp_need *need)
{
	return need->responses <= 0 && need->bytes <= 0;
}

/* What evicting @response frees. */
static void reduce(struct ktls_ocsp_need *need, struct ktls_ocsp_store *store,
		   const struct ktls_ocsp_response *response)
{
	need->responses--;
	need->bytes -= ktls_ocsp_response_bytes(store, response);
}

/* Would evicting all that may be evicted do? What would not, is left alone. */
static bool can_meet(struct ktls_ocsp_need *need, struct ktls_ocsp_store *store,
		     const struct ktls_ocsp_response *keep)
{
	const struct ktls_ocsp_response *response;
	struct rb_node *node;

	for (node = rb_first(&store->idle); node && !is_met(need);
	     node = rb_next(node)) {
		response = rb_entry(node, struct ktls_ocsp_response, idle);
		if (response != keep)
			reduce(need, store, response);
	}
	return is_met(need);
}

static void evict(struct ktls_ocsp_need *need, struct ktls_ocsp_store *store,
		  const struct ktls_ocsp_response *keep)
{
	struct ktls_ocsp_response *response;
	struct rb_node *node, *next;

	for (node = rb_first(&store->idle); node && !is_met(need);
	     node = next) {
		next = rb_next(node);
		response = rb_entry(node, struct ktls_ocsp_response, idle);
		if (response == keep)
			continue;
		reduce(need, store, response);
		ktls_ocsp_notify_event(store, response,
				       KTLS_OCSP_EVENT_WITHDRAWN);
		ktls_ocsp_store_remove(store, response);
	}
}

static struct ktls_ocsp_need need_of(const struct ktls_ocsp_limits *limits,
				     long responses, long bytes)
{
	struct ktls_ocsp_need need = { 0, 0 };

	if (responses)
		need.responses = ktls_ocsp_excess(limits, KTLS_OCSP_RESPONSES,
						  responses);
	if (bytes > 0)
		need.bytes = ktls_ocsp_excess(limits, KTLS_OCSP_BYTES, bytes);
	return need;
}

/* Can it be met? Says in @extack of what there is too much when not. */
static int check_need(struct ktls_ocsp_need need, struct ktls_ocsp_store *store,
		      const struct ktls_ocsp_response *keep,
		      struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&store->lock);
	if (can_meet(&need, store, keep))
		return 0;
	if (need.bytes > 0)
		NL_SET_ERR_MSG(extack, KTLS_OCSP_NO_BYTES);
	else
		NL_SET_ERR_MSG(extack, KTLS_OCSP_NO_RESPONSES);
	return -ENOSPC;
}

/**
 * ktls_ocsp_check_room() - could ktls_ocsp_make_room() make it?
 * @store: the store, locked, its network namespace alive
 * @responses: responses that will be charged
 * @bytes: bytes that will be charged
 * @keep: a response that is not evicted, or NULL
 * @extack: gets the reason
 *
 * For a caller that has something to do in between that can fail.
 *
 * Return: 0 or -ENOSPC. Nothing is evicted.
 */
int ktls_ocsp_check_room(struct ktls_ocsp_store *store, long responses,
			 long bytes, const struct ktls_ocsp_response *keep,
			 struct netlink_ext_ack *extack)
{
	return check_need(need_of(&store->limits, responses, bytes), store,
			  keep, extack);
}

/**
 * ktls_ocsp_make_room() - see to it that something can be charged
 * @store: the store, locked, its network namespace alive
 * @responses: responses that will be charged
 * @bytes: bytes that will be charged, all that the caller is about to store
 * @keep: a response that is not evicted, or NULL
 * @extack: gets the reason
 *
 * All at once, so that what is refused for lack of one thing has evicted
 * nothing for another one; and last, after all else that can fail. Only
 * stores of other network namespaces can take the room away before it is
 * charged, where they share a limit.
 *
 * Return: 0, or -ENOSPC with nothing evicted.
 */
int ktls_ocsp_make_room(struct ktls_ocsp_store *store, long responses,
			long bytes, const struct ktls_ocsp_response *keep,
			struct netlink_ext_ack *extack)
{
	struct ktls_ocsp_need need = need_of(&store->limits, responses, bytes);
	int err;

	/* Of the same need: that of another moment may not be met. */
	err = check_need(need, store, keep, extack);
	if (!err)
		evict(&need, store, keep);
	return err;
}
