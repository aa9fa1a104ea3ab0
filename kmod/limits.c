// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits and their sysctls, net.ktls_ocsp.*
 *
 * An unprivileged user is root in a user namespace of his own and can make
 * any number of network namespaces there. So what all such namespaces use
 * together is limited as well, apart from what the host's own network
 * namespaces use: a user can exhaust the share of the users, not the host's.
 */
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "limits.h"

#define TUNABLES	2	/* min_validity, linger */

static const char * const max_names[KTLS_OCSP_RESOURCES] = {
	[KTLS_OCSP_RESPONSES]	= "max_responses",
	[KTLS_OCSP_BYTES]	= "max_bytes",
	[KTLS_OCSP_SESSIONS]	= "max_sessions",
	[KTLS_OCSP_HANDLES]	= "max_handles",
};

static const unsigned int max_defaults[KTLS_OCSP_RESOURCES] = {
	[KTLS_OCSP_RESPONSES]	= 16384,
	[KTLS_OCSP_BYTES]	= 64 << 20,
	[KTLS_OCSP_SESSIONS]	= 16384,
	[KTLS_OCSP_HANDLES]	= 262144,
};

/* One user id may take half of what all may, unless an operator says else. */
static const char * const user_names[KTLS_OCSP_RESOURCES] = {
	[KTLS_OCSP_SESSIONS]	= "max_sessions_of_user",
	[KTLS_OCSP_HANDLES]	= "max_handles_of_user",
};

static const char * const userns_names[KTLS_OCSP_RESOURCES] = {
	[KTLS_OCSP_RESPONSES]	= "userns_max_responses",
	[KTLS_OCSP_BYTES]	= "userns_max_bytes",
	[KTLS_OCSP_SESSIONS]	= "userns_max_sessions",
	[KTLS_OCSP_HANDLES]	= "userns_max_handles",
};

/* Sysctls, read without a lock. */
static unsigned int userns_max[KTLS_OCSP_RESOURCES] = {
	[KTLS_OCSP_RESPONSES]	= 4096,
	[KTLS_OCSP_BYTES]	= 16 << 20,
	[KTLS_OCSP_SESSIONS]	= 4096,
	[KTLS_OCSP_HANDLES]	= 65536,
};

static atomic_long_t userns_used[KTLS_OCSP_RESOURCES];

/* The counters are of int's size in sysctl: INT_MAX bounds them all. */
static int tunable_max = INT_MAX;
/* A blob that must be valid for more than a year would never be served. */
static int seconds_max = 366 * 24 * 60 * 60;

static bool charge_one(atomic_long_t *used, unsigned int max, long amount)
{
	if (atomic_long_add_return(amount, used) <= max)
		return true;
	atomic_long_sub(amount, used);
	return false;
}

/**
 * ktls_ocsp_charge() - take some of a resource
 * @limits: the store's limits
 * @resource: what
 * @amount: how much, not negative
 *
 * Context: any.
 *
 * Return: false, with nothing taken, when a limit would be exceeded.
 */
bool ktls_ocsp_charge(struct ktls_ocsp_limits *limits,
		      enum ktls_ocsp_resource resource, long amount)
{
	if (!charge_one(&limits->used[resource],
			READ_ONCE(limits->max[resource]), amount))
		return false;
	if (!limits->user || charge_one(&userns_used[resource],
					READ_ONCE(userns_max[resource]),
					amount))
		return true;
	atomic_long_sub(amount, &limits->used[resource]);
	return false;
}

static long excess_one(const atomic_long_t *used, unsigned int max,
		       long amount)
{
	return atomic_long_read(used) + amount - max;
}

/**
 * ktls_ocsp_excess() - by how much a charge would exceed the limits
 * @limits: the store's limits
 * @resource: what
 * @amount: how much, not negative
 *
 * Context: any. Others charge at the same time, so it is a hint.
 *
 * Return: what must be given back first, not positive when nothing.
 */
long ktls_ocsp_excess(const struct ktls_ocsp_limits *limits,
		      enum ktls_ocsp_resource resource, long amount)
{
	long over;

