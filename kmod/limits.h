/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Limits: what a store may use, and what it uses. Owns the counters and the
 * settings that bound them; knows accounts, and no entry.
 */
#ifndef KTLS_OCSP_LIMITS_H
#define KTLS_OCSP_LIMITS_H

#include <linux/refcount.h>

#include "account.h"

struct net;
struct netlink_ext_ack;
struct user_namespace;

/**
 * struct ktls_ocsp_maxima - most that may be used of each resource
 * @total: by all together
 * @of_user: by one user
 *
 * Sysctls, read without a lock: each is one word, and stands alone.
 */
struct ktls_ocsp_maxima {
	unsigned int total[KTLS_OCSP_RESOURCES];
	unsigned int of_user[KTLS_OCSP_RESOURCES];
};

/* Of all stores that a user namespace other than the initial one owns. */
extern struct ktls_ocsp_maxima ktls_ocsp_userns_maxima;

/**
 * struct ktls_ocsp_settings - the sysctls of one network namespace
 * @refs: the network namespace's reference, and its store's
 * @maxima: most that its store may use
 * @min_validity: seconds that a blob must still be valid to be stapled
 * @linger: seconds that an unheld entry without a valid blob stays
 * @netns_ino: the inode of that network namespace, for tracepoints
 * @own: whose settings they are, for the handler of a sysctl
 *
 * Read without a lock, as struct ktls_ocsp_maxima.
 */
struct ktls_ocsp_settings {
	refcount_t refs;
	struct ktls_ocsp_maxima maxima;
	unsigned int min_validity;
	unsigned int linger;
	unsigned int netns_ino;
	void *own;
};

/**
 * struct ktls_ocsp_limits - the limits of one store, and what it uses
 * @settings: its sysctls, referenced
 * @used: what the store uses of each resource
 * @user_ns: CAP_NET_ADMIN in it allows to use all; the store pins it
 * @userns_owned: @user_ns is not the initial one: the store's use counts
 *	against ktls_ocsp_userns_maxima too
 * @owner: the account for what is not a session's, referenced; NULL unless
 *	@userns_owned
 * @accounts: the accounts of the store's users, unless @userns_owned
 */
struct ktls_ocsp_limits {
	struct ktls_ocsp_settings *settings;
	atomic_long_t used[KTLS_OCSP_RESOURCES];
	struct user_namespace *user_ns;
	bool userns_owned;
	struct ktls_ocsp_account *owner;
	struct xarray accounts;
};

/**
 * struct ktls_ocsp_usage - what is used of one resource, and what may be
 * @used: by the store
 * @limit: most that the store may use
 * @user_used: by one user
 * @user_limit: most that one user may use
 * @userns_used: by all stores that count against ktls_ocsp_userns_maxima
 * @userns_limit: most that these may use
 */
struct ktls_ocsp_usage {
	long used;
	long limit;
	long user_used;
	long user_limit;
	long userns_used;
	long userns_limit;
};

struct ktls_ocsp_settings *ktls_ocsp_settings_alloc(void);
void ktls_ocsp_settings_put(struct ktls_ocsp_settings *settings);

int ktls_ocsp_limits_init(struct ktls_ocsp_limits *limits,
			  struct ktls_ocsp_settings *settings,
			  struct user_namespace *user_ns);
void ktls_ocsp_limits_destroy(struct ktls_ocsp_limits *limits);

struct ktls_ocsp_account *
ktls_ocsp_limits_account(struct ktls_ocsp_limits *limits, kuid_t uid);

void ktls_ocsp_limits_read(struct ktls_ocsp_limits *limits, kuid_t uid,
			   struct ktls_ocsp_usage usage[KTLS_OCSP_RESOURCES]);

int ktls_ocsp_charge_user(const struct ktls_ocsp_limits *limits,
			  struct ktls_ocsp_account *account,
			  enum ktls_ocsp_resource resource, long amount,
			  struct netlink_ext_ack *extack);
void ktls_ocsp_uncharge_user(struct ktls_ocsp_account *account,
			     enum ktls_ocsp_resource resource, long amount);
int ktls_ocsp_charge(struct ktls_ocsp_limits *limits,
		     struct ktls_ocsp_account *account,
		     enum ktls_ocsp_resource resource, long amount,
		     struct netlink_ext_ack *extack);
void ktls_ocsp_charge_always(struct ktls_ocsp_limits *limits,
			     struct ktls_ocsp_account *account,
			     enum ktls_ocsp_resource resource, long amount);
void ktls_ocsp_uncharge(struct ktls_ocsp_limits *limits,
			struct ktls_ocsp_account *account,
			enum ktls_ocsp_resource resource, long amount);
long ktls_ocsp_excess(const struct ktls_ocsp_limits *limits,
		      enum ktls_ocsp_resource resource, long amount);
void ktls_ocsp_refuse_room(const struct ktls_ocsp_limits *limits,
			   enum ktls_ocsp_resource resource,
			   struct netlink_ext_ack *extack);

#endif /* KTLS_OCSP_LIMITS_H */
