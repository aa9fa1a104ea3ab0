/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The board: a store's generations, in pages that processes map. Owns the
 * pages; knows slots and numbers, and no entry.
 */
#ifndef KTLS_OCSP_BOARD_H
#define KTLS_OCSP_BOARD_H

#include <linux/mutex.h>
#include <linux/xarray.h>
#include <linux/ktls_ocsp_board.h>

#include "limits.h"

struct vm_fault;

/**
 * struct ktls_ocsp_board - a store's generations
 * @lock: protects additions to @pages and the header's slots; readers of
 *	@pages use RCU
 * @pages: by offset in the board; they come as slots are used and stay
 * @header: the start of the first page, which is always there
 * @limits: what the pages but the first are charged to
 */
struct ktls_ocsp_board {
	struct mutex lock; /* protects additions to @pages, header->slots */
	struct xarray pages;
	struct ktls_ocsp_board_header *header;
	struct ktls_ocsp_limits *limits;
};

int ktls_ocsp_board_init(struct ktls_ocsp_board *board,
			 struct ktls_ocsp_limits *limits);
void ktls_ocsp_board_destroy(struct ktls_ocsp_board *board);
int ktls_ocsp_board_prepare(struct ktls_ocsp_board *board, u32 slot);
void ktls_ocsp_board_publish(struct ktls_ocsp_board *board, u32 slot,
			     u64 generation);
void ktls_ocsp_board_set_min_validity(struct ktls_ocsp_board *board,
				      unsigned int seconds);
u64 ktls_ocsp_board_size(unsigned int entries);
vm_fault_t ktls_ocsp_board_fault(struct ktls_ocsp_board *board,
				 struct vm_fault *vmf);

#endif /* KTLS_OCSP_BOARD_H */
