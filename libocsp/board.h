/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The board of the kernel's store, mapped. Private to libocsp. */
#ifndef OCSP_BOARD_H
#define OCSP_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/ktls_ocsp_board.h>

struct ocsp_board {
	const struct ktls_ocsp_board_header *header;	/* NULL: not mapped */
	uint64_t size;
};

/* What is read of a board for one entry; both NULL when there is none. */
struct ocsp_board_slot {
	const uint64_t *generation;
	const uint32_t *min_validity;
};

/*
 * Map the board of a session. There may be none, or of another version than
 * we know; then the kernel is asked instead.
 */
void ocsp_board_map(struct ocsp_board *board, int session, uint64_t size);

/*
 * The size of the board of a session that was made elsewhere, when its store had
 * about that limit of entries: as much as can be mapped. 0: it has none.
 */
uint64_t ocsp_board_guess(int session, uint64_t entries);

/*
 * Nobody may read it any more: neither a handle nor what a thread remembers of
 * one that is open.
 */
void ocsp_board_unmap(struct ocsp_board *board);

struct ocsp_board_slot ocsp_board_find(const struct ocsp_board *board,
				       uint32_t slot);

/*
 * The generation that the kernel shows, 0 when there is nothing to serve. It
 * published the blob before: whoever asks it after this load gets that blob or
 * a later one. A slot that nobody holds may become another entry's, but a
 * generation never comes back.
 */
static inline uint64_t ocsp_board_generation(const struct ocsp_board_slot *slot)
{
	return __atomic_load_n(slot->generation, __ATOMIC_ACQUIRE);
}

/* A sysctl: it may change at any time, and nothing else depends on it. */
static inline uint32_t
ocsp_board_min_validity(const struct ocsp_board_slot *slot)
{
	return __atomic_load_n(slot->min_validity, __ATOMIC_RELAXED);
}

#endif /* OCSP_BOARD_H */
