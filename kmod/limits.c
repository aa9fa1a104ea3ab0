// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Limits: what a store may use, and what it uses.
 *
 * An unprivileged user is root in a user namespace of their own and can create
 * any number of network namespaces there. So what all such namespaces use
 * together is limited as well, apart from the network namespaces of the host,
 * and so is each user's share of it.
 */
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "limits.h"
#include "trace.h"

/* One part in RESERVE of each limit is for CAP_NET_ADMIN. */
#define RESERVE		8
/* One user may use one part in SHARE by default. */
#define SHARE		8

#define ENTRIES		16384
#define BYTES		(64 << 20)
#define SESSIONS	16384
#define HANDLES		262144

static const struct ktls_ocsp_maxima default_maxima = {
	.total = {
		[KTLS_OCSP_RESOURCE_ENTRIES]	= ENTRIES,
		[KTLS_OCSP_RESOURCE_BYTES]	= BYTES,
		[KTLS_OCSP_RESOURCE_SESSIONS]	= SESSIONS,
		[KTLS_OCSP_RESOURCE_HANDLES]	= HANDLES,
	},
	/* Entries and bytes: those that a session's flag lets a user create. */
	.of_user = {
		[KTLS_OCSP_RESOURCE_ENTRIES]	= ENTRIES / SHARE,
		[KTLS_OCSP_RESOURCE_BYTES]	= BYTES / SHARE,
		[KTLS_OCSP_RESOURCE_SESSIONS]	= SESSIONS / SHARE,
		[KTLS_OCSP_RESOURCE_HANDLES]	= HANDLES / SHARE,
	},
};

/* A quarter of what one store of the host may use; each user a quarter. */
#define OF_USERS(all)	((all) / 4)
#define OF_ONE(all)	(OF_USERS(all) / 4)

struct ktls_ocsp_maxima ktls_ocsp_userns_maxima = {
	.total = {
		[KTLS_OCSP_RESOURCE_ENTRIES]	= OF_USERS(ENTRIES),
		[KTLS_OCSP_RESOURCE_BYTES]	= OF_USERS(BYTES),
		[KTLS_OCSP_RESOURCE_SESSIONS]	= OF_USERS(SESSIONS),
		[KTLS_OCSP_RESOURCE_HANDLES]	= OF_USERS(HANDLES),
	},
	.of_user = {
		[KTLS_OCSP_RESOURCE_ENTRIES]	= OF_ONE(ENTRIES),
		[KTLS_OCSP_RESOURCE_BYTES]	= OF_ONE(BYTES),
		[KTLS_OCSP_RESOURCE_SESSIONS]	= OF_ONE(SESSIONS),
		[KTLS_OCSP_RESOURCE_HANDLES]	= OF_ONE(HANDLES),
	},
};

static atomic_long_t userns_used[KTLS_OCSP_RESOURCES];
static DEFINE_XARRAY_FLAGS(userns_accounts, XA_FLAGS_ACCOUNT);

/**
 * ktls_ocsp_settings_alloc() - make the settings of a network namespace
 *
 * Return: the defaults, with one reference; NULL when there is no memory.
 */
struct ktls_ocsp_settings *ktls_ocsp_settings_alloc(void)
{
	struct ktls_ocsp_settings *settings;

	settings = kzalloc(sizeof(*settings), GFP_KERNEL_ACCOUNT);
	if (!settings)
		return NULL;
	refcount_set(&settings->refs, 1);
	settings->maxima = default_maxima;
	settings->min_validity = 600;
	settings->linger = 3600;
	return settings;
}

/**
 * ktls_ocsp_settings_put() - drop a reference
 * @settings: the settings
 *
 * Context: any.
 */
void ktls_ocsp_settings_put(struct ktls_ocsp_settings *settings)
{
	if (refcount_dec_and_test(&settings->refs))
		kfree(settings);
}

