/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What an HCERT_SERVER_OCSP_RESPONSE points to. Private to libocsp. */
#ifndef OCSP_HANDLE_H
#define OCSP_HANDLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "context.h"
#include "handle_config.h"
#include "pool.h"
#include "session.h"

/*
 * What a worker writes to when a response was replaced, which is why it is kept
 * to one line (see pool.h); what changes more seldom is in config.
 *
 * Whether its entry is held in the kernel follows from held and the state of
 * the session:
 *
 *   held, OWN		by kernel_refs references, which are ours to close
 *   held, INHERITED	by an ancestor of this process, which may close it: then
 *			the slot is unknown there, and the entry is opened anew
 *   held, LOST		not any more: it is opened anew
 *   not held		it could not be opened (again); it is read by its key,
 *			and tried again after a while
 */
struct ocsp_handle {
	/* One for all of the application's, one for each call in progress. */
	atomic_uint refs;

	/* Constant from ocsp_handle_new() on. */
	uint32_t index;			/* no other handle has it now */
	uint64_t serial;		/* no other handle ever has it */
	struct ocsp_handle_config *config;

	/* Protected by the library's lock, all that follows. */
	uint32_t retry_at;		/* ocsp_uptime(): see failure, held */
	bool held;
	uint8_t refusals;		/* in a row, to hold it */
	struct ocsp_session *session;	/* that was used last, or NULL */
	const uint64_t *shown;		/* where its board shows the entry */
	struct ocsp_context *current;	/* the store's newest that we saw */
	uint64_t generation;		/* of current, in the session's store */
};

_Static_assert(sizeof(struct ocsp_handle) <= OCSP_POOL_LINE,
	       "a handle takes more than a line");

/* What is read of the board for its entry. */
static inline struct ocsp_board_slot
ocsp_handle_board(const struct ocsp_handle *h)
{
	struct ocsp_board_slot slot = { NULL, NULL };

	if (h->shown) {
		slot.generation = h->shown;
		slot.min_validity = &h->session->board.header->min_validity;
	}
	return slot;
}

/* Takes over config. NULL: no memory, and config is freed. */
struct ocsp_handle *ocsp_handle_new(struct ocsp_handle_config *config);
void ocsp_handle_pin(struct ocsp_handle *h);
void ocsp_handle_unpin(struct ocsp_handle *h);

/* The rest is called with the lock held. */

/* The open handles in turn, pinned: from *index on, which is moved; NULL: none. */
struct ocsp_handle *ocsp_handle_next(uint32_t *index);

/* May what it holds be used, as far as is known? And is it ours to close? */
bool ocsp_handle_is_held(const struct ocsp_handle *h);
bool ocsp_handle_is_own(const struct ocsp_handle *h);

/*
 * Hold the entry through the process's own session; as the kernel answered,
 * which is in *opened. 0, or a negative errno with *error; then nothing changed.
 */
int ocsp_handle_hold(struct ocsp_client *client, struct ocsp_handle *h,
		     bool wait, struct ocsp_opened *opened,
		     struct ocsp_error *error);

/* It could not be held, and why: it is tried again, later each time. */
void ocsp_handle_refused(struct ocsp_handle *h, const struct ocsp_error *why);

/* One reference more, where the kernel gives it. */
void ocsp_handle_ref(struct ocsp_client *client, struct ocsp_handle *h);

/* Give back the kernel's references above what is kept. */
void ocsp_handle_release(struct ocsp_client *client, struct ocsp_handle *h,
			 unsigned int keep);

#endif /* OCSP_HANDLE_H */
