// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The commands but get: a request is resolved, done, and answered. */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/user_namespace.h>

#include "family.h"
#include "message.h"
#include "net.h"
#include "request.h"

static int put_session(struct sk_buff *skb,
		       const struct ktls_ocsp_session *session, int fd)
{
	const struct ktls_ocsp_settings *settings;

	settings = session->store->limits.settings;
	if (nla_put_s32(skb, KTLS_OCSP_A_SESSION, fd) ||
	    nla_put_u32(skb, KTLS_OCSP_A_MIN_VALIDITY,
			READ_ONCE(settings->min_validity)) ||
	    nla_put_u64_64bit(skb, KTLS_OCSP_A_BOARD_SIZE, session->board_size,
			      KTLS_OCSP_A_PAD) ||
	    nla_put_u32(skb, KTLS_OCSP_A_BOARD_VERSION,
			KTLS_OCSP_BOARD_VERSION))
		return -EMSGSIZE;
	return 0;
}

static int session_reply(struct genl_info *info, struct file *file, int fd)
{
	struct sk_buff *skb;
	void *header;
	int err;

	skb = ktls_ocsp_reply_new(info, ktls_ocsp_metadata_size(), &header);
	if (!skb)
		return -ENOMEM;
	err = put_session(skb, ktls_ocsp_session_of(file), fd);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, header);
	err = genlmsg_reply(skb, info);
	/* Last: an installed descriptor cannot be taken back. */
	if (!err)
		fd_install(fd, file);
	return err;
}

/**
 * struct session_terms - the parameters of a new session
 * @uid: the user that is charged, from ktls_ocsp_accountable()
 * @may_create: its descriptor allows to create entries
 */
struct session_terms {
	kuid_t uid;
	bool may_create;
};

/*
 * The capability is over the users of the user namespace that owns the store,
 * so none but these is charged. In whose namespace the caller is says nothing:
 * whoever made a user namespace has the capability over it from outside, too,
 * through a socket from there, and could name any user of the host.
 */
static int charge_owner(struct session_terms *terms,
			const struct ktls_ocsp_request *request,
			const struct nlattr *owner,
			struct netlink_ext_ack *extack)
{
	kuid_t uid = make_kuid(current_user_ns(), nla_get_u32(owner));

	if (!uid_valid(uid)) {
		NL_SET_ERR_MSG_ATTR(extack, owner,
				    "the owner is no user of the caller's user namespace");
		return -EINVAL;
	}
	terms->uid = ktls_ocsp_accountable(request->store->user_ns, uid);
	return 0;
}

static int session_terms(struct session_terms *terms, struct genl_info *info,
			 const struct ktls_ocsp_request *request,
			 const struct sk_buff *skb)
{
	const struct nlattr *flags = info->attrs[KTLS_OCSP_A_SESSION_FLAGS];
	const struct nlattr *owner = info->attrs[KTLS_OCSP_A_OWNER];

	terms->uid = ktls_ocsp_accountable(current_user_ns(), current_uid());
	terms->may_create = flags && nla_get_u32(flags) &
				     KTLS_OCSP_SESSION_FLAG_CREATE;
	if (!terms->may_create && !owner)
		return 0;
	if (!ktls_ocsp_request_privileged(request, skb)) {
		NL_SET_BAD_ATTR(info->extack,
				terms->may_create ? flags : owner);
		return ktls_ocsp_store_deny(request->store, info->extack);
	}
	return owner ? charge_owner(terms, request, owner, info->extack) : 0;
}

static struct file *session_file(struct genl_info *info,
				 const struct sk_buff *skb)
{
	struct ktls_ocsp_request request;
	struct session_terms terms;
	struct file *file;
	int err;

	err = ktls_ocsp_request_begin(&request, info->attrs,
				      genl_info_net(info), info->extack);
	if (!err)
		err = ktls_ocsp_request_make_store(&request,
						   genl_info_net(info));
	if (!err)
		err = session_terms(&terms, info, &request, skb);
	if (err)
		file = ERR_PTR(err);
	else
		file = ktls_ocsp_session_create(request.store, terms.uid,
						terms.may_create, info->extack);
	ktls_ocsp_request_end(&request);
	return file;
}

/**
 * ktls_ocsp_session_doit() - the command session
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative errno.
 */
int ktls_ocsp_session_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct file *file;
	int fd, err;

	file = session_file(info, skb);
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