static struct xarray *accounts_of(struct ktls_ocsp_limits *limits)
{
	return limits->userns_owned ? &userns_accounts : &limits->accounts;
}

/**
 * ktls_ocsp_limits_init() - set up a new store's limits
 * @limits: the limits, zeroed
 * @settings: the settings; a reference is taken
 * @user_ns: owns the store's network namespace; pinned by the caller
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int ktls_ocsp_limits_init(struct ktls_ocsp_limits *limits,
			  struct ktls_ocsp_settings *settings,
			  struct user_namespace *user_ns)
{
	xa_init_flags(&limits->accounts, XA_FLAGS_ACCOUNT);
	limits->user_ns = user_ns;
	limits->userns_owned = user_ns != &init_user_ns;
	if (limits->userns_owned) {
		limits->owner =
			ktls_ocsp_limits_account(limits,
						 ktls_ocsp_accountable(user_ns, INVALID_UID));
		if (!limits->owner)
			return -ENOMEM;
	}
	refcount_inc(&settings->refs);
	limits->settings = settings;
	return 0;
}

/**
 * ktls_ocsp_limits_destroy() - give back what limits hold
 * @limits: the limits, to which nothing is charged any more
 */
void ktls_ocsp_limits_destroy(struct ktls_ocsp_limits *limits)
{
	ktls_ocsp_account_put(limits->owner);
	ktls_ocsp_settings_put(limits->settings);
	xa_destroy(&limits->accounts);
}

/**
 * ktls_ocsp_limits_account() - take a reference to a user's account
 * @limits: the limits of the store
 * @uid: the user id, from ktls_ocsp_accountable()
 *
 * May sleep.
 *
 * Return: the account, or NULL when there is no memory.
 */
struct ktls_ocsp_account *
ktls_ocsp_limits_account(struct ktls_ocsp_limits *limits, kuid_t uid)
{
	return ktls_ocsp_account_get(accounts_of(limits), uid);
}

static const struct ktls_ocsp_maxima *
user_maxima(const struct ktls_ocsp_limits *limits)
{
	return limits->userns_owned ? &ktls_ocsp_userns_maxima :
	       &limits->settings->maxima;
}

/**
 * ktls_ocsp_limits_read() - read usage and limits of all resources
 * @limits: the limits
 * @uid: the user id of the caller, from ktls_ocsp_accountable()
 * @usage: gets it
 *
 * This is no consistent snapshot: each number is read on its own.
 *
 * Context: process.
 */
void ktls_ocsp_limits_read(struct ktls_ocsp_limits *limits, kuid_t uid,
			   struct ktls_ocsp_usage usage[KTLS_OCSP_RESOURCES])
{
	const struct ktls_ocsp_maxima *userns = &ktls_ocsp_userns_maxima;
	const struct ktls_ocsp_maxima *of_user = user_maxima(limits);
	long used[KTLS_OCSP_RESOURCES];
	int i;

	ktls_ocsp_account_read(accounts_of(limits), uid, used);
	for (i = 0; i < KTLS_OCSP_RESOURCES; i++)
		usage[i] = (struct ktls_ocsp_usage) {
			.used = atomic_long_read(&limits->used[i]),
			.limit = READ_ONCE(limits->settings->maxima.total[i]),
			.user_used = used[i],
			.user_limit = READ_ONCE(of_user->of_user[i]),
			.userns_used = atomic_long_read(&userns_used[i]),
			.userns_limit = READ_ONCE(userns->total[i]),
		};
}

/* Not audited: the task need not have the capability to go on. */
static bool may_use_all(const struct ktls_ocsp_limits *limits)
{
	return ns_capable_noaudit(limits->user_ns, CAP_NET_ADMIN);
}

/*
 * The limit that applies to a charge by the current task. The capability is only
 * checked where it makes a difference.
 */
static unsigned int total_max(const struct ktls_ocsp_limits *limits,
			      enum ktls_ocsp_resource resource, long amount)
{
	unsigned int max, open_to_all;

