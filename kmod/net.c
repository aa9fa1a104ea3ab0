// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Network namespaces: the settings of each, and its store. */
#include <linux/mutex.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "compat.h"
#include "net.h"
#include "sysctls.h"

/**
 * struct ktls_ocsp_net - what a network namespace has
 * @store: its store, or NULL while it was not used; set once, under make_lock,
 *	and read without a lock by users of a reference on the namespace
 * @settings: its settings, referenced
 * @sysctls: their sysctls
 */
struct ktls_ocsp_net {
	struct ktls_ocsp_store *store;
	struct ktls_ocsp_settings *settings;
	struct ktls_ocsp_sysctls sysctls;
};

static unsigned int net_id __ro_after_init;

/*
 * Protects that a network namespace gets one store, whose board shows the
 * namespace's min_validity. One for all namespaces, so no memory is allocated
 * under it: who is at the limit of its memory cgroup would stop them all.
 */
static DEFINE_MUTEX(make_lock);

static struct ktls_ocsp_net *own_of(const struct net *net)
{
	return net_generic(net, net_id);
}

/**
 * ktls_ocsp_net_store() - the store of a network namespace
 * @net: the network namespace, referenced by the caller
 *
 * Context: any; takes no lock.
 *
 * Return: the store, which lives as long as that reference; NULL when there is
 * none.
 */
struct ktls_ocsp_store *ktls_ocsp_net_store(const struct net *net)
{
	/* Pairs with the release below, so that the store is initialized. */
	return smp_load_acquire(&own_of(net)->store);
}

/* Let a new store be found, unless there is one: that is returned. */
static struct ktls_ocsp_store *publish_store(struct ktls_ocsp_net *own,
					     struct ktls_ocsp_store *new)
{
	struct ktls_ocsp_store *store;

	mutex_lock(&make_lock);
	store = own->store;
	if (!store) {
		store = new;
		/* It may have changed since the store was made. */
		ktls_ocsp_store_set_min_validity(store,
						 READ_ONCE(own->settings->min_validity));
		/* Pairs with ktls_ocsp_net_store(). */
		smp_store_release(&own->store, store);
	}
	mutex_unlock(&make_lock);
	return store;
}

/**
 * ktls_ocsp_net_make_store() - the store of a network namespace, made if needed
 * @net: the network namespace, referenced by the caller
 *
 * May sleep.
 *
 * Return: the store, which lives as long as that reference; NULL when there is
 * no memory for it.
 */
struct ktls_ocsp_store *ktls_ocsp_net_make_store(struct net *net)
{
	struct ktls_ocsp_store *store = ktls_ocsp_net_store(net), *new;

	if (store)
		return store;
	new = ktls_ocsp_store_create(net, own_of(net)->settings);
	if (!new)
		return NULL;
	store = publish_store(own_of(net), new);
	/* Another request was faster, and nobody else knows this one. */
	if (store != new)
		ktls_ocsp_store_close(new);
	return store;
}

/*
 * The timers depend on min_validity, and the board shows it. The writer may be
 * in another network namespace than the one whose sysctl it opened, so the
 * namespace is found through the table.
 */
static int set_min_validity(ktls_ocsp_ctl_table *table, int write, void *buffer,
			    size_t *len, loff_t *pos)
{
	struct ktls_ocsp_settings *settings;
	struct ktls_ocsp_store *store;
	struct ktls_ocsp_net *own;
	int err;

	err = proc_dointvec_minmax(table, write, buffer, len, pos);
	if (err || !write)
		return err;
	settings = container_of(table->data, struct ktls_ocsp_settings,
				min_validity);
	own = settings->own;
	/* Under the lock, so that no store is published with the old value. */
	mutex_lock(&make_lock);
	store = own->store;
	if (store)
		ktls_ocsp_store_set_min_validity(store,
						 READ_ONCE(settings->min_validity));
	mutex_unlock(&make_lock);
	return 0;
}

static int __net_init net_init(struct net *net)
{
	struct ktls_ocsp_net *own = own_of(net);
	int err;

	own->settings = ktls_ocsp_settings_alloc();
	if (!own->settings)
		return -ENOMEM;
	own->settings->own = own;
	own->settings->netns_ino = net->ns.inum;
	err = ktls_ocsp_sysctls_init(&own->sysctls, net, own->settings,
				     set_min_validity);
	if (err)
		ktls_ocsp_settings_put(own->settings);
	return err;
}

static void __net_exit net_exit(struct net *net)
{
	struct ktls_ocsp_net *own = own_of(net);

	/* First: a writer of a sysctl has no reference on the namespace. */
	ktls_ocsp_sysctls_exit(&own->sysctls);
	if (own->store)
		ktls_ocsp_store_close(own->store);
	ktls_ocsp_settings_put(own->settings);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.exit = net_exit,
	.id = &net_id,
	.size = sizeof(struct ktls_ocsp_net),
};

/**
 * ktls_ocsp_net_init() - register the pernet operations
 *
 * Return: 0 or a negative errno.
 */
int __init ktls_ocsp_net_init(void)
{
	return register_pernet_subsys(&net_ops);
}

/**
 * ktls_ocsp_net_exit() - unregister the pernet operations, and close all stores
 */
void ktls_ocsp_net_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}
