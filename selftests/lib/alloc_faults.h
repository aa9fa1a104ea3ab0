/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Allocations that fail: of what the calling thread makes the kernel do, the
 * Nth one, by CONFIG_FAULT_INJECTION's fail-nth.
 */
#ifndef ALLOC_FAULTS_H
#define ALLOC_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/* NULL, or why nothing can be made to fail here. */
const char *af_missing(void);

/*
 * Which allocations count: with module_only those that the module asks for,
 * itself or by what it calls, or else all. The kernel's log tells then where
 * each that fails was asked for. To be called first, by the thread that will
 * call af_arm(); it opens files.
 */
void af_select(bool module_only);
/*
 * The same: only what a module asks for while it is initialized, with or
 * without what its slab caches take (never what their files in sysfs do).
 */
void af_select_init(bool with_caches);

/* The same: only pages side by side, 1 << order of them or more. */
void af_select_pages(bool module_only, unsigned int order);

/* From now on; ends the process when the kernel refuses. */
void af_arm(unsigned int nth);
/* Stops it; true when the Nth was met, and failed. */
bool af_disarm(void);

/*
 * Where the last one that failed was asked for: function and offset of the
 * frame in the module, or "" where the log does not tell.
 */
void af_site(char *site, size_t size);

/* Objects that the module lost, as kmemleak sees it; -1 where there is none. */
int af_leaks(void);

#endif /* ALLOC_FAULTS_H */