	over = excess_one(&limits->used[resource],
			  READ_ONCE(limits->max[resource]), amount);
	if (!limits->user)
		return over;
	return max(over, excess_one(&userns_used[resource],
				    READ_ONCE(userns_max[resource]), amount));
}

/**
 * ktls_ocsp_uncharge() - give some of a resource back
 * @limits: the store's limits
 * @resource: what
 * @amount: how much, not negative
 *
 * Context: any.
 */
void ktls_ocsp_uncharge(struct ktls_ocsp_limits *limits,
			enum ktls_ocsp_resource resource, long amount)
{
	atomic_long_sub(amount, &limits->used[resource]);
	if (limits->user)
		atomic_long_sub(amount, &userns_used[resource]);
}

static void fill_entry(struct ctl_table *entry, const char *name,
		       unsigned int *value, umode_t mode, int *most)
{
	entry->procname = name;
	entry->data = value;
	entry->maxlen = sizeof(*value);
	entry->mode = mode;
	entry->proc_handler = proc_dointvec_minmax;
	entry->extra1 = SYSCTL_ZERO;
	entry->extra2 = most;
}

static size_t fill_table(struct ktls_ocsp_limits *limits,
			 struct ctl_table *table, bool initial)
{
	/* Who owns the network namespace must not lift what limits him. */
	umode_t mode = limits->user ? 0444 : 0644;
	size_t n = 0;
	int i;

	for (i = 0; i < KTLS_OCSP_RESOURCES; i++)
		fill_entry(&table[n++], max_names[i], &limits->max[i], mode,
			   &tunable_max);
	for (i = 0; i < KTLS_OCSP_RESOURCES; i++)
		if (user_names[i])
			fill_entry(&table[n++], user_names[i],
				   &limits->max_of_user[i], mode, &tunable_max);
	fill_entry(&table[n++], "min_validity", limits->min_validity, mode,
		   &seconds_max);
	fill_entry(&table[n++], "linger", &limits->linger, mode, &seconds_max);
	for (i = 0; initial && i < KTLS_OCSP_RESOURCES; i++)
		fill_entry(&table[n++], userns_names[i], &userns_max[i], 0644,
			   &tunable_max);
	return n;
}

/**
 * ktls_ocsp_limits_init() - set the defaults and register the sysctls
 * @limits: the limits, zeroed
 * @net: the store's network namespace
 * @min_validity: where that sysctl's value stands, until
 *	ktls_ocsp_limits_exit()
 *
 * Return: 0 or -ENOMEM.
 */
int ktls_ocsp_limits_init(struct ktls_ocsp_limits *limits, struct net *net,
			  unsigned int *min_validity)
{
	size_t n;
	int i;

	limits->user = net->user_ns != &init_user_ns;
	limits->min_validity = min_validity;
	*min_validity = 600;
	limits->linger = 3600;
	memcpy(limits->max, max_defaults, sizeof(limits->max));
	for (i = 0; i < KTLS_OCSP_RESOURCES; i++)
		limits->max_of_user[i] = max_defaults[i] / 2;
	xa_init_flags(&limits->users, XA_FLAGS_ACCOUNT);

	/* One more, empty: where kernels before 6.6 look for the end. */
	limits->table = kcalloc(3 * KTLS_OCSP_RESOURCES + TUNABLES + 1,
				sizeof(*limits->table), GFP_KERNEL_ACCOUNT);
	if (!limits->table)
		return -ENOMEM;
	n = fill_table(limits, limits->table, net_eq(net, &init_net));
	limits->header = register_net_sysctl_sz(net, "net/ktls_ocsp",
						limits->table, n);
	if (!limits->header) {
		kfree(limits->table);
		return -ENOMEM;
	}
	return 0;
}

/**
 * ktls_ocsp_limits_exit() - unregister the sysctls
 * @limits: the limits; charging goes on working
 */
void ktls_ocsp_limits_exit(struct ktls_ocsp_limits *limits)
{
	unregister_net_sysctl_table(limits->header);
	kfree(limits->table);
}
