// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Accounts: what each user uses.
 *
 * Any process that may open sockets may open sessions, and the limits of a store
 * are for all users together. So each user gets only a part of them. ucounts
 * do the same, but modules cannot add counts of their own to these.
 */
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "account.h"

/**
 * ktls_ocsp_accountable() - the user id that a user's resources are charged to
 * @ns: the user's user namespace
 * @uid: the user id
 *
 * A user can have any number of ids in user namespaces of their own. All of
 * them are charged to the owner of the outermost user namespace below the
 * initial one, as ucounts are.
 *
 * Return: the user id to charge.
 */
kuid_t ktls_ocsp_accountable(struct user_namespace *ns, kuid_t uid)
{
	/* A user namespace holds a reference on its parent. */
	for (; ns != &init_user_ns; ns = ns->parent)
		uid = ns->owner;
	return uid;
}

/* Take a reference to the user's account, if any. The set is locked. */
static struct ktls_ocsp_account *join(struct xarray *set, kuid_t uid)
{
	struct ktls_ocsp_account *account = xa_load(set, __kuid_val(uid));

	if (account)
		account->refs++;
	return account;
}

/**
 * ktls_ocsp_account_get() - take a reference to a user's account
 * @set: the accounts
 * @uid: the user id, from ktls_ocsp_accountable()
 *
 * May sleep.
 *
 * Return: the account, or NULL when there is no memory.
 */
struct ktls_ocsp_account *ktls_ocsp_account_get(struct xarray *set, kuid_t uid)
{
	struct ktls_ocsp_account *account, *new;
	int err = 0;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	new->set = set;
	new->uid = uid;
	new->refs = 1;

	xa_lock(set);
	account = join(set, uid);
	if (!account) {
		/*
		 * Drops the lock where it has to allocate, and another
		 * session of this user may come in between: hence insert.
		 */
		err = __xa_insert(set, __kuid_val(uid), new,
				  GFP_KERNEL_ACCOUNT);
		account = err == -EBUSY ? join(set, uid) : err ? NULL : new;
	}
	xa_unlock(set);
	if (account != new)
		kfree(new);
	return account;
}

/**
 * ktls_ocsp_account_hold() - take one more reference to an account
 * @account: the account, referenced by the caller
 *
 * Context: process; does not sleep.
 */
void ktls_ocsp_account_hold(struct ktls_ocsp_account *account)
{
	xa_lock(account->set);
	account->refs++;
	xa_unlock(account->set);
}

/**
 * ktls_ocsp_account_put() - drop a reference to an account
 * @account: the account, or NULL; nothing is charged to it with the last one
 *
 * Context: process.
 */
void ktls_ocsp_account_put(struct ktls_ocsp_account *account)
{
	struct xarray *set;

	if (!account)
		return;
	set = account->set;
	xa_lock(set);
	if (--account->refs)
		account = NULL;
	else
		__xa_erase(set, __kuid_val(account->uid));
	xa_unlock(set);
	kfree(account);
}

/**
 * ktls_ocsp_account_read() - read what a user uses
 * @set: the accounts
 * @uid: the user id, from ktls_ocsp_accountable()
 * @used: gets how much of each resource; 0 without an account
 *
 * Context: process.
 */
void ktls_ocsp_account_read(struct xarray *set, kuid_t uid,
			    long used[KTLS_OCSP_RESOURCES])
{
	const struct ktls_ocsp_account *account;
	int i;

	/* The lock keeps the account: its last reference is dropped under it. */
	xa_lock(set);
	account = xa_load(set, __kuid_val(uid));
	for (i = 0; i < KTLS_OCSP_RESOURCES; i++)
		used[i] = account ? atomic_long_read(&account->used[i]) : 0;
	xa_unlock(set);
}
