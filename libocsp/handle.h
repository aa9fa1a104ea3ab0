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
 * Who holds the entry of a handle in the kernel.
 *
 *   NOT_HELD -> HELD		it was opened
 *   HELD -> BY_ANCESTOR	in a child of fork()
 *   BY_ANCESTOR -> NOT_HELD	the ancestor closed it: its slot is unknown
 *   HELD, BY_ANCESTOR -> LOST	the session's descriptor was closed
 *   LOST -> NOT_HELD		at the next use
 *
 * What is NOT_HELD is opened at the next use, or after retry_at if the kernel
 * refused it; until then it is read by its key.
 */
enum ocsp_hold {
	OCSP_NOT_HELD,
	OCSP_HELD,			/* by kernel_refs references of ours */
	OCSP_HELD_BY_ANCESTOR,		/* which is not ours to close */
	OCSP_HOLD_LOST,
};

/*
 * What a worker writes to when a response was replaced, which is why it is kept
 * to one line (see pool.h); what changes more seldom is in config.
 */
struct ocsp_handle {
	/* One for all of the application's, one for each call in progress. */
	atomic_uint refs;

	/* Constant from ocsp_handle_new() on. */
	uint32_t index;			/* no other handle has it now */
	uint64_t serial;		/* no other handle ever has it */
	struct ocsp_handle_config *config;

	/* Protected by the library's lock, all that follows. */
	/*
	 * ocsp_uptime() of the next attempt: to open what is NOT_HELD, else to
	 * ask for what was not there (see failure in config). 0: at once.
	 */
	uint32_t retry_at;
	bool opened;			/* in session: see ocsp_handle_hold_of() */
	uint8_t refusals;		/* in a row, to hold it */
	struct ocsp_session *session;	/* that was used last, or NULL */
	const uint64_t *on_board;	/* its generation there; NULL: not shown */
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

	if (h->on_board) {
		slot.generation = h->on_board;
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

/* As far as is known: the application may have closed a descriptor. */
enum ocsp_hold ocsp_handle_hold_of(const struct ocsp_handle *h);

/* Is it held, by whomever? */
bool ocsp_handle_is_held(const struct ocsp_handle *h);

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
