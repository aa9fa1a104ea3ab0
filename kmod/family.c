// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The generic netlink family: its table of commands. The protocol is described
 * in ktls_ocsp.yaml, from which the policies are generated. The generator's
 * split ops do not exist in Linux 6.1.
 *
 * No operation carries a permission flag of genetlink's: these look at the
 * socket's network namespace, but a session may belong to another one's store.
 */
#include <linux/module.h>
#include <linux/ktls_ocsp.h>

#include "family.h"
#include "policy.h"

static const struct genl_ops ops[] = {
	{
		.cmd = KTLS_OCSP_CMD_SESSION,
		.doit = ktls_ocsp_session_doit,
		.policy = ktls_ocsp_session_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_OPEN,
		.doit = ktls_ocsp_open_doit,
		.policy = ktls_ocsp_open_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_REF,
		.doit = ktls_ocsp_ref_doit,
		.policy = ktls_ocsp_ref_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_CLOSE,
		.doit = ktls_ocsp_close_doit,
		.policy = ktls_ocsp_close_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_GET,
		.doit = ktls_ocsp_get_doit,
		.start = ktls_ocsp_get_start,
		.dumpit = ktls_ocsp_get_dumpit,
		.done = ktls_ocsp_get_done,
		.policy = ktls_ocsp_get_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_SET,
		.doit = ktls_ocsp_set_doit,
		.policy = ktls_ocsp_set_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_DEL,
		.doit = ktls_ocsp_del_doit,
		.policy = ktls_ocsp_del_policy,
		.maxattr = KTLS_OCSP_A_MAX,
	},
	{
		.cmd = KTLS_OCSP_CMD_STATS,
		.doit = ktls_ocsp_stats_doit,
		.policy = ktls_ocsp_stats_policy,
		.maxattr = KTLS_OCSP_A_STATS_MAX,
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
