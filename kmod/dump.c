// SPDX-License-Identifier: GPL-2.0-only
/* The command get as a dump: the metadata of all entries. */
#include <net/sock.h>

#include "compat.h"
#include "family.h"
#include "message.h"
#include "request.h"

/**
 * struct dump_state - where a dump stands, in the callback's own memory
 * @store: what is dumped, referenced; NULL: nothing
 * @slot: the next slot
 * @err: why nothing is dumped: a negative errno, or 0
 * @refusal: the same in words, a constant
 */
struct dump_state {
	struct ktls_ocsp_store *store;
	unsigned long slot;
	int err;
	const char *refusal;
};

static struct dump_state *dump_state_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct dump_state) > sizeof(cb->ctx));
	return (struct dump_state *)cb->ctx;
}

static int dump_begin(struct netlink_callback *cb, struct dump_state *state,
		      struct netlink_ext_ack *extack)
{
	struct nlattr **attrs = ktls_ocsp_dump_attrs(cb);
	struct ktls_ocsp_request request;
	const struct nlattr *odd;
	int err;

	odd = attrs[KTLS_OCSP_A_SLOT] ?: attrs[KTLS_OCSP_A_KEY] ?:
	      attrs[KTLS_OCSP_A_PARTS];
	if (odd) {
		NL_SET_ERR_MSG_ATTR(extack, odd,
				    "a dump takes no slot, no key and no parts");
		return -EINVAL;
	}
	err = ktls_ocsp_request_begin(&request, attrs, sock_net(cb->skb->sk),
				      extack);
	if (!err && request.store)
		err = ktls_ocsp_store_usable(request.store, extack);
	if (!err && request.store)
		state->store = ktls_ocsp_store_get(request.store);
	ktls_ocsp_request_end(&request);
	return err;
}

/**
 * ktls_ocsp_get_start() - begin a dump
 * @cb: the dump
 *
 * In the context of the process that sent the request. Older kernels (6.1)
 * cannot carry words from here to the user; there the first message of the
 * dump refuses.
 *
 * Return: 0 or a negative errno.
 */
int ktls_ocsp_get_start(struct netlink_callback *cb)
{
	struct dump_state *state = dump_state_of(cb);
	struct netlink_ext_ack own = {};

	memset(state, 0, sizeof(*state));
	if (cb->extack)
		return dump_begin(cb, state, cb->extack);
	state->err = dump_begin(cb, state, &own);
	state->refusal = own._msg;
	return 0;
}

/**
 * ktls_ocsp_get_done() - end a dump
 * @cb: the dump
 *
 * Return: 0.
 */
int ktls_ocsp_get_done(struct netlink_callback *cb)
{
	struct dump_state *state = dump_state_of(cb);

	if (state->store)
		ktls_ocsp_store_put(state->store);
	return 0;
}

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct ktls_ocsp_store *store,
		    const struct ktls_ocsp_entry *entry, s64 now)
{
	const struct ktls_ocsp_blob *blob;
	void *header;
	int err;

	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
			     cb->nlh->nlmsg_seq, &ktls_ocsp_family,
			     NLM_F_MULTI, KTLS_OCSP_CMD_GET);
	if (!header)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, header);
	blob = ktls_ocsp_locked(store, entry->blob);
	err = ktls_ocsp_put_metadata(skb, entry, blob, now);
	if (err)
		genlmsg_cancel(skb, header);
	else
		genlmsg_end(skb, header);
	return err;
}

/**
 * ktls_ocsp_get_dumpit() - one message of a dump
 * @skb: the message
 * @cb: the dump
 *
 * Slots do not move, so an entry that is there from start to end is met
 * once, whatever comes and goes around it; cb->seq tells the reader that
 * something did.
 *
 * Return: bytes in the message, 0 at the end, or why nothing is dumped.
 */
int ktls_ocsp_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_state *state = dump_state_of(cb);
	struct ktls_ocsp_store *store = state->store;
	struct ktls_ocsp_entry *entry;
	s64 now = ktls_ocsp_now();
	unsigned long slot;

	if (state->err) {
		if (cb->extack)
			cb->extack->_msg = state->refusal;
		return state->err;
	}
	if (!store)
		return 0;
	mutex_lock(&store->lock);
	cb->seq = store->index.changes;
	xa_for_each_start(&store->index.by_slot, slot, entry, state->slot) {
		/* What left the store, and is still held, is in none. */
		if (!entry->gone && dump_one(skb, cb, store, entry, now))
			break;
		state->slot = slot + 1;
	}
	mutex_unlock(&store->lock);
	return skb->len;
}
