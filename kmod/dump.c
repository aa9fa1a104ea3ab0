// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The command get as a dump: the metadata of entries, all or filtered. */
#include <net/sock.h>

#include "compat.h"
#include "family.h"
#include "message.h"
#include "request.h"

/* Looked at before the lock is given to others for a moment. */
#define LOOKED_AT_ONCE	1024

/**
 * struct dump_filter - which entries are dumped
 * @states: those in one of these, 1 << enum ktls_ocsp_state
 * @needs_blob: those with a blob alone
 * @expires_before: those whose blob's next update is before that
 * @newer_than: those whose blob has a later generation
 */
struct dump_filter {
	u32 states;
	bool needs_blob;
	s64 expires_before;
	u64 newer_than;
};

/**
 * struct dump_state - where a dump stands, in the callback's own memory
 * @store: what is dumped, referenced; NULL: nothing
 * @slot: the next slot
 * @filter: which entries
 * @err: why nothing is dumped: a negative errno, or 0
 * @refusal: the same in words, a constant
 */
struct dump_state {
	struct ktls_ocsp_store *store;
	u32 slot;
	int err;
	struct dump_filter filter;
	const char *refusal;
};

static struct dump_state *dump_state_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct dump_state) > sizeof(cb->ctx));
	return (struct dump_state *)cb->ctx;
}

static struct dump_filter filter_of(struct nlattr **attrs)
{
	const struct nlattr *expires = attrs[KTLS_OCSP_A_EXPIRES_BEFORE];
	const struct nlattr *states = attrs[KTLS_OCSP_A_STATES];
	const struct nlattr *newer = attrs[KTLS_OCSP_A_NEWER_THAN];

	return (struct dump_filter) {
		.states = states ? nla_get_u32(states) : U32_MAX,
		.needs_blob = expires || newer,
		.expires_before = expires ? nla_get_s64(expires) : S64_MAX,
		.newer_than = newer ? nla_get_u64(newer) : 0,
	};
}

static bool passes(const struct dump_filter *filter,
		   const struct ktls_ocsp_entry *entry,
		   const struct ktls_ocsp_blob *blob, s64 now)
{
	if (!(filter->states & 1U << ktls_ocsp_entry_state(entry, blob, now)))
		return false;
	if (!filter->needs_blob)
		return true;
	return blob && blob->next_update < filter->expires_before &&
	       blob->generation > filter->newer_than;
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
	state->filter = filter_of(attrs);
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
		    const struct ktls_ocsp_entry *entry, s64 now)
{
	const struct dump_state *state = dump_state_of(cb);
	const struct ktls_ocsp_blob *blob;
	void *header;
	int err;

	/* What left the store, and is still held, is in no dump. */
	if (entry->gone)
		return 0;
	blob = ktls_ocsp_locked(state->store, entry->blob);
	if (!passes(&state->filter, entry, blob, now))
		return 0;
	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
			     cb->nlh->nlmsg_seq, &ktls_ocsp_family,
			     NLM_F_MULTI, KTLS_OCSP_CMD_GET);
	if (!header)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, header);
	err = ktls_ocsp_put_metadata(skb, entry, blob, now);
	if (err)
		genlmsg_cancel(skb, header);
	else
		genlmsg_end(skb, header);
	return err;
}

/* 1: there may be more for this message; 0: it is full, or that was all. */
static int dump_some(struct sk_buff *skb, struct netlink_callback *cb, s64 now)
{
	struct dump_state *state = dump_state_of(cb);
	struct ktls_ocsp_store *store = state->store;
	unsigned long slot = state->slot;
	struct ktls_ocsp_entry *entry;
	int n = 0;

	cb->seq = store->index.changes;
	xa_for_each_start(&store->index.by_slot, slot, entry, state->slot) {
		if (n++ == LOOKED_AT_ONCE)
			return 1;
		if (dump_one(skb, cb, entry, now))
			return 0;
		state->slot = slot + 1;
	}
	return 0;
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
	s64 now = ktls_ocsp_now();
	int more;

	if (state->err) {
		if (cb->extack)
			cb->extack->_msg = state->refusal;
		return state->err;
	}
	if (!store)
		return 0;
	ktls_ocsp_store_check_clock(store, now);
	do {
		mutex_lock(&store->lock);
		more = dump_some(skb, cb, now);
		mutex_unlock(&store->lock);
		cond_resched();
	} while (more);
	return skb->len;
}
