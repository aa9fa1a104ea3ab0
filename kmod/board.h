/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The board: a store's generations, in pages that processes map.
 */
#ifndef KTLS_OCSP_BOARD_H
#define KTLS_OCSP_BOARD_H

#include <linux/refcount.h>
#include <linux/xarray.h>
#include <linux/ktls_ocsp_board.h>

struct vm_area_struct;

/**
 * struct ktls_ocsp_board - a store's generations
 * @refs: references; the store holds one, and each mapping
 * @pages: by offset in the board; they come as slots are used and stay. The
 *	store's lock protects additions, readers use RCU.
 * @header: the start of the first page, which is always there
 */
struct ktls_ocsp_board {
	refcount_t refs;
	struct xarray pages;
	struct ktls_ocsp_board_header *header;
};

struct ktls_ocsp_board *ktls_ocsp_board_create(void);
void ktls_ocsp_board_put(struct ktls_ocsp_board *board);
int ktls_ocsp_board_prepare(struct ktls_ocsp_board *board, u32 slot);
void ktls_ocsp_board_publish(struct ktls_ocsp_board *board, u32 slot,
			     u64 generation);
u64 ktls_ocsp_board_size(unsigned int slots);
int ktls_ocsp_board_mmap(struct ktls_ocsp_board *board, u64 size,
			 struct vm_area_struct *vma);

#endif /* KTLS_OCSP_BOARD_H */
