/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Views: what one thread saw of a handle last. Private to libocsp. */
#ifndef OCSP_VIEW_H
#define OCSP_VIEW_H

#include "context.h"
#include "response.h"

/*
 * The context to staple now, with a reference, when this thread has seen it
 * before and nothing has changed since; else NULL, and the handle has to be
 * looked at. Takes no lock, makes no system call.
 */
struct ocsp_context *ocsp_view_get(const struct ocsp_handle *h);

/*
 * Remember context, which the board shows at place, for this thread. Returns
 * what the application gets in its stead: with a reference, the caller's on
 * context being taken over.
 */
struct ocsp_context *ocsp_view_set(const struct ocsp_handle *h,
				   const struct ocsp_place *place,
				   struct ocsp_context *context);

#endif /* OCSP_VIEW_H */
