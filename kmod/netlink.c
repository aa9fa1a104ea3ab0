// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: policies, commands, dump. The protocol is
 * described in ktls_ocsp.yaml; the policies here are held equal to it by a
 * test, since the generator's split ops do not exist in Linux 6.1.
 *
 * No operation carries a permission flag of genetlink's: these look at the
 * socket's network namespace, but a session may belong to another one's store.
 */
#include <linux/file.h>
#include <net/sock.h>

#include "compat.h"
#include "message.h"
#include "netlink.h"
#include "request.h"

#define ALL_PARTS	(KTLS_OCSP_PART_BLOB | KTLS_OCSP_PART_CERTIFICATES)

/*
 * Not NLA_POLICY_MAX() or NLA_POLICY_RANGE(): these keep their limits in 16
 * bits with a sign, which blob-max exceeds.
 */
#define POLICY_BINARY(most)	{ .type = NLA_BINARY, .len = (most), }
#define POLICY_KEY		NLA_POLICY_EXACT_LEN(KTLS_OCSP_KEY_LEN)
#define POLICY_CERT		POLICY_BINARY(KTLS_OCSP_CERT_MAX)

/* Takes no attribute; genetlink refuses what the policy does not list. */
static const struct nla_policy session_policy[KTLS_OCSP_A_MAX + 1];

static const struct nla_policy open_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION] = { .type = NLA_S32, },
	[KTLS_OCSP_A_KEY] = POLICY_KEY,
	[KTLS_OCSP_A_CERTIFICATE] = POLICY_CERT,
	[KTLS_OCSP_A_ISSUER] = POLICY_CERT,
	[KTLS_OCSP_A_WAIT] = { .type = NLA_FLAG, },
};

static const struct nla_policy handle_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION] = { .type = NLA_S32, },
	[KTLS_OCSP_A_SLOT] = { .type = NLA_U32, },
};

static const struct nla_policy get_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION] = { .type = NLA_S32, },
	[KTLS_OCSP_A_SLOT] = { .type = NLA_U32, },
	[KTLS_OCSP_A_KEY] = POLICY_KEY,
	[KTLS_OCSP_A_PARTS] = NLA_POLICY_MAX(NLA_U32, ALL_PARTS),
};

static const struct nla_policy set_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION] = { .type = NLA_S32, },
	[KTLS_OCSP_A_KEY] = POLICY_KEY,
	[KTLS_OCSP_A_CERTIFICATE] = POLICY_CERT,
	[KTLS_OCSP_A_ISSUER] = POLICY_CERT,
	[KTLS_OCSP_A_STATUS] =
		NLA_POLICY_MAX(NLA_U32, KTLS_OCSP_CERT_STATUS_UNKNOWN),
	[KTLS_OCSP_A_THIS_UPDATE] = { .type = NLA_S64, },
	[KTLS_OCSP_A_NEXT_UPDATE] = { .type = NLA_S64, },
	[KTLS_OCSP_A_BLOB] = POLICY_BINARY(KTLS_OCSP_BLOB_MAX),
	[KTLS_OCSP_A_FAILURE] = {
		.type = NLA_NUL_STRING,
		.len = KTLS_OCSP_FAILURE_MAX,
	},
};

static const struct nla_policy del_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_SESSION] = { .type = NLA_S32, },
	[KTLS_OCSP_A_KEY] = POLICY_KEY,
};

static struct sk_buff *reply_new(struct genl_info *info, size_t size,
				 void **header)
{
	struct sk_buff *skb;

	skb = genlmsg_new(size, GFP_KERNEL_ACCOUNT);
	if (!skb)
		return NULL;
	*header = genlmsg_put_reply(skb, info, &ktls_ocsp_family, 0,
				    info->genlhdr->cmd);
	if (*header)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static int session_reply(struct genl_info *info, struct file *file, int fd,
			 const struct ktls_ocsp_store *store)
{
	struct sk_buff *skb;
	void *header;
	int err;

	skb = reply_new(info, 2 * nla_total_size(sizeof(u32)), &header);
	if (!skb)
		return -ENOMEM;
	if (nla_put_s32(skb, KTLS_OCSP_A_SESSION, fd) ||
	    nla_put_u32(skb, KTLS_OCSP_A_MIN_VALIDITY,
			READ_ONCE(store->limits.min_validity))) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	err = genlmsg_reply(skb, info);
	/* Last: an installed descriptor cannot be taken back. */
	if (!err)
		fd_install(fd, file);
	return err;
}

static int session_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ktls_ocsp_store *store = ktls_ocsp_store_of(genl_info_net(info));
	struct file *file;
	int fd, err;

	file = ktls_ocsp_session_create(store, info->extack);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		NL_SET_ERR_MSG(info->extack,
			       "the process has too many open files");
		err = fd;
		goto err_file;
	}
	err = session_reply(info, file, fd, store);
	if (!err)
		return 0;
	put_unused_fd(fd);
