// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command get: one response, or a dump of all.
 */
#include <net/sock.h>

#include "compat.h"
#include "message.h"
#include "netlink.h"
#include "request.h"

/* The response that a get names, referenced, or an ERR_PTR. */
static struct ktls_ocsp_response *
get_response(const struct ktls_ocsp_request *request, struct genl_info *info)
{
	const struct nlattr *slot = info->attrs[KTLS_OCSP_A_SLOT];
	struct ktls_ocsp_response *response;

	if (slot && request->key) {
		NL_SET_ERR_MSG_ATTR(info->extack, slot,
				    "a slot and a key exclude each other");
		return ERR_PTR(-EINVAL);
	}
	if (slot && !request->session)
		return ERR_PTR(KTLS_OCSP_MISSING(info->extack,
						 KTLS_OCSP_A_SESSION,
						 "a slot needs its session"));
	if (!slot && !request->key)
		return ERR_PTR(KTLS_OCSP_MISSING(info->extack, KTLS_OCSP_A_KEY,
						 "a key or a slot is needed"));
	if (slot) {
		response = ktls_ocsp_session_response(request->session,
						      nla_get_u32(slot));
		if (!response)
			NL_SET_ERR_MSG_ATTR(info->extack, slot,
					    "the session does not hold this slot");
	} else {
		response = ktls_ocsp_store_find(request->store, request->key);
		if (!response)
			NL_SET_ERR_MSG(info->extack,
				       "no response has this key");
	}
	return response ?: ERR_PTR(-ENOENT);
}

/* Why there is no blob to serve in @state. */
static int no_blob(enum ktls_ocsp_state state, struct netlink_ext_ack *extack)
{
	switch (state) {
	case KTLS_OCSP_STATE_EXPIRED:
		NL_SET_ERR_MSG(extack, "the response has expired");
		return -ESTALE;
	case KTLS_OCSP_STATE_FAILED:
		NL_SET_ERR_MSG(extack,
			       "no response yet, the last attempt failed");
		return -ENODATA;
	case KTLS_OCSP_STATE_WITHDRAWN:
		NL_SET_ERR_MSG(extack, "the response was withdrawn");
		return -ENODATA;
	default:
		NL_SET_ERR_MSG(extack, "no response yet");
		return -ENODATA;
	}
}

static int put_certs(struct sk_buff *skb, const struct ktls_ocsp_certs *certs)
{
	if (!certs)
		return 0;
	if (nla_put(skb, KTLS_OCSP_A_CERTIFICATE, certs->certificate_len,
		    certs->data) ||
	    nla_put(skb, KTLS_OCSP_A_ISSUER, certs->issuer_len,
		    certs->data + certs->certificate_len))
		return -EMSGSIZE;
	return 0;
}

/* Answer with the metadata, and with what of @parts there is. */
static int get_reply(struct genl_info *info, u32 parts,
		     const struct ktls_ocsp_response *response,
		     const struct ktls_ocsp_blob *blob,
		     const struct ktls_ocsp_certs *certs, s64 now)
{
	bool with_blob = parts & KTLS_OCSP_PART_BLOB;
	struct sk_buff *skb;
	void *header;
	size_t size;

	size = ktls_ocsp_metadata_size() +
	       (with_blob ? nla_total_size(blob->len) : 0) +
	       (certs ? nla_total_size(certs->certificate_len) +
			nla_total_size(certs->issuer_len) : 0);
	skb = ktls_ocsp_reply_new(info, size, &header);
	if (!skb)
		return -ENOMEM;
	if (ktls_ocsp_put_metadata(skb, response, blob, now) ||
	    (with_blob &&
	     nla_put(skb, KTLS_OCSP_A_BLOB, blob->len, blob->data)) ||
	    put_certs(skb, certs)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

static int get_parts(struct ktls_ocsp_store *store, struct genl_info *info,
		     u32 parts, const struct ktls_ocsp_response *response)
{
	struct ktls_ocsp_certs *certs = NULL;
	struct ktls_ocsp_blob *blob;
	enum ktls_ocsp_state state;
	s64 now = ktls_ocsp_now();
	int err;

	blob = ktls_ocsp_response_blob(response);
	state = ktls_ocsp_response_state(response, blob, now);
	if (state == KTLS_OCSP_STATE_VALID) {
		ktls_ocsp_expiry_check(store, blob);
	} else if (parts & KTLS_OCSP_PART_BLOB) {
		err = no_blob(state, info->extack);
		goto put_blob;
	}
	if (parts & KTLS_OCSP_PART_CERTIFICATES)
		certs = ktls_ocsp_response_certs(response);
	err = get_reply(info, parts, response, blob, certs, now);
	ktls_ocsp_certs_put(certs);
put_blob:
	ktls_ocsp_put(blob);
	return err;
}

/**
 * ktls_ocsp_get_doit() - the command get
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative errno.
 */
int ktls_ocsp_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *parts = info->attrs[KTLS_OCSP_A_PARTS];
	struct ktls_ocsp_response *response;
	struct ktls_ocsp_request request;
	int err;

	err = ktls_ocsp_request_begin(&request, info->attrs,
				      genl_info_net(info), info->extack);
	if (!err)
		err = ktls_ocsp_store_usable(request.store, info->extack);
	if (err)
		goto end;
	response = get_response(&request, info);
	if (IS_ERR(response)) {
		err = PTR_ERR(response);
		goto end;
	}
	err = get_parts(request.store, info,
			parts ? nla_get_u32(parts) : KTLS_OCSP_PART_BLOB,
			response);
	ktls_ocsp_response_put(response);
end:
	ktls_ocsp_request_end(&request);
	return err;
}

/**
 * struct dump_state - where a dump stands, in the callback's own memory
 * @store: what is dumped, referenced, or NULL
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
	if (!err)
		err = ktls_ocsp_store_usable(request.store, extack);
	if (!err)
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
		    const struct ktls_ocsp_response *response, s64 now)
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
	blob = rcu_dereference_protected(response->blob,
					 lockdep_is_held(&store->lock));
	err = ktls_ocsp_put_metadata(skb, response, blob, now);
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
 * Slots do not move, so a response that is there from start to end is met
 * once, whatever comes and goes around it; cb->seq tells the reader that
 * something did.
 *
 * Return: bytes in the message, 0 at the end, or why nothing is dumped.
 */
int ktls_ocsp_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_state *state = dump_state_of(cb);
	struct ktls_ocsp_store *store = state->store;
	struct ktls_ocsp_response *response;
	s64 now = ktls_ocsp_now();
	unsigned long slot;

	if (state->err) {
		if (cb->extack)
			cb->extack->_msg = state->refusal;
		return state->err;
	}
	mutex_lock(&store->lock);
	cb->seq = store->changes;
	xa_for_each_start(&store->slots, slot, response, state->slot) {
		if (dump_one(skb, cb, store, response, now))
			break;
		state->slot = slot + 1;
	}
	mutex_unlock(&store->lock);
	return skb->len;
}
