// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The netlink client's command stats. */
#include <errno.h>
#include <string.h>

#include <netlink/attr.h>

#include "client_priv.h"

#define EXACT_64	{ .minlen = 8, .maxlen = 8 }

static const struct nla_policy resource_policy[KTLS_OCSP_A_RESOURCE_MAX + 1] = {
	[KTLS_OCSP_A_RESOURCE_KIND]		= { .minlen = 4, .maxlen = 4 },
	[KTLS_OCSP_A_RESOURCE_USED]		= EXACT_64,
	[KTLS_OCSP_A_RESOURCE_LIMIT]		= EXACT_64,
	[KTLS_OCSP_A_RESOURCE_USER_USED]	= EXACT_64,
	[KTLS_OCSP_A_RESOURCE_USER_LIMIT]	= EXACT_64,
	[KTLS_OCSP_A_RESOURCE_USERNS_USED]	= EXACT_64,
	[KTLS_OCSP_A_RESOURCE_USERNS_LIMIT]	= EXACT_64,
};

static int malformed(struct ocsp_client *client)
{
	return ocsp_fail(client, EPROTO, "the kernel's statistics make no sense");
}

/* What the kernel does not tell is not known; that is not nothing. */
static uint64_t number(struct nlattr *nla)
{
	return nla ? nla_get_u64(nla) : UINT64_MAX;
}

static int read_usage(struct ocsp_client *client, struct nlattr *nest,
		      struct ocsp_stats *stats)
{
	struct nlattr *tb[KTLS_OCSP_A_RESOURCE_MAX + 1];
	uint32_t kind;

	if (nla_parse_nested(tb, KTLS_OCSP_A_RESOURCE_MAX, nest,
			     resource_policy) < 0 ||
	    !tb[KTLS_OCSP_A_RESOURCE_KIND])
		return malformed(client);
	kind = nla_get_u32(tb[KTLS_OCSP_A_RESOURCE_KIND]);
	/* A newer kernel may count more. */
	if (kind > KTLS_OCSP_RESOURCE_MAX)
		return 0;
	stats->usage[kind] = (struct ocsp_usage) {
		.used = number(tb[KTLS_OCSP_A_RESOURCE_USED]),
		.limit = number(tb[KTLS_OCSP_A_RESOURCE_LIMIT]),
		.user_used = number(tb[KTLS_OCSP_A_RESOURCE_USER_USED]),
		.user_limit = number(tb[KTLS_OCSP_A_RESOURCE_USER_LIMIT]),
		.userns_used = number(tb[KTLS_OCSP_A_RESOURCE_USERNS_USED]),
		.userns_limit = number(tb[KTLS_OCSP_A_RESOURCE_USERNS_LIMIT]),
	};
	return 0;
}

static uint64_t *count_of(struct ocsp_stats *stats, int type)
{
	switch (type) {
	case KTLS_OCSP_A_STATS_BLOBS_SET:
		return &stats->blobs_set;
	case KTLS_OCSP_A_STATS_BLOBS_REFUSED:
		return &stats->blobs_refused;
	case KTLS_OCSP_A_STATS_BLOBS_EXPIRED:
		return &stats->blobs_expired;
	case KTLS_OCSP_A_STATS_ENTRIES_EVICTED:
		return &stats->entries_evicted;
	case KTLS_OCSP_A_STATS_EVENTS_LOST:
		return &stats->events_lost;
	default:
		return NULL;
	}
}

static int stats_answer(struct ocsp_client *client, struct nlmsghdr *hdr,
			void *arg)
{
	struct ocsp_stats *stats = arg;
	struct nlattr *nla;
	uint64_t *count;
	int rest, rc;

	if (!genlmsg_valid_hdr(hdr, 0))
		return malformed(client);
	nla_for_each_attr(nla, genlmsg_attrdata(nlmsg_data(hdr), 0),
			  genlmsg_attrlen(nlmsg_data(hdr), 0), rest) {
		count = count_of(stats, nla_type(nla));
		if (count && nla_len(nla) != sizeof(*count))
			return malformed(client);
		if (count)
			*count = nla_get_u64(nla);
		if (nla_type(nla) != KTLS_OCSP_A_STATS_RESOURCE)
			continue;
		rc = read_usage(client, nla, stats);
		if (rc)
			return rc;
	}
	return 0;
}

int ocsp_client_stats(struct ocsp_client *client, int session,
		      struct ocsp_stats *stats)
{
	struct nl_msg *msg;
	int rc = 0;

	memset(stats, 0xff, sizeof(*stats));
	msg = ocsp_msg_new(client, KTLS_OCSP_CMD_STATS, 0, 0);
	if (!msg)
		return -ENOMEM;
	if (session != -1)
		rc = ocsp_put(client, msg, KTLS_OCSP_A_STATS_SESSION, &session,
			      sizeof(session), sizeof(session));
	if (rc) {
		nlmsg_free(msg);
		return rc;
	}
	return ocsp_exchange(client, msg, stats_answer, stats);
}
