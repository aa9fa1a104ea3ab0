// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store for other modules of the kernel.
 */
#include <linux/module.h>

#include "net.h"

/**
 * ktls_ocsp_get() - take the newest blob of a certificate
 * @net: the network namespace; it may be one that is being deleted
 * @key: SHA-256 of the certificate's DER
 *
 * The blob stays as it is while the caller has it, whatever happens to the
 * store. Its status may be any: whoever staples decides what he serves.
 *
 * Context: any; takes no lock.
 *
 * Return: the blob, valid now, which the caller gives to ktls_ocsp_put(); or
 * an ERR_PTR: -ENOENT when there is no such response, -ENODATA when it has no
 * blob, -ESTALE when its blob has expired.
 */
struct ktls_ocsp_blob *ktls_ocsp_get(struct net *net,
				     const u8 key[KTLS_OCSP_KEY_LEN])
{
	struct ktls_ocsp_entry *entry = NULL;
	struct ktls_ocsp_store *store;
	struct ktls_ocsp_blob *blob;

	rcu_read_lock();
	/* None is made here; RCU keeps one that is being closed. */
	store = ktls_ocsp_net_store(net);
	if (store)
		entry = ktls_ocsp_index_find(&store->index, key);
	rcu_read_unlock();
	if (!entry)
		return ERR_PTR(-ENOENT);
	blob = ktls_ocsp_entry_blob(entry);
	ktls_ocsp_entry_put(entry);
	if (!blob)
		return ERR_PTR(-ENODATA);
	if (ktls_ocsp_now() < blob->next_update)
		return blob;
	ktls_ocsp_put(blob);
	return ERR_PTR(-ESTALE);
}
EXPORT_SYMBOL_GPL(ktls_ocsp_get);
