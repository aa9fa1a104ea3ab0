/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Accounts: what each user uses. Owns the accounts of one set, by user id;
 * knows no limit and no store.
 */
#ifndef KTLS_OCSP_ACCOUNT_H
#define KTLS_OCSP_ACCOUNT_H

#include <linux/atomic.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>
#include <linux/ktls_ocsp.h>

struct user_namespace;

/* How many kinds of things are counted and limited: enum ktls_ocsp_resource. */
enum { KTLS_OCSP_RESOURCES = KTLS_OCSP_RESOURCE_MAX + 1 };

/**
 * struct ktls_ocsp_account - what one user uses
 * @set: the accounts that this one is in
 * @uid: the user id
 * @refs: the lock of @set protects it
 * @used: how much of each resource
 */
struct ktls_ocsp_account {
	struct xarray *set;
	kuid_t uid;
	unsigned int refs;
	atomic_long_t used[KTLS_OCSP_RESOURCES];
};

kuid_t ktls_ocsp_accountable(struct user_namespace *ns, kuid_t uid);
struct ktls_ocsp_account *ktls_ocsp_account_get(struct xarray *set, kuid_t uid);
void ktls_ocsp_account_hold(struct ktls_ocsp_account *account);
void ktls_ocsp_account_put(struct ktls_ocsp_account *account);
void ktls_ocsp_account_read(struct xarray *set, kuid_t uid,
			    long used[KTLS_OCSP_RESOURCES]);

#endif /* KTLS_OCSP_ACCOUNT_H */
