/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Memory in which objects of one size lie side by side. Private to libocsp. */
#ifndef OCSP_POOL_H
#define OCSP_POOL_H

#include <stddef.h>

/*
 * A server opens its handles, and forks. Each worker then writes to what is
 * kept of each handle, and every page that it writes to becomes a copy of its
 * own, with all that lies beside: so what changes lies apart from what does
 * not, and what is given back is taken again before anything else is.
 *
 * A size that is a multiple of OCSP_POOL_LINE is aligned to it, others to
 * max_align_t. NULL: no memory. What was taken with a size is given back with
 * the same one; NULL may be.
 */
#define OCSP_POOL_LINE	64	/* what a processor takes at a time */

void *ocsp_pool_alloc(size_t size);
void ocsp_pool_free(void *object, size_t size);

/* Around fork(): so that it does not happen while a thread is in here. */
void ocsp_pool_lock(void);
void ocsp_pool_unlock(void);

#endif /* OCSP_POOL_H */
