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

#endif /* KTLS_OCSP_NETLINK_H */
