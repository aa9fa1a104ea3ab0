/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The generic netlink family: its commands. family.c owns the table; policy.c,
 * which is generated from ktls_ocsp.yaml, says what each takes.
 */
#ifndef KTLS_OCSP_FAMILY_H
#define KTLS_OCSP_FAMILY_H

#include <net/genetlink.h>

enum ktls_ocsp_group {
	KTLS_OCSP_GROUP_WANTED,
	KTLS_OCSP_GROUP_EVENTS,
};

extern struct genl_family ktls_ocsp_family;

/* The commands: each returns 0 or a negative errno. */

/* command.c */
int ktls_ocsp_session_doit(struct sk_buff *skb, struct genl_info *info);
int ktls_ocsp_open_doit(struct sk_buff *skb, struct genl_info *info);
int ktls_ocsp_ref_doit(struct sk_buff *skb, struct genl_info *info);
int ktls_ocsp_close_doit(struct sk_buff *skb, struct genl_info *info);
int ktls_ocsp_set_doit(struct sk_buff *skb, struct genl_info *info);
int ktls_ocsp_del_doit(struct sk_buff *skb, struct genl_info *info);

/* get.c */
int ktls_ocsp_get_doit(struct sk_buff *skb, struct genl_info *info);

/* dump.c */
int ktls_ocsp_get_start(struct netlink_callback *cb);
int ktls_ocsp_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int ktls_ocsp_get_done(struct netlink_callback *cb);

/* stats.c */
int ktls_ocsp_stats_doit(struct sk_buff *skb, struct genl_info *info);

#endif /* KTLS_OCSP_FAMILY_H */
