/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What differs between the kernels that the module builds for, Linux 6.1 and
 * later. The logic uses the newest name of each thing; this header gives that
 * name to older kernels.
 */
#ifndef KTLS_OCSP_COMPAT_H
#define KTLS_OCSP_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/version.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "ktls_ocsp needs Linux 6.1 or later"
#endif

/* A generation is published with one store, and read with one load. */
#if BITS_PER_LONG != 64
#error "ktls_ocsp needs a 64-bit kernel"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define ktls_ocsp_ctl_table		struct ctl_table
#else
#define ktls_ocsp_ctl_table		const struct ctl_table
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_mod(struct vm_area_struct *vma,
				unsigned long set, unsigned long clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
/* Older kernels look for an empty entry behind the last one instead. */
static inline struct ctl_table_header *
register_net_sysctl_sz(struct net *net, const char *path,
		       struct ctl_table *table, size_t size)
{
	return register_net_sysctl(net, path, table);
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void
hrtimer_setup(struct hrtimer *timer,
	      enum hrtimer_restart (*function)(struct hrtimer *timer),
	      clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

/* The attributes of a dump request. */
static inline struct nlattr **
ktls_ocsp_dump_attrs(const struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return ((const struct genl_dumpit_info *)cb->data)->attrs;
#else
	return ((const struct genl_dumpit_info *)cb->data)->info.attrs;
#endif
}

#endif /* KTLS_OCSP_COMPAT_H */
