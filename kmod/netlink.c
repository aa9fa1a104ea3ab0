// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: policies and commands; get is in get.c. The protocol is
 * described in ktls_ocsp.yaml; the policies here are held equal to it by a
 * test, since the generator's split ops do not exist in Linux 6.1.
 *
 * No operation carries a permission flag of genetlink's: these look at the
 * socket's network namespace, but a session may belong to another one's store.
 */
#include <linux/file.h>

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

static int session_reply(struct genl_info *info, struct file *file, int fd)
{
	const struct ktls_ocsp_session *session = ktls_ocsp_session_of(file);
	struct sk_buff *skb;
	void *header;
	int err;

	skb = ktls_ocsp_reply_new(info, ktls_ocsp_metadata_size(), &header);
	if (!skb)
		return -ENOMEM;
	if (nla_put_s32(skb, KTLS_OCSP_A_SESSION, fd) ||
	    nla_put_u32(skb, KTLS_OCSP_A_MIN_VALIDITY,
			READ_ONCE(*session->store->limits.min_validity)) ||
	    nla_put_u64_64bit(skb, KTLS_OCSP_A_BOARD_SIZE, session->board_size,
			      KTLS_OCSP_A_PAD)) {
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
	err = session_reply(info, file, fd);
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
	reply = ktls_ocsp_reply_new(info, ktls_ocsp_metadata_size(), &header);
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
	reply = ktls_ocsp_reply_new(info, ktls_ocsp_metadata_size(), &header);
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
		.doit = ktls_ocsp_get_doit,
		.start = ktls_ocsp_get_start,
		.dumpit = ktls_ocsp_get_dumpit,
		.done = ktls_ocsp_get_done,
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
