/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What each thread remembers of a handle. Private to libocsp. */
#ifndef OCSP_THREAD_CACHE_H
#define OCSP_THREAD_CACHE_H

#include "context.h"
#include "handle.h"

/*
 * The context to staple now, with a reference, when this thread knows it and
 * nothing has changed since; else NULL, and the handle has to be looked up.
 * Takes no lock, makes no system call.
 */
struct ocsp_context *ocsp_thread_cache_get(const struct ocsp_handle *h);

/*
 * Remember context for this thread: while the board shows that generation at
 * slot, for so many seconds at most. Returns what the application gets in its
 * stead: with a reference, the caller's on context being taken over.
 */
struct ocsp_context *ocsp_thread_cache_set(const struct ocsp_handle *h,
					   const struct ocsp_board_slot *slot,
					   uint64_t shown, uint32_t seconds,
					   struct ocsp_context *context);

#endif /* OCSP_THREAD_CACHE_H */