	max = READ_ONCE(limits->settings->maxima.total[resource]);
	open_to_all = max - max / RESERVE;
	if (atomic_long_read(&limits->used[resource]) + amount <= open_to_all ||
	    !may_use_all(limits))
		return open_to_all;
	return max;
}

static bool charge_one(atomic_long_t *used, unsigned int max, long amount)
{
	if (atomic_long_add_return(amount, used) <= max)
		return true;
	atomic_long_sub(amount, used);
	return false;
}

/**
 * ktls_ocsp_refuse_room() - report that a store is at its limit
 * @limits: its limits
 * @resource: of this resource
 * @extack: gets the reason
 */
void ktls_ocsp_refuse_room(const struct ktls_ocsp_limits *limits,
			   enum ktls_ocsp_resource resource,
			   struct netlink_ext_ack *extack)
{
	trace_ktls_ocsp_denied(limits, -ENOSPC, resource, false);
	switch (resource) {
	case KTLS_OCSP_RESOURCE_ENTRIES:
		NL_SET_ERR_MSG(extack, "the store is at its limit of entries");
		break;
	case KTLS_OCSP_RESOURCE_BYTES:
		NL_SET_ERR_MSG(extack, "the store is at its limit of bytes");
		break;
	case KTLS_OCSP_RESOURCE_SESSIONS:
		NL_SET_ERR_MSG(extack, "the store is at its limit of sessions");
		break;
	default:
		NL_SET_ERR_MSG(extack, "the store is at its limit of handles");
		break;
	}
}

static void refuse_user(const struct ktls_ocsp_limits *limits,
			enum ktls_ocsp_resource resource,
			struct netlink_ext_ack *extack)
{
	trace_ktls_ocsp_denied(limits, -ENOSPC, resource, true);
	switch (resource) {
	case KTLS_OCSP_RESOURCE_ENTRIES:
		NL_SET_ERR_MSG(extack, "the user is at its limit of entries");
		break;
	case KTLS_OCSP_RESOURCE_BYTES:
		NL_SET_ERR_MSG(extack, "the user is at its limit of bytes");
		break;
	case KTLS_OCSP_RESOURCE_SESSIONS:
		NL_SET_ERR_MSG(extack, "the user is at its limit of sessions");
		break;
	default:
		NL_SET_ERR_MSG(extack, "the user is at its limit of handles");
		break;
	}
}

/**
 * ktls_ocsp_charge_user() - charge a resource to a user's share
 * @limits: the limits of the store
 * @account: the user's account, or NULL to charge no user
 * @resource: what
 * @amount: how much, not negative
 * @extack: gets the reason
 *
 * The store itself is charged separately.
 *
 * Context: any.
 *
 * Return: 0, or -ENOSPC with nothing taken.
 */
int ktls_ocsp_charge_user(const struct ktls_ocsp_limits *limits,
			  struct ktls_ocsp_account *account,
			  enum ktls_ocsp_resource resource, long amount,
			  struct netlink_ext_ack *extack)
{
	const struct ktls_ocsp_maxima *maxima = user_maxima(limits);

	if (!account || charge_one(&account->used[resource],
				   READ_ONCE(maxima->of_user[resource]),
				   amount))
		return 0;
	refuse_user(limits, resource, extack);
	return -ENOSPC;
}

/**
 * ktls_ocsp_uncharge_user() - undo ktls_ocsp_charge_user()
 * @account: the account, or NULL
 * @resource: what
 * @amount: how much, not negative
 *
 * Context: any.
 */
void ktls_ocsp_uncharge_user(struct ktls_ocsp_account *account,
			     enum ktls_ocsp_resource resource, long amount)
{
	if (account)
		atomic_long_sub(amount, &account->used[resource]);
}

