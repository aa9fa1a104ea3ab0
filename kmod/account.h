/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accounts: who uses how much. Owns the accounts of one set, by user id; knows
 * no limit and no store.
 */
#ifndef KTLS_OCSP_ACCOUNT_H
#define KTLS_OCSP_ACCOUNT_H

#include <linux/atomic.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>

struct user_namespace;

/* What is counted and limited. */
enum ktls_ocsp_resource {
	KTLS_OCSP_ENTRIES,
	KTLS_OCSP_BYTES,	/* of blobs, certificates, reasons, boards */
	KTLS_OCSP_SESSIONS,
	KTLS_OCSP_HANDLES,
	KTLS_OCSP_RESOURCES
};

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
void ktls_ocsp_account_put(struct ktls_ocsp_account *account);

#endif /* KTLS_OCSP_ACCOUNT_H */
