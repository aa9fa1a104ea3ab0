/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Generated from ktls_ocsp.yaml by netlink_policy: do not edit. */
#ifndef KTLS_OCSP_POLICY_H
#define KTLS_OCSP_POLICY_H

#include <net/netlink.h>
#include <linux/ktls_ocsp.h>

extern const struct nla_policy
ktls_ocsp_session_policy[KTLS_OCSP_A_MAX + 1];
extern const struct nla_policy
ktls_ocsp_open_policy[KTLS_OCSP_A_MAX + 1];
extern const struct nla_policy
ktls_ocsp_ref_policy[KTLS_OCSP_A_MAX + 1];
extern const struct nla_policy
ktls_ocsp_close_policy[KTLS_OCSP_A_MAX + 1];
extern const struct nla_policy
ktls_ocsp_get_policy[KTLS_OCSP_A_MAX + 1];
extern const struct nla_policy
ktls_ocsp_set_policy[KTLS_OCSP_A_MAX + 1];
extern const struct nla_policy
ktls_ocsp_del_policy[KTLS_OCSP_A_MAX + 1];
extern const struct nla_policy
ktls_ocsp_stats_policy[KTLS_OCSP_A_STATS_MAX + 1];

#endif /* KTLS_OCSP_POLICY_H */
