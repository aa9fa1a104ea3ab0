// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The board of the kernel's store, mapped. */
#include <stddef.h>
#include <sys/mman.h>

#include "board.h"

void ocsp_board_map(struct ocsp_board *board, int session, uint64_t size)
{
	void *base = MAP_FAILED;

	if (size >= KTLS_OCSP_BOARD_LINE && size <= SIZE_MAX)
		base = mmap(NULL, size, PROT_READ, MAP_SHARED, session, 0);
	board->header = base == MAP_FAILED ? NULL : base;
	board->size = size;
	if (board->header &&
	    board->header->version != KTLS_OCSP_BOARD_VERSION)
		ocsp_board_unmap(board);
}

uint64_t ocsp_board_guess(int session, uint64_t entries)
{
	const uint64_t most = 1 << 24;
	uint64_t size;
	void *base;

	if (entries > most)
		entries = most;
	/* Two slots for each entry, as the kernel has them. */
	size = (1 + 2 * entries) * KTLS_OCSP_BOARD_LINE;
	for (; size >= KTLS_OCSP_BOARD_LINE && size <= SIZE_MAX; size /= 2) {
		base = mmap(NULL, size, PROT_READ, MAP_SHARED, session, 0);
		if (base != MAP_FAILED) {
			munmap(base, size);
			return size;
		}
	}
	return 0;
}

void ocsp_board_unmap(struct ocsp_board *board)
{
	if (board->header)
		munmap((void *)board->header, board->size);
	board->header = NULL;
}

struct ocsp_board_slot ocsp_board_find(const struct ocsp_board *board,
				       uint32_t slot)
{
	const struct ktls_ocsp_board_slot *slots;
	struct ocsp_board_slot found = { NULL, NULL };
	uint64_t end = ((uint64_t)slot + 2) * KTLS_OCSP_BOARD_LINE;

	/* The store's limit may have grown after the board was mapped. */
	if (!board->header || end > board->size)
		return found;
	slots = (const void *)(board->header + 1);
	found.generation = (const uint64_t *)&slots[slot].generation;
	found.min_validity = &board->header->min_validity;
	return found;
}
