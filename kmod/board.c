// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The board: a store's generations, in pages that processes map.
 *
 * A reader compares one number with the one that it knows, and need not ask
 * the kernel when they are equal. The store publishes a blob before its
 * generation (store-release here, load-acquire there), so whoever sees a
 * generation on the board gets that blob or a later one.
 */
#include <linux/mm.h>

#include "board.h"
#include "compat.h"

#define LINES_PER_PAGE	(PAGE_SIZE / KTLS_OCSP_BOARD_LINE)

static_assert(sizeof(struct ktls_ocsp_board_header) == KTLS_OCSP_BOARD_LINE);
static_assert(sizeof(struct ktls_ocsp_board_slot) == KTLS_OCSP_BOARD_LINE);

/* The header is the first line. */
static unsigned long line_of(u32 slot)
{
	return slot + 1UL;
}

static u32 slots_in(unsigned long pages)
{
	return pages * LINES_PER_PAGE - 1;
}

/**
 * ktls_ocsp_board_init() - make the board of a new store
 * @board: the board
 * @limits: what its pages are charged to
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int ktls_ocsp_board_init(struct ktls_ocsp_board *board,
			 struct ktls_ocsp_limits *limits)
{
	struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);

	if (!page)
		return -ENOMEM;
	mutex_init(&board->lock);
	xa_init_flags(&board->pages, XA_FLAGS_ACCOUNT);
	if (xa_err(xa_store(&board->pages, 0, page, GFP_KERNEL_ACCOUNT))) {
		__free_page(page);
		return -ENOMEM;
	}
	board->limits = limits;
	board->header = page_address(page);
	board->header->version = KTLS_OCSP_BOARD_VERSION;
	board->header->slots = slots_in(1);
	return 0;
}

/**
 * ktls_ocsp_board_destroy() - free a board that nothing maps
 * @board: the board
 */
void ktls_ocsp_board_destroy(struct ktls_ocsp_board *board)
{
	unsigned long offset;
	struct page *page;

	xa_for_each(&board->pages, offset, page) {
		__free_page(page);
		if (offset)
			ktls_ocsp_uncharge(board->limits, board->limits->owner,
					   KTLS_OCSP_RESOURCE_BYTES, PAGE_SIZE);
	}
	xa_destroy(&board->pages);
	mutex_destroy(&board->lock);
}

/* Add a page, with all that takes memory done before the lock is taken. */
static int add_page(struct ktls_ocsp_board *board, unsigned long offset)
{
	struct page *page;
	int err;

	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!page)
		return -ENOMEM;
	err = xa_reserve(&board->pages, offset, GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_page;
	mutex_lock(&board->lock);
	/* A reserved place takes no memory any more. */
	err = xa_load(&board->pages, offset) ? -EBUSY :
	      xa_err(xa_store(&board->pages, offset, page, GFP_NOWAIT));
	if (!err) {
		ktls_ocsp_charge_always(board->limits, board->limits->owner,
					KTLS_OCSP_RESOURCE_BYTES, PAGE_SIZE);
		if (slots_in(offset + 1) > board->header->slots) {
			/* Release: who sees the number finds the page. */
			smp_store_release(&board->header->slots,
					  slots_in(offset + 1));
		}
	}
	mutex_unlock(&board->lock);
	if (!err)
		return 0;
err_page:
	__free_page(page);
	/* Somebody else was faster. */
	return err == -EBUSY ? 0 : err;
}

/**
 * ktls_ocsp_board_prepare() - make a slot readable
 * @board: the board
 * @slot: the slot, which shows nothing
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int ktls_ocsp_board_prepare(struct ktls_ocsp_board *board, u32 slot)
{
	unsigned long offset, last = line_of(slot) / LINES_PER_PAGE;
	int err;

	/* From the first that is missing: below header->slots none is. */
	offset = (READ_ONCE(board->header->slots) + 1) / LINES_PER_PAGE;
	for (; offset <= last; offset++) {
		err = add_page(board, offset);
		if (err)
			return err;
	}
	return 0;
}

/**
 * ktls_ocsp_board_publish() - show an entry's generation
 * @board: the board; its store is locked
 * @slot: a slot that was prepared
 * @generation: of the blob that can be read from now on, 0 for none
 */
void ktls_ocsp_board_publish(struct ktls_ocsp_board *board, u32 slot,
			     u64 generation)
{
	struct ktls_ocsp_board_slot *slots;
	unsigned long line = line_of(slot);
	struct page *page;

	page = xa_load(&board->pages, line / LINES_PER_PAGE);
	slots = page_address(page);
	/* Pairs with the readers' load-acquire: the blob comes first. */
	smp_store_release(&slots[line % LINES_PER_PAGE].generation, generation);
}

/**
 * ktls_ocsp_board_set_min_validity() - show that setting
 * @board: the board
 * @seconds: the setting
 */
void ktls_ocsp_board_set_min_validity(struct ktls_ocsp_board *board,
				      unsigned int seconds)
{
	WRITE_ONCE(board->header->min_validity, seconds);
}

/**
 * ktls_ocsp_board_size() - bytes that a session may map
 * @entries: most entries that the store may have
 *
 * Twice the slots that these take: an entry that was reclaimed while sessions
 * held it keeps its slot until they let go. A slot beyond the mapping is no
 * error, its reader asks the kernel instead.
 *
 * Return: the bytes, whole pages.
 */
u64 ktls_ocsp_board_size(unsigned int entries)
{
	return PAGE_ALIGN((1 + 2 * (u64)entries) * KTLS_OCSP_BOARD_LINE);
}

/**
 * ktls_ocsp_board_fault() - a process touches a page for the first time
 * @board: the board
 * @vmf: where
 *
 * Return: 0 with a referenced page, or VM_FAULT_SIGBUS where there is none.
 */
vm_fault_t ktls_ocsp_board_fault(struct ktls_ocsp_board *board,
				 struct vm_fault *vmf)
{
	/* Pages are freed with the board alone, which the mapping pins. */
	struct page *page = xa_load(&board->pages, vmf->pgoff);

	if (!page)
		return VM_FAULT_SIGBUS;
	get_page(page);
	vmf->page = page;
	return 0;
}