/* Where an entry stands now. */
static int put_placed(struct sk_buff *skb, const u8 *key, u32 slot,
		      u64 generation)
{
	if (nla_put_u32(skb, KTLS_OCSP_A_SLOT, slot) ||
	    nla_put(skb, KTLS_OCSP_A_KEY, KTLS_OCSP_KEY_LEN, key) ||
	    nla_put_u64_64bit(skb, KTLS_OCSP_A_GENERATION, generation,
			      KTLS_OCSP_A_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_held(struct sk_buff *skb, const u8 *key,
		    const struct ktls_ocsp_held *held)
{
	if (put_placed(skb, key, held->slot, held->generation) ||
	    nla_put_u32(skb, KTLS_OCSP_A_STATE, held->state))
		return -EMSGSIZE;
	if (held->refresher && nla_put_flag(skb, KTLS_OCSP_A_REFRESHER))
		return -EMSGSIZE;
	return 0;
}

/**
 * struct open_claim - a claim, and the request that makes it
 * @claim: the claim
 * @request: the request
 * @skb: its message
 */
struct open_claim {
	struct ktls_ocsp_claim claim;
	const struct ktls_ocsp_request *request;
	const struct sk_buff *skb;
};

static bool may_write(const struct ktls_ocsp_claim *claim)
{
	const struct open_claim *open;

	open = container_of(claim, struct open_claim, claim);
	return ktls_ocsp_request_privileged_noaudit(open->request, open->skb);
}

static bool may_create(const struct ktls_ocsp_claim *claim,
		       struct ktls_ocsp_account **payer)
{
	const struct ktls_ocsp_session *session;
	const struct open_claim *open;

	open = container_of(claim, struct open_claim, claim);
	session = open->request->session;
	*payer = NULL;
	if (!session->may_create)
		return ktls_ocsp_request_privileged(open->request, open->skb);
	if (!may_write(claim))
		*payer = session->tenancy->account;
	return true;
}

static int open_request(struct ktls_ocsp_request *request,
			const struct sk_buff *skb, struct genl_info *info)
{
	struct open_claim open = {
		.claim = {
			.key = request->key,
			.certs = request->certs,
			.may_create = may_create,
			.may_write = may_write,
			.wait = info->attrs[KTLS_OCSP_A_WAIT],
		},
		.request = request,
		.skb = skb,
	};
	struct ktls_ocsp_held held;
	struct sk_buff *reply;
	void *header;
	int err;

	/* Before the open: what cannot be answered is not done. */
	reply = ktls_ocsp_reply_new(info, ktls_ocsp_metadata_size(), &header);
	if (!reply)
		return -ENOMEM;
	err = ktls_ocsp_session_open(request->session, &open.claim, &held,
				     info->extack);
	if (err)
		goto err_reply;
	err = put_held(reply, request->key, &held);
	if (err)
		goto err_close;
	genlmsg_end(reply, header);
	err = genlmsg_reply(reply, info);
	reply = NULL;
	if (!err)
		return 0;
err_close:
	ktls_ocsp_session_close(request->session, held.slot, NULL);
err_reply:
	nlmsg_free(reply);
	return err;
}

/**
 * ktls_ocsp_open_doit() - the command open
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative errno.
 */
int ktls_ocsp_open_doit(struct sk_buff *skb, struct genl_info *info)
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

/**
 * ktls_ocsp_ref_doit() - the command ref
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative errno.
 */
int ktls_ocsp_ref_doit(struct sk_buff *skb, struct genl_info *info)
{
	return with_handle(info, ktls_ocsp_session_ref);
}

/**
 * ktls_ocsp_close_doit() - the command close
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative errno.
 */
int ktls_ocsp_close_doit(struct sk_buff *skb, struct genl_info *info)
{
	return with_handle(info, ktls_ocsp_session_close);
}

/* A request to write: it names a store, and its sender may. */
static int begin_write(struct ktls_ocsp_request *request,
		       const struct sk_buff *skb, struct genl_info *info)
{
	int err;

	err = ktls_ocsp_request_begin(request, info->attrs,
				      genl_info_net(info), info->extack);
	if (!err)
		err = ktls_ocsp_request_make_store(request,
						   genl_info_net(info));
	if (!err && !ktls_ocsp_request_privileged(request, skb))
		err = ktls_ocsp_store_deny(request->store, info->extack);
	return err;
}

static int set_request(struct ktls_ocsp_request *request,
		       struct genl_info *info)
{
	struct ktls_ocsp_update update = {
		.certs = request->certs,
	};
	struct ktls_ocsp_placed placed;
	struct sk_buff *reply;
	void *header;
	int err;

	err = ktls_ocsp_request_update(info->attrs, &update, info->extack);
	if (err)
		return err;
	err = -ENOMEM;
	reply = ktls_ocsp_reply_new(info, ktls_ocsp_metadata_size(), &header);
	if (!reply)
		goto put_update;
	err = ktls_ocsp_update(request->store, request->key, &update, &placed,
			       info->extack);
	if (err) {
		nlmsg_free(reply);
		goto put_update;
	}
	WARN_ON_ONCE(put_placed(reply, request->key, placed.slot,
				placed.generation));
	genlmsg_end(reply, header);
	/* The blob is stored, whether its writer hears of it or not. */
	genlmsg_reply(reply, info);
put_update:
	ktls_ocsp_blob_put(update.blob);
	ktls_ocsp_failure_put(update.failure);
	return err;
}

/**
 * ktls_ocsp_set_doit() - the command set
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative errno.
 */
int ktls_ocsp_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ktls_ocsp_request request;
	int err;

	err = begin_write(&request, skb, info);
	if (!err)
		err = ktls_ocsp_request_certs(&request, info->attrs,
					      info->extack);
	if (!err)
		err = set_request(&request, info);
	ktls_ocsp_request_end(&request);
	return err;
}

/**
 * ktls_ocsp_del_doit() - the command del
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative errno.
 */
int ktls_ocsp_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ktls_ocsp_request request;
	int err;

	err = begin_write(&request, skb, info);
	if (!err && !request.key)
		err = KTLS_OCSP_MISSING(info->extack, KTLS_OCSP_A_KEY,
					"a key is needed");
	if (!err)
		err = ktls_ocsp_withdraw(request.store, request.key,
					 info->extack);
	ktls_ocsp_request_end(&request);
	return err;
}
