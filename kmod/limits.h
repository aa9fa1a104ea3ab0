/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits: what users of a network namespace may make the kernel keep, and
 * their sysctls.
 */
#ifndef KTLS_OCSP_LIMITS_H
#define KTLS_OCSP_LIMITS_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct ctl_table;
struct ctl_table_header;
struct net;

/* What is counted and limited. */
enum ktls_ocsp_resource {
	KTLS_OCSP_RESPONSES,
	KTLS_OCSP_BYTES,		/* of blobs, certificates and reasons */
	KTLS_OCSP_SESSIONS,
	KTLS_OCSP_HANDLES,
	KTLS_OCSP_RESOURCES
};

/**
 * struct ktls_ocsp_limits - the limits of one store, and what it uses
 * @used: what the store uses of each resource
 * @max: the most it may use; sysctls, read without a lock
 * @max_of_user: the most sessions and handles that one user id may use of
 *	these; sysctls
 * @users: struct ktls_ocsp_user by user id; has its own lock
 * @min_validity: seconds a blob must still be valid to be stapled; sysctl,
 *	which stands in the board's header
 * @linger: seconds that an unheld response without a blob stays; sysctl
 * @user: a user namespace other than the initial one owns the network
 *	namespace: its users count together against the userns_* limits
 * @table: the sysctl table
 * @header: its registration
 */
struct ktls_ocsp_limits {
	atomic_long_t used[KTLS_OCSP_RESOURCES];
	unsigned int max[KTLS_OCSP_RESOURCES];
	unsigned int max_of_user[KTLS_OCSP_RESOURCES];
	struct xarray users;
	unsigned int *min_validity;
	unsigned int linger;
	bool user;
	struct ctl_table *table;
	struct ctl_table_header *header;
};

int ktls_ocsp_limits_init(struct ktls_ocsp_limits *limits, struct net *net,
			  unsigned int *min_validity);
void ktls_ocsp_limits_exit(struct ktls_ocsp_limits *limits);

bool ktls_ocsp_charge(struct ktls_ocsp_limits *limits,
		      enum ktls_ocsp_resource resource, long amount);
long ktls_ocsp_excess(const struct ktls_ocsp_limits *limits,
		      enum ktls_ocsp_resource resource, long amount);
void ktls_ocsp_uncharge(struct ktls_ocsp_limits *limits,
			enum ktls_ocsp_resource resource, long amount);

#endif /* KTLS_OCSP_LIMITS_H */
