/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family.
 */
#ifndef KTLS_OCSP_NETLINK_H
#define KTLS_OCSP_NETLINK_H

#include <net/genetlink.h>

enum ktls_ocsp_group {
	KTLS_OCSP_GROUP_WANTED,
	KTLS_OCSP_GROUP_EVENTS,
};

extern struct genl_family ktls_ocsp_family;

/* get.c */
int ktls_ocsp_get_doit(struct sk_buff *skb, struct genl_info *info);
int ktls_ocsp_get_start(struct netlink_callback *cb);
int ktls_ocsp_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int ktls_ocsp_get_done(struct netlink_callback *cb);

#endif /* KTLS_OCSP_NETLINK_H */
