/* SPDX-License-Identifier: ((GPL-2.0-only WITH Linux-syscall-note) OR BSD-3-Clause) */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The board: what a mapped session shows of its store, to be read without a
 * system call.
 *
 * mmap(NULL, board-size, PROT_READ, MAP_SHARED, session, 0) maps the board of
 * the session's store. Both board-size and the layout, board-version, come
 * with the session: the newest that the kernel has and the request named. A
 * header stands at the start of version 1, one slot of the same size behind
 * the other after it. The kernel writes, processes only read. A mapping
 * outlives the session and its store's network namespace; then all slots show
 * 0.
 *
 * A slot may be read while its entry is held, and only if it lies below the
 * header's slots and within what was mapped. Memory at or above the header's
 * slots does not exist yet (SIGBUS); and the store may have grown beyond the
 * mapping since. For a slot that cannot be read, ask with "get".
 *
 * A generation is read with one load of 64 bits. A process that has none, as
 * on 32-bit architectures, cannot map a board: mmap fails with EOPNOTSUPP, and
 * it asks with "get". The kernel itself is a 64-bit one.
 */
#ifndef _UAPI_LINUX_KTLS_OCSP_BOARD_H
#define _UAPI_LINUX_KTLS_OCSP_BOARD_H

#include <linux/types.h>

#define KTLS_OCSP_BOARD_VERSION		1

/* Bytes of the header and of each slot: a cache line of its own. */
#define KTLS_OCSP_BOARD_LINE		64

/**
 * struct ktls_ocsp_board_header - the start of a board
 * @version: KTLS_OCSP_BOARD_VERSION; another one has another layout
 * @slots: slots that may be read, from 0; grows, never shrinks. Read it with
 *	acquire semantics.
 * @min_validity: seconds that a blob must still be valid to be stapled
 * @reserved: 0
 */
struct ktls_ocsp_board_header {
	__u32 version;
	__u32 slots;
	__u32 min_validity;
	__u32 reserved[13];
};

/**
 * struct ktls_ocsp_board_slot - what an entry offers
 * @generation: of the entry's newest blob; 0 when it has none, or left the
 *	store. Written with release semantics after the blob can be read by
 *	"get", so read it with acquire semantics. A value never comes back, also
 *	when another entry takes the slot. It does not change when the blob
 *	expires: compare its next update with the clock.
 * @reserved: 0
 */
struct ktls_ocsp_board_slot {
	__u64 generation;
	__u64 reserved[7];
};

#endif /* _UAPI_LINUX_KTLS_OCSP_BOARD_H */
