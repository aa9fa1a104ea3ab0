// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: its policies and its table of commands. The
 * protocol is described in ktls_ocsp.yaml; the policies here are held equal to
 * it by a test, since the generator's split ops do not exist in Linux 6.1.
 *
 * No operation carries a permission flag of genetlink's: these look at the
 * socket's network namespace, but a session may belong to another one's store.
 */
#include <linux/module.h>
#include <linux/ktls_ocsp.h>

#include "family.h"

#define ALL_PARTS	(KTLS_OCSP_PART_BLOB | KTLS_OCSP_PART_CERTIFICATES)

/*
 * Not NLA_POLICY_MAX() or NLA_POLICY_RANGE(): these keep their limits in 16
 * bits with a sign, which blob-max exceeds.
 */
#define POLICY_BINARY(most)	{ .type = NLA_BINARY, .len = (most), }
#define POLICY_KEY		NLA_POLICY_EXACT_LEN(KTLS_OCSP_KEY_LEN)
#define POLICY_CERT		POLICY_BINARY(KTLS_OCSP_CERT_MAX)

static const struct nla_policy session_policy[KTLS_OCSP_A_MAX + 1] = {
	[KTLS_OCSP_A_BOARD_VERSION] = NLA_POLICY_MIN(NLA_U32, 1),
};

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
	[KTLS_OCSP_A_PARTS] = NLA_POLICY_MASK(NLA_U32, ALL_PARTS),
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

static const struct genl_ops ops[] = {
	{
		.cmd = KTLS_OCSP_CMD_SESSION,
		.doit = ktls_ocsp_session_doit,
		.policy = session_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_OPEN,
		.doit = ktls_ocsp_open_doit,
		.policy = open_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_REF,
		.doit = ktls_ocsp_ref_doit,
		.policy = handle_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_CLOSE,
		.doit = ktls_ocsp_close_doit,
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
		.doit = ktls_ocsp_set_doit,
		.policy = set_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_DEL,
		.doit = ktls_ocsp_del_doit,
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
