// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ktls_ocsp: the OCSP response store for TLS servers. The module. */
#include <linux/module.h>

#include "family.h"
#include "net.h"

static int __init ktls_ocsp_init(void)
{
	int err;

	err = ktls_ocsp_blob_init();
	if (err)
		return err;
	err = ktls_ocsp_entry_init();
	if (err)
		goto err_blob;
	err = ktls_ocsp_store_init();
	if (err)
		goto err_entry;
	err = ktls_ocsp_net_init();
	if (err)
		goto err_store;
	/* Last: from here on there are requests. */
	err = genl_register_family(&ktls_ocsp_family);
	if (err)
		goto err_net;
	return 0;

err_net:
	ktls_ocsp_net_exit();
err_store:
	ktls_ocsp_store_exit();
err_entry:
	ktls_ocsp_entry_exit();
err_blob:
	ktls_ocsp_blob_exit();
	return err;
}

/*
 * A session's file and a dump under way pin the module, so here no store has
 * a reference but its network namespace's and that of queued work.
 */
static void __exit ktls_ocsp_exit(void)
{
	genl_unregister_family(&ktls_ocsp_family);
	ktls_ocsp_net_exit();
	ktls_ocsp_store_exit();
	ktls_ocsp_entry_exit();
	ktls_ocsp_blob_exit();
}

module_init(ktls_ocsp_init);
module_exit(ktls_ocsp_exit);

MODULE_AUTHOR("the ktls-ocsp authors");
MODULE_DESCRIPTION("OCSP response store for TLS servers");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(KTLS_OCSP_FAMILY_NAME);