err_file:
	fput(file);
	return err;
}

static int begin_with_session(struct ktls_ocsp_request *request,
			      struct genl_info *info)
{
	int err;

	err = ktls_ocsp_request_begin(request, info->attrs,
				      genl_info_net(info), info->extack);
	if (err || request->session)
		return err;
	return KTLS_OCSP_MISSING(info->extack, KTLS_OCSP_A_SESSION,
				 "a session is needed");
}

/* Where a response stands now. */
static int put_place(struct sk_buff *skb, const u8 *key, u32 slot,
		     u64 generation)
{
	if (nla_put_u32(skb, KTLS_OCSP_A_SLOT, slot) ||
	    nla_put(skb, KTLS_OCSP_A_KEY, KTLS_OCSP_KEY_LEN, key) ||
	    nla_put_u64_64bit(skb, KTLS_OCSP_A_GENERATION, generation,
			      KTLS_OCSP_A_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_opened(struct sk_buff *skb, const u8 *key,
		      const struct ktls_ocsp_opened *opened)
{
	if (put_place(skb, key, opened->slot, opened->generation) ||
	    nla_put_u32(skb, KTLS_OCSP_A_STATE, opened->state))
		return -EMSGSIZE;
	if (opened->refresher && nla_put_flag(skb, KTLS_OCSP_A_REFRESHER))
		return -EMSGSIZE;
	return 0;
}

static int open_request(struct ktls_ocsp_request *request,
			const struct sk_buff *skb, struct genl_info *info)
{
	struct ktls_ocsp_open how = {
		.key = request->key,
		.certs = request->certs,
		.wait = info->attrs[KTLS_OCSP_A_WAIT],
	};
	struct ktls_ocsp_opened opened;
	struct sk_buff *reply;
	void *header;
	int err;

	how.may_create = how.certs &&
			 !ktls_ocsp_request_privileged(request, skb, NULL);
	/* Before the open: what cannot be answered is not done. */
	reply = reply_new(info, ktls_ocsp_metadata_size(), &header);
	if (!reply)
		return -ENOMEM;
	err = ktls_ocsp_session_open(request->session, &how, &opened,
				     info->extack);
	if (err)
		goto err_reply;
	err = put_opened(reply, how.key, &opened);
	if (err)
		goto err_close;
	genlmsg_end(reply, header);
	err = genlmsg_reply(reply, info);
	reply = NULL;
	if (!err)
		return 0;
err_close:
	ktls_ocsp_session_close(request->session, opened.slot, NULL);
err_reply:
	nlmsg_free(reply);
	return err;
}

static int open_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ktls_ocsp_request request;
	int err;

	err = begin_with_session(&request, info);
	if (!err)
		err = ktls_ocsp_request_certs(&request, info->attrs,
					      info->extack);
	if (!err)
		err = open_request(&request, skb, info);
	ktls_ocsp_request_end(&request);
	return err;
}

static int with_handle(struct genl_info *info,
		       int (*act)(struct ktls_ocsp_session *session, u32 slot,
				  struct netlink_ext_ack *extack))
{
	const struct nlattr *slot = info->attrs[KTLS_OCSP_A_SLOT];
	struct ktls_ocsp_request request;
	int err;

	err = begin_with_session(&request, info);
	if (!err && !slot)
		err = KTLS_OCSP_MISSING(info->extack, KTLS_OCSP_A_SLOT,
					"a slot is needed");
	if (!err)
		err = act(request.session, nla_get_u32(slot), info->extack);
	ktls_ocsp_request_end(&request);
	return err;
}

static int ref_doit(struct sk_buff *skb, struct genl_info *info)
{
	return with_handle(info, ktls_ocsp_session_ref);
}

static int close_doit(struct sk_buff *skb, struct genl_info *info)
{
	return with_handle(info, ktls_ocsp_session_close);
}

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
	skb = reply_new(info, size, &header);
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

static int get_doit(struct sk_buff *skb, struct genl_info *info)
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
 * @store: what is dumped, referenced
 * @slot: the next slot
 */
struct dump_state {
	struct ktls_ocsp_store *store;
	unsigned long slot;
};

static struct dump_state *dump_state_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct dump_state) > sizeof(cb->ctx));
	return (struct dump_state *)cb->ctx;
}

