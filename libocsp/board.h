/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

/* What a handle sees of a board; both NULL when it sees none. */
struct ocsp_place {
	const uint64_t *generation;
	const uint32_t *min_validity;
};

/*
 * Map the board of a session. There may be none, or of another version than
 * we know; then the kernel is asked instead. A board is never unmapped: other
 * threads, and handles of a session that was lost, may be reading it.
 */
void ocsp_board_map(struct ocsp_board *board, int session, uint64_t size);

/* The place of a slot that the session holds. */
struct ocsp_place ocsp_board_place(const struct ocsp_board *board,
				   uint32_t slot);

/*
 * The generation that the kernel shows, 0 when there is nothing to serve. It
 * published the blob before: whoever asks it after this load gets that blob or
 * a later one.
 */
static inline uint64_t ocsp_place_generation(const struct ocsp_place *place)
{
	return __atomic_load_n(place->generation, __ATOMIC_ACQUIRE);
}

/* A sysctl: it may change at any time, and nothing else depends on it. */
static inline uint32_t ocsp_place_min_validity(const struct ocsp_place *place)
{
	return __atomic_load_n(place->min_validity, __ATOMIC_RELAXED);
}

#endif /* OCSP_BOARD_H */