/**
 * ktls_ocsp_charge() - charge a resource to a store and an account
 * @limits: the store's limits
 * @account: the account that it is charged to, or NULL
 * @resource: what
 * @amount: how much, not negative
 * @extack: gets the reason
 *
 * Context: the process that takes it, whose capability counts.
 *
 * Return: 0, or -ENOSPC with nothing charged.
 */
int ktls_ocsp_charge(struct ktls_ocsp_limits *limits,
		     struct ktls_ocsp_account *account,
		     enum ktls_ocsp_resource resource, long amount,
		     struct netlink_ext_ack *extack)
{
	int err;

	err = ktls_ocsp_charge_user(limits, account, resource, amount, extack);
	if (err)
		return err;
	if (!charge_one(&limits->used[resource],
			total_max(limits, resource, amount), amount))
		goto err_account;
	if (!limits->userns_owned ||
	    charge_one(&userns_used[resource],
		       READ_ONCE(ktls_ocsp_userns_maxima.total[resource]),
		       amount))
		return 0;
	atomic_long_sub(amount, &limits->used[resource]);
err_account:
	ktls_ocsp_uncharge_user(account, resource, amount);
	ktls_ocsp_refuse_room(limits, resource, extack);
	return -ENOSPC;
}

/**
 * ktls_ocsp_charge_always() - charge a resource regardless of the limits
 * @limits: the store's limits
 * @account: the account that it is charged to, or NULL
 * @resource: what
 * @amount: how much; negative gives back
 *
 * For what comes with something that was charged within the limits.
 *
 * Context: any.
 */
void ktls_ocsp_charge_always(struct ktls_ocsp_limits *limits,
			     struct ktls_ocsp_account *account,
			     enum ktls_ocsp_resource resource, long amount)
{
	if (account)
		atomic_long_add(amount, &account->used[resource]);
	atomic_long_add(amount, &limits->used[resource]);
	if (limits->userns_owned)
		atomic_long_add(amount, &userns_used[resource]);
}

/**
 * ktls_ocsp_uncharge() - give some of a resource back
 * @limits: the store's limits
 * @account: the account that it was charged to, or NULL
 * @resource: what
 * @amount: how much, not negative
 *
 * Context: any.
 */
void ktls_ocsp_uncharge(struct ktls_ocsp_limits *limits,
			struct ktls_ocsp_account *account,
			enum ktls_ocsp_resource resource, long amount)
{
	ktls_ocsp_charge_always(limits, account, resource, -amount);
}

static long excess_one(const atomic_long_t *used, unsigned int max,
		       long amount)
{
	return atomic_long_read(used) + amount - max;
}

/**
 * ktls_ocsp_excess() - by how much a charge to the owner would be too much
 * @limits: the store's limits
 * @resource: what
 * @amount: how much, not negative
 *
 * Others may charge at the same time, so the result is a hint.
 *
 * Context: the process that is going to charge it, whose capability counts.
 *
 * Return: how much has to be freed first, not positive if nothing has;
 * LONG_MAX if the caller must not have it freed: a task without CAP_NET_ADMIN
 * evicts no more than it adds, and does not evict what is stored in the part of
 * the limit that is kept for CAP_NET_ADMIN.
 */
long ktls_ocsp_excess(const struct ktls_ocsp_limits *limits,
		      enum ktls_ocsp_resource resource, long amount)
{
	const struct ktls_ocsp_maxima *all = &ktls_ocsp_userns_maxima;
	long excess;

	excess = excess_one(&limits->used[resource],
			    total_max(limits, resource, amount), amount);
	if (excess > amount && !may_use_all(limits))
		return LONG_MAX;
	if (!limits->userns_owned)
		return excess;
	excess = max(excess, excess_one(&userns_used[resource],
					READ_ONCE(all->total[resource]),
					amount));
	return max(excess, excess_one(&limits->owner->used[resource],
				      READ_ONCE(all->of_user[resource]),
				      amount));
}
