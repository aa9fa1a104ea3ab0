// SPDX-License-Identifier: GPL-2.0-only
/*
 * ktls_ocsp: the OCSP response store for TLS servers. Module and network
 * namespaces.
 */
#include <linux/module.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "netlink.h"
#include "store.h"

static unsigned int net_id __ro_after_init;

struct ktls_ocsp_net {
	struct ktls_ocsp_store *store;
};

/**
 * ktls_ocsp_store_of() - the store of a network namespace
 * @net: the network namespace, referenced by the caller
 *
 * Return: the store, which lives as long as that reference.
 */
struct ktls_ocsp_store *ktls_ocsp_store_of(const struct net *net)
{
	const struct ktls_ocsp_net *own = net_generic(net, net_id);

	return own->store;
}

static int __net_init net_init(struct net *net)
{
	struct ktls_ocsp_net *own = net_generic(net, net_id);
	struct ktls_ocsp_store *store = ktls_ocsp_store_create(net);

	if (IS_ERR(store))
		return PTR_ERR(store);
	own->store = store;
	return 0;
}

static void __net_exit net_exit(struct net *net)
{
	struct ktls_ocsp_net *own = net_generic(net, net_id);

	ktls_ocsp_store_close(own->store);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.exit = net_exit,
	.id = &net_id,
	.size = sizeof(struct ktls_ocsp_net),
};

static int __init ktls_ocsp_init(void)
{
	int err;

	err = ktls_ocsp_blob_init();
	if (err)
		return err;
	err = ktls_ocsp_response_init();
	if (err)
		goto err_blob;
	err = ktls_ocsp_expiry_start();
	if (err)
		goto err_response;
	err = register_pernet_subsys(&net_ops);
	if (err)
		goto err_expiry;
	/* Last: from here on there are requests. */
	err = genl_register_family(&ktls_ocsp_family);
	if (err)
		goto err_net;
	return 0;

err_net:
	unregister_pernet_subsys(&net_ops);
err_expiry:
	ktls_ocsp_expiry_end();
err_response:
	ktls_ocsp_response_exit();
err_blob:
	ktls_ocsp_blob_exit();
	return err;
}

/*
 * A session's file and a dump under way pin the module, so here no store has
 * a reference but its network namespace's.
 */
static void __exit ktls_ocsp_exit(void)
{
	genl_unregister_family(&ktls_ocsp_family);
	unregister_pernet_subsys(&net_ops);
	ktls_ocsp_expiry_end();
	ktls_ocsp_response_exit();
	ktls_ocsp_blob_exit();
}

module_init(ktls_ocsp_init);
module_exit(ktls_ocsp_exit);

MODULE_DESCRIPTION("OCSP response store for TLS servers");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(KTLS_OCSP_FAMILY_NAME);
