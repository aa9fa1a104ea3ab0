/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Response contexts: a blob with what is known of it. Private to libocsp. */
#ifndef OCSP_CONTEXT_H
#define OCSP_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "client.h"
#include "pool.h"
#include <wincrypt.h>

/*
 * Immutable once it was made, but for refs. An original has the bytes; a clone
 * points to those of its original, and has a count of its own, and members for
 * the thread alone that made it: see thread_cache.c. Each is in a line of its
 * own, apart from the bytes, which are only read.
 */
struct ocsp_context {
	CERT_SERVER_OCSP_RESPONSE_CONTEXT pub;	/* first: the application's */
	atomic_uint refs;
	enum ktls_ocsp_cert_status status;
	struct ocsp_context *original;	/* referenced; NULL: it is one */
	uint64_t generation;		/* in the store; 0: came from a file */
	union {
		int64_t this_update;
		int64_t cached_until;	/* of a clone */
	};
	int64_t next_update;
} __attribute__((aligned(OCSP_POOL_LINE)));

/* An original with one reference; copies r->blob. NULL: no memory. */
struct ocsp_context *ocsp_context_new(const struct ocsp_entry *r);

/*
 * A clone with one reference, alone in its cache line. It takes over the
 * caller's reference on the original. NULL: no memory, nothing taken.
 */
struct ocsp_context *ocsp_context_clone(struct ocsp_context *original);

/* Is it still valid, and for so many seconds more? now: CLOCK_REALTIME. */
static inline bool ocsp_context_is_valid(const struct ocsp_context *context,
					 int64_t now, uint32_t min_validity)
{
	int64_t left = context->next_update - now;

	return left > 0 && left >= min_validity;
}

/* Have they the same bytes? Takes NULL. */
bool ocsp_context_same_der(const struct ocsp_context *a,
			   const struct ocsp_context *b);

/* What the update callback is shown of a context, made in *crl. */
struct ocsp_crl {
	CRL_CONTEXT context;
	CRL_INFO info;
};

/* NULL for no context. */
PCCRL_CONTEXT ocsp_context_crl(const struct ocsp_context *context,
			       struct ocsp_crl *crl);

/* Takes NULL. Inline: it is what a staple costs, with what is before it. */
static inline struct ocsp_context *
ocsp_context_get(struct ocsp_context *context)
{
	if (context)
		atomic_fetch_add_explicit(&context->refs, 1,
					  memory_order_relaxed);
	return context;
}

/* Takes NULL. */
void ocsp_context_put(struct ocsp_context *context);

#endif /* OCSP_CONTEXT_H */
