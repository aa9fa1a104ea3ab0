// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The command stats: what a store uses, and what has happened to it. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/user_namespace.h>

#include "family.h"
#include "message.h"
#include "request.h"

/**
 * struct stats_view - what the caller may see
 * @of_others: how many sessions there are, which tells of other users
 * @of_userns: the sum over the stores of all user namespaces
 */
struct stats_view {
	bool of_others;
	bool of_userns;
};

static size_t usage_size(void)
{
	return nla_total_size(nla_total_size(sizeof(u32)) +
			      6 * nla_total_size_64bit(sizeof(u64)));
}

static size_t stats_size(void)
{
	return KTLS_OCSP_RESOURCES * usage_size() +
	       (KTLS_OCSP_COUNTS + 1) * nla_total_size_64bit(sizeof(u64));
}

static int put_number(struct sk_buff *skb, int attribute, u64 number)
{
	return nla_put_u64_64bit(skb, attribute, number,
				 KTLS_OCSP_A_RESOURCE_PAD);
}

static int put_usage(struct sk_buff *skb, enum ktls_ocsp_resource kind,
		     const struct ktls_ocsp_usage *usage,
		     const struct stats_view *view)
{
	if (nla_put_u32(skb, KTLS_OCSP_A_RESOURCE_KIND, kind) ||
	    put_number(skb, KTLS_OCSP_A_RESOURCE_LIMIT, usage->limit) ||
	    put_number(skb, KTLS_OCSP_A_RESOURCE_USER_USED,
		       usage->user_used) ||
	    put_number(skb, KTLS_OCSP_A_RESOURCE_USER_LIMIT,
		       usage->user_limit))
		return -EMSGSIZE;
	/* Everybody can dump the entries, with their bytes and handles. */
	if ((view->of_others || kind != KTLS_OCSP_RESOURCE_SESSIONS) &&
	    put_number(skb, KTLS_OCSP_A_RESOURCE_USED, usage->used))
		return -EMSGSIZE;
	if (view->of_userns &&
	    (put_number(skb, KTLS_OCSP_A_RESOURCE_USERNS_USED,
			usage->userns_used) ||
	     put_number(skb, KTLS_OCSP_A_RESOURCE_USERNS_LIMIT,
			usage->userns_limit)))
		return -EMSGSIZE;
	return 0;
}

static int put_resources(struct sk_buff *skb, struct ktls_ocsp_limits *limits,
			 const struct stats_view *view)
{
	struct ktls_ocsp_usage usage[KTLS_OCSP_RESOURCES];
	struct nlattr *nest;
	int i;

	ktls_ocsp_limits_read(limits, ktls_ocsp_accountable(current_user_ns(),
							    current_uid()),
			      usage);
	for (i = 0; i < KTLS_OCSP_RESOURCES; i++) {
		nest = nla_nest_start(skb, KTLS_OCSP_A_STATS_RESOURCE);
		if (!nest || put_usage(skb, i, &usage[i], view))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int put_counts(struct sk_buff *skb, const struct ktls_ocsp_store *store)
{
	static const int attributes[KTLS_OCSP_COUNTS] = {
		[KTLS_OCSP_COUNT_SET] = KTLS_OCSP_A_STATS_BLOBS_SET,
		[KTLS_OCSP_COUNT_REFUSED] = KTLS_OCSP_A_STATS_BLOBS_REFUSED,
		[KTLS_OCSP_COUNT_EVICTED] = KTLS_OCSP_A_STATS_ENTRIES_EVICTED,
		[KTLS_OCSP_COUNT_EXPIRED] = KTLS_OCSP_A_STATS_BLOBS_EXPIRED,
	};
	int i;

	for (i = 0; i < KTLS_OCSP_COUNTS; i++)
		if (nla_put_u64_64bit(skb, attributes[i],
				      atomic64_read(&store->counts[i]),
				      KTLS_OCSP_A_STATS_PAD))
			return -EMSGSIZE;
	return nla_put_u64_64bit(skb, KTLS_OCSP_A_STATS_EVENTS_LOST,
				 atomic64_read(&store->notices.total_lost),
				 KTLS_OCSP_A_STATS_PAD);
}

static int stats_reply(struct genl_info *info, struct ktls_ocsp_store *store,
		       const struct stats_view *view)
{
	struct sk_buff *skb;
	void *header;

	skb = ktls_ocsp_reply_new(info, stats_size(), &header);
	if (!skb)
		return -ENOMEM;
	if (put_resources(skb, &store->limits, view) ||
	    put_counts(skb, store)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

/**
 * ktls_ocsp_stats_doit() - the command stats
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative errno.
 */
int ktls_ocsp_stats_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ktls_ocsp_request request;
	struct stats_view view;
	int err;

	err = ktls_ocsp_request_begin_of(&request,
					 info->attrs[KTLS_OCSP_A_STATS_SESSION],
					 genl_info_net(info), info->extack);
	if (!err)
		err = ktls_ocsp_request_make_store(&request,
						   genl_info_net(info));
	if (!err)
		err = ktls_ocsp_store_usable(request.store, info->extack);
	if (err)
		goto end;
	view.of_others = ktls_ocsp_request_privileged_noaudit(&request, skb);
	view.of_userns = ns_capable_noaudit(&init_user_ns, CAP_NET_ADMIN) &&
			 netlink_capable(skb, CAP_NET_ADMIN);
	err = stats_reply(info, request.store, &view);
end:
	ktls_ocsp_request_end(&request);
	return err;
}
