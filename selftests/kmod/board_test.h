/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What the tests of the board share: board.c and board_life.c. Included once
 * in each, for the harness keeps its tests in static lists.
 */
#ifndef BOARD_TEST_H
#define BOARD_TEST_H

#include <fcntl.h>
#include <sys/mman.h>

#include <linux/ktls_ocsp_board.h>

#include "ktest.h"
#include "kselftest_harness.h"

#define LINE		KTLS_OCSP_BOARD_LINE
#define MIN_VALIDITY	600		/* the default */

FIXTURE(board)
{
	struct kt_sock sk;
	struct kt_msg msg;
	size_t page;
	long refs;			/* of the module, before the session */
	int session;
	size_t size;
	uint32_t slot;			/* of entry 0 */
	const void *map;
};

static inline long module_refs(void)
{
	char text[32] = "";
	int fd = open("/sys/module/ktls_ocsp/refcnt", O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return len > 0 ? strtol(text, NULL, 10) : -1;
}

static inline const void *map_board(int session, size_t size)
{
	return mmap(NULL, size, PROT_READ, MAP_SHARED, session, 0);
}

static inline uint32_t slots_of(const void *map)
{
	const struct ktls_ocsp_board_header *header = map;

	return __atomic_load_n(&header->slots, __ATOMIC_ACQUIRE);
}

static inline uint32_t min_validity_of(const void *map)
{
	const struct ktls_ocsp_board_header *header = map;

	return __atomic_load_n(&header->min_validity, __ATOMIC_RELAXED);
}

static inline const struct ktls_ocsp_board_slot *slot_of(const void *map,
							 uint32_t slot)
{
	return (const void *)((const char *)map + LINE * (1 + (size_t)slot));
}

static inline uint64_t generation_of(const void *map, uint32_t slot)
{
	return __atomic_load_n(&slot_of(map, slot)->generation,
			       __ATOMIC_ACQUIRE);
}

FIXTURE_SETUP(board)
{
	self->page = sysconf(_SC_PAGESIZE);
	kt_new_netns();
	kt_new(&self->sk);
	self->refs = module_refs();
	self->session = kt_session_with_board(&self->sk, &self->size);
	ASSERT_LE(0, self->session);
	ASSERT_EQ(0, kt_create(&self->sk, self->session, 0, &self->slot));
	self->map = map_board(self->session, self->size);
	ASSERT_NE(MAP_FAILED, self->map);
}

FIXTURE_TEARDOWN(board)
{
	munmap((void *)self->map, self->size);
	close(self->session);
	kt_free(&self->sk);
}

static inline int map_errno(int session, size_t len, int prot, int flags, off_t offset)
{
	void *at = mmap(NULL, len, prot, flags, session, offset);

	if (at == MAP_FAILED)
		return errno;
	munmap(at, len);
	return 0;
}

/* What the store says the newest generation is; 0: it has no blob. */
static inline uint64_t stored(struct kt_sock *sk, uint32_t n)
{
	struct kt_msg msg;

	return kt_get(sk, -1, n, 0, &msg) ? 0 :
	       kt_u64(&msg, KTLS_OCSP_A_GENERATION);
}

#endif /* BOARD_TEST_H */
