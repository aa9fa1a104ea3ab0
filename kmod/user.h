/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Users: who of those that share a store uses how much of it.
 */
#ifndef KTLS_OCSP_USER_H
#define KTLS_OCSP_USER_H

#include <linux/atomic.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>

/**
 * struct ktls_ocsp_user - what one user id uses of a store
 * @uid: the user id
 * @sessions: its sessions; the lock of the store's users protects it
 * @handles: the handles of its sessions
 */
struct ktls_ocsp_user {
	kuid_t uid;
	unsigned int sessions;
	atomic_t handles;
};

struct ktls_ocsp_user *ktls_ocsp_user_get(struct xarray *users, kuid_t uid,
					  unsigned int max);
void ktls_ocsp_user_put(struct xarray *users, struct ktls_ocsp_user *user);
bool ktls_ocsp_user_charge(struct ktls_ocsp_user *user, unsigned int max);
void ktls_ocsp_user_uncharge(struct ktls_ocsp_user *user);

#endif /* KTLS_OCSP_USER_H */