static int get_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = ktls_ocsp_dump_attrs(cb);
	struct ktls_ocsp_request request;
	int err = -EINVAL;

	if (attrs[KTLS_OCSP_A_SLOT] || attrs[KTLS_OCSP_A_KEY] ||
	    attrs[KTLS_OCSP_A_PARTS]) {
		NL_SET_ERR_MSG(cb->extack,
			       "a dump takes no slot, no key and no parts");
		return err;
	}
	err = ktls_ocsp_request_begin(&request, attrs, sock_net(cb->skb->sk),
				      cb->extack);
	if (!err)
		err = ktls_ocsp_store_usable(request.store, cb->extack);
	if (!err) {
		dump_state_of(cb)->store = ktls_ocsp_store_get(request.store);
		dump_state_of(cb)->slot = 0;
	}
	ktls_ocsp_request_end(&request);
	return err;
}

static int get_done(struct netlink_callback *cb)
{
	ktls_ocsp_store_put(dump_state_of(cb)->store);
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

/*
 * Slots do not move, so a response that is there from start to end is met
 * once, whatever comes and goes around it; cb->seq tells the reader that
 * something did.
 */
static int get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_state *state = dump_state_of(cb);
	struct ktls_ocsp_store *store = state->store;
	struct ktls_ocsp_response *response;
	s64 now = ktls_ocsp_now();
	unsigned long slot;

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

static int set_request(struct ktls_ocsp_request *request,
		       struct genl_info *info)
{
	struct ktls_ocsp_update update = {
		.certs = request->certs,
	};
	struct sk_buff *reply;
	u64 generation;
	void *header;
	u32 slot;
	int err;

	err = ktls_ocsp_request_update(info->attrs, &update, info->extack);
	if (err)
		return err;
	err = -ENOMEM;
	reply = reply_new(info, ktls_ocsp_metadata_size(), &header);
	if (!reply)
		goto put_blob;
	err = ktls_ocsp_store_set(request->store, request->key, &update,
				  &slot, &generation, info->extack);
	if (err) {
		nlmsg_free(reply);
		goto put_blob;
	}
	WARN_ON_ONCE(put_place(reply, request->key, slot, generation));
	genlmsg_end(reply, header);
	/* The blob is stored, whether its writer hears of it or not. */
	genlmsg_reply(reply, info);
put_blob:
	ktls_ocsp_put(update.blob);
	return err;
}

static int set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ktls_ocsp_request request;
	int err;

	err = ktls_ocsp_request_begin(&request, info->attrs,
				      genl_info_net(info), info->extack);
	if (!err)
		err = ktls_ocsp_request_privileged(&request, skb, info->extack);
	if (!err)
		err = ktls_ocsp_request_certs(&request, info->attrs,
					      info->extack);
	if (!err)
		err = set_request(&request, info);
	ktls_ocsp_request_end(&request);
	return err;
}

static int del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ktls_ocsp_request request;
	int err;

	err = ktls_ocsp_request_begin(&request, info->attrs,
				      genl_info_net(info), info->extack);
	if (!err)
		err = ktls_ocsp_request_privileged(&request, skb, info->extack);
	if (!err && !request.key)
		err = KTLS_OCSP_MISSING(info->extack, KTLS_OCSP_A_KEY,
					"a key is needed");
	if (!err)
		err = ktls_ocsp_store_withdraw(request.store, request.key,
					       info->extack);
	ktls_ocsp_request_end(&request);
	return err;
}

static const struct genl_ops ops[] = {
	{
		.cmd = KTLS_OCSP_CMD_SESSION,
		.doit = session_doit,
		.policy = session_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_OPEN,
		.doit = open_doit,
		.policy = open_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_REF,
		.doit = ref_doit,
		.policy = handle_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_CLOSE,
		.doit = close_doit,
		.policy = handle_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_GET,
		.doit = get_doit,
		.start = get_start,
		.dumpit = get_dumpit,
		.done = get_done,
		.policy = get_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_SET,
		.doit = set_doit,
		.policy = set_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_DEL,
		.doit = del_doit,
		.policy = del_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
};

static const struct genl_multicast_group groups[] = {
	[KTLS_OCSP_GROUP_WANTED] = {
		.name = KTLS_OCSP_MCGRP_WANTED,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
	[KTLS_OCSP_GROUP_EVENTS] = {
		.name = KTLS_OCSP_MCGRP_EVENTS,
	},
};

struct genl_family ktls_ocsp_family __ro_after_init = {
	.name		= KTLS_OCSP_FAMILY_NAME,
	.version	= KTLS_OCSP_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};
