// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The sysctls net.ktls_ocsp.* */
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "sysctls.h"

#define TUNABLES	2	/* min_validity, linger */

/* Sysctls of each network namespace, and more of the initial one */
#define OF_EACH		(2 * KTLS_OCSP_RESOURCES + TUNABLES)
#define OF_FIRST	(2 * KTLS_OCSP_RESOURCES)

static const char * const total_names[KTLS_OCSP_RESOURCES] = {
	[KTLS_OCSP_RESOURCE_ENTRIES]	= "max_entries",
	[KTLS_OCSP_RESOURCE_BYTES]	= "max_bytes",
	[KTLS_OCSP_RESOURCE_SESSIONS]	= "max_sessions",
	[KTLS_OCSP_RESOURCE_HANDLES]	= "max_handles",
};

static const char * const of_user_names[KTLS_OCSP_RESOURCES] = {
	[KTLS_OCSP_RESOURCE_ENTRIES]	= "max_entries_of_user",
	[KTLS_OCSP_RESOURCE_BYTES]	= "max_bytes_of_user",
	[KTLS_OCSP_RESOURCE_SESSIONS]	= "max_sessions_of_user",
	[KTLS_OCSP_RESOURCE_HANDLES]	= "max_handles_of_user",
};

static const char * const userns_total_names[KTLS_OCSP_RESOURCES] = {
	[KTLS_OCSP_RESOURCE_ENTRIES]	= "userns_max_entries",
	[KTLS_OCSP_RESOURCE_BYTES]	= "userns_max_bytes",
	[KTLS_OCSP_RESOURCE_SESSIONS]	= "userns_max_sessions",
	[KTLS_OCSP_RESOURCE_HANDLES]	= "userns_max_handles",
};

static const char * const userns_of_user_names[KTLS_OCSP_RESOURCES] = {
	[KTLS_OCSP_RESOURCE_ENTRIES]	= "userns_max_entries_of_user",
	[KTLS_OCSP_RESOURCE_BYTES]	= "userns_max_bytes_of_user",
	[KTLS_OCSP_RESOURCE_SESSIONS]	= "userns_max_sessions_of_user",
	[KTLS_OCSP_RESOURCE_HANDLES]	= "userns_max_handles_of_user",
};

/* The counters are of int's size in sysctl: INT_MAX bounds them all. */
static int count_max = INT_MAX;
/* A blob that must be valid for more than a year would never be served. */
static int seconds_max = 366 * 24 * 60 * 60;

static struct ctl_table *fill(struct ctl_table *entry, const char *name,
			      unsigned int *value, umode_t mode, int *most)
{
	entry->procname = name;
	entry->data = value;
	entry->maxlen = sizeof(*value);
	entry->mode = mode;
	entry->proc_handler = proc_dointvec_minmax;
	entry->extra1 = SYSCTL_ZERO;
	entry->extra2 = most;
	return entry + 1;
}

static struct ctl_table *fill_maxima(struct ctl_table *entry,
				     struct ktls_ocsp_maxima *maxima,
				     const char * const *total,
				     const char * const *of_user, umode_t mode)
{
	int i;

	for (i = 0; i < KTLS_OCSP_RESOURCES; i++)
		entry = fill(entry, total[i], &maxima->total[i], mode,
			     &count_max);
	for (i = 0; i < KTLS_OCSP_RESOURCES; i++)
		if (of_user[i])
			entry = fill(entry, of_user[i], &maxima->of_user[i],
				     mode, &count_max);
	return entry;
}

/**
 * ktls_ocsp_sysctls_init() - register the sysctls of a network namespace
 * @sysctls: gets what ktls_ocsp_sysctls_exit() needs
 * @net: the network namespace
 * @settings: what they show, until ktls_ocsp_sysctls_exit()
 * @set_min_validity: the handler of that one
 *
 * Return: 0 or -ENOMEM.
 */
int ktls_ocsp_sysctls_init(struct ktls_ocsp_sysctls *sysctls, struct net *net,
			   struct ktls_ocsp_settings *settings,
			   proc_handler *set_min_validity)
{
	/* The owner of a user namespace must not lift the limits on it. */
	umode_t mode = net->user_ns == &init_user_ns ? 0644 : 0444;
	size_t most = OF_EACH + (net_eq(net, &init_net) ? OF_FIRST : 0);
	struct ctl_table *end;

	if (!IS_ENABLED(CONFIG_SYSCTL))
		return 0;
	/* One more, empty: where kernels before 6.6 look for the end. */
	sysctls->table = kcalloc(most + 1, sizeof(*sysctls->table),
				 GFP_KERNEL_ACCOUNT);
	if (!sysctls->table)
		return -ENOMEM;
	end = fill_maxima(sysctls->table, &settings->maxima, total_names,
			  of_user_names, mode);
	end = fill(end, "linger", &settings->linger, mode, &seconds_max);
	end = fill(end, "min_validity", &settings->min_validity, mode,
		   &seconds_max);
	end[-1].proc_handler = set_min_validity;
	if (net_eq(net, &init_net))
		end = fill_maxima(end, &ktls_ocsp_userns_maxima,
				  userns_total_names, userns_of_user_names,
				  0644);
	sysctls->header = register_net_sysctl_sz(net, "net/ktls_ocsp",
						 sysctls->table,
						 end - sysctls->table);
	if (sysctls->header)
		return 0;
	kfree(sysctls->table);
	return -ENOMEM;
}

/**
 * ktls_ocsp_sysctls_exit() - unregister them
 * @sysctls: what ktls_ocsp_sysctls_init() filled
 *
 * Waits for readers and writers.
 */
void ktls_ocsp_sysctls_exit(struct ktls_ocsp_sysctls *sysctls)
{
	if (!sysctls->header)
		return;
	unregister_net_sysctl_table(sysctls->header);
	kfree(sysctls->table);
}
