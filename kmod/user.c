// SPDX-License-Identifier: GPL-2.0-only
/*
 * Users: who of those that share a store uses how much of it.
 *
 * Whoever may open sockets may open sessions, and the host's limits are for
 * all its users together. So one user id can take only a part of them, and no
 * local user can keep the servers of another one from their staples. The
 * kernel counts such things per user already, but not for modules.
 */
#include <linux/slab.h>

#include "user.h"

/* Add a session to the user's entry where there is one. Locked. */
static struct ktls_ocsp_user *join(struct xarray *users, kuid_t uid,
				   unsigned int max)
{
	struct ktls_ocsp_user *user = xa_load(users, __kuid_val(uid));

	if (!user)
		return NULL;
	if (user->sessions >= max)
		return ERR_PTR(-ENOSPC);
	user->sessions++;
	return user;
}

/**
 * ktls_ocsp_user_get() - count a new session of a user
 * @users: the store's users
 * @uid: the user id
 * @max: the most sessions that it may have
 *
 * May sleep.
 *
 * Return: the user's entry; or an ERR_PTR: -ENOSPC at the limit, -ENOMEM.
 */
struct ktls_ocsp_user *ktls_ocsp_user_get(struct xarray *users, kuid_t uid,
					  unsigned int max)
{
	struct ktls_ocsp_user *user, *new;
	int err = 0;

	if (!max)
		return ERR_PTR(-ENOSPC);
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return ERR_PTR(-ENOMEM);
	new->uid = uid;
	new->sessions = 1;

	xa_lock(users);
	user = join(users, uid, max);
	if (!user) {
		/*
		 * Drops the lock where it has to allocate, and another
		 * session of this user may come in between: hence insert.
		 */
		err = __xa_insert(users, __kuid_val(uid), new,
				  GFP_KERNEL_ACCOUNT);
		user = err == -EBUSY ? join(users, uid, max) :
		       err ? ERR_PTR(err) : new;
	}
	xa_unlock(users);
	if (user != new)
		kfree(new);
	return user;
}

/**
 * ktls_ocsp_user_put() - a session of a user is gone
 * @users: the store's users
 * @user: the user's entry
 */
void ktls_ocsp_user_put(struct xarray *users, struct ktls_ocsp_user *user)
{
	xa_lock(users);
	if (--user->sessions)
		user = NULL;
	else
		__xa_erase(users, __kuid_val(user->uid));
	xa_unlock(users);
	kfree(user);
}

/**
 * ktls_ocsp_user_charge() - count a new handle of a user
 * @user: the user's entry
 * @max: the most handles that it may have
 *
 * Return: false, with nothing counted, at the limit.
 */
bool ktls_ocsp_user_charge(struct ktls_ocsp_user *user, unsigned int max)
{
	if ((unsigned int)atomic_inc_return(&user->handles) <= max)
		return true;
	atomic_dec(&user->handles);
	return false;
}

/**
 * ktls_ocsp_user_uncharge() - a handle of a user is gone
 * @user: the user's entry
 */
void ktls_ocsp_user_uncharge(struct ktls_ocsp_user *user)
{
	atomic_dec(&user->handles);
}
