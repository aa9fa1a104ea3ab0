// SPDX-License-Identifier: GPL-2.0-only
/*
 * The board: a store's generations, in pages that processes map.
 *
 * A reader compares one number with the one that it knows, and need not ask
 * the kernel when they are equal. The store publishes a blob before its
 * generation (store-release here, load-acquire there), so whoever sees a
 * generation on the board gets that blob or a later one.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

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

static struct page *add_page(struct ktls_ocsp_board *board,
			     unsigned long offset)
{
	struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);

	if (!page)
		return NULL;
	if (!xa_err(xa_store(&board->pages, offset, page, GFP_KERNEL_ACCOUNT)))
		return page;
	__free_page(page);
	return NULL;
}

/**
 * ktls_ocsp_board_create() - make the board of a new store
 *
 * Return: the board with one reference, or NULL when there is no memory.
 */
struct ktls_ocsp_board *ktls_ocsp_board_create(void)
{
	struct ktls_ocsp_board *board;
	struct page *page;

	board = kzalloc(sizeof(*board), GFP_KERNEL_ACCOUNT);
	if (!board)
		return NULL;
	xa_init_flags(&board->pages, XA_FLAGS_ACCOUNT);
	page = add_page(board, 0);
	if (!page) {
		kfree(board);
		return NULL;
	}
	refcount_set(&board->refs, 1);
	board->header = page_address(page);
	board->header->version = KTLS_OCSP_BOARD_VERSION;
	board->header->slots = LINES_PER_PAGE - 1;
	return board;
}

/**
 * ktls_ocsp_board_put() - drop a reference
 * @board: the board
 *
 * May sleep.
 */
void ktls_ocsp_board_put(struct ktls_ocsp_board *board)
{
	unsigned long offset;
	struct page *page;

	if (!refcount_dec_and_test(&board->refs))
		return;
	xa_for_each(&board->pages, offset, page)
		__free_page(page);
	xa_destroy(&board->pages);
	kfree(board);
}

/**
 * ktls_ocsp_board_prepare() - make a slot readable
 * @board: the board; its store is locked
 * @slot: the slot, which is withdrawn
 *
 * Return: 0 or -ENOMEM.
 */
int ktls_ocsp_board_prepare(struct ktls_ocsp_board *board, u32 slot)
{
	unsigned long offset = line_of(slot) / LINES_PER_PAGE;
	unsigned long slots = (offset + 1) * LINES_PER_PAGE - 1;

	if (xa_load(&board->pages, offset))
		return 0;
	if (!add_page(board, offset))
		return -ENOMEM;
	/*
	 * Slots are taken from the lowest on, so no page below is missing.
	 * Release: who sees the number finds the page.
	 */
	smp_store_release(&board->header->slots, slots);
	return 0;
}

/**
 * ktls_ocsp_board_publish() - show a response's generation
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
 * ktls_ocsp_board_size() - bytes that a mapping of so many slots takes
 * @slots: the slots
 *
 * Return: the bytes, whole pages.
 */
u64 ktls_ocsp_board_size(unsigned int slots)
{
	return PAGE_ALIGN((1 + (u64)slots) * KTLS_OCSP_BOARD_LINE);
}

static vm_fault_t board_fault(struct vm_fault *vmf)
{
	struct ktls_ocsp_board *board = vmf->vma->vm_file->private_data;
	struct page *page;

	/* Pages are added, and freed with the board alone, which we pin. */
	page = xa_load(&board->pages, vmf->pgoff);
	if (!page)
		return VM_FAULT_SIGBUS;
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct board_vm_ops = {
	.fault = board_fault,
};

static int board_release(struct inode *inode, struct file *file)
{
	ktls_ocsp_board_put(file->private_data);
	return 0;
}

/* Pins the module, as a session's file does. Never in a file table. */
static const struct file_operations board_fops = {
	.owner		= THIS_MODULE,
	.release	= board_release,
};

/**
 * ktls_ocsp_board_mmap() - map a board
 * @board: the board
 * @size: bytes that may be mapped
 * @vma: the mapping, of a session's file
 *
 * The mapping gets a file of its own: it holds the board, not the session,
 * which otherwise a child that inherited the mapping would keep alive.
 *
 * Return: 0; -EPERM for a mapping to write or execute, -EINVAL when it goes
 * beyond the board, -ENOMEM or -ENFILE.
 */
int ktls_ocsp_board_mmap(struct ktls_ocsp_board *board, u64 size,
			 struct vm_area_struct *vma)
{
	struct file *file;

	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	if (vma->vm_pgoff + vma_pages(vma) > size >> PAGE_SHIFT)
		return -EINVAL;
	file = anon_inode_getfile("[ktls_ocsp_board]", &board_fops, board,
				  O_RDONLY);
	if (IS_ERR(file))
		return PTR_ERR(file);
	refcount_inc(&board->refs);
	vma_set_file(vma, file);
	fput(file);
	/* What cannot be written now must not become so by mprotect(). */
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP,
		     VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_ops = &board_vm_ops;
	return 0;
}
