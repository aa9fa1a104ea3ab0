/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Being told that the kernel module was loaded. */
#ifndef OCSPD_MODULE_WATCH_H
#define OCSPD_MODULE_WATCH_H

/*
 * Call loaded() when the module's netlink family is registered, or may have been: each time until
 * module_watch_stop(). Without memory or descriptors nothing is told. May be called again.
 */
void module_watch_start(void (*loaded)(void));
void module_watch_stop(void);

#endif /* OCSPD_MODULE_WATCH_H */
