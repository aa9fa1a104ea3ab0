// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Pools: one for each size, made of chunks, which know how many of their
 * objects are taken and go when none is.
 */
#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "pool.h"

#define GRAIN		alignof(max_align_t)
#define LARGEST		4096	/* beyond it, malloc() fills pages as well */
#define CHUNK		(64 << 10)

/* ASan sees what is wrong with what malloc() gave, and nothing in a chunk. */
#if defined(__SANITIZE_ADDRESS__) && !defined(OCSP_PLAIN_MALLOC)
#define OCSP_PLAIN_MALLOC	1
#elif !defined(OCSP_PLAIN_MALLOC)
#define OCSP_PLAIN_MALLOC	0
#endif

/* An object that is not taken. */
struct spare {
	struct spare *next;
};

/* At the start of CHUNK bytes, aligned to as many. */
struct chunk {
	alignas(OCSP_POOL_LINE) struct chunk *next;	/* with room, too */
	struct chunk **at;		/* what points to this one */
	struct spare *spare;		/* were given back */
	uint32_t end;			/* behind it, nothing was ever taken */
	uint32_t used;			/* objects that are taken */
};

/* Chunks with room, by size in grains; and all that is in chunks. */
static struct chunk *pools[LARGEST / GRAIN + 1];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void ocsp_pool_lock(void)
{
	pthread_mutex_lock(&lock);
}

void ocsp_pool_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static bool in_pool(size_t size)
{
	return size <= LARGEST && !OCSP_PLAIN_MALLOC;
}

static size_t round_up(size_t size)
{
	return (size + GRAIN - 1) / GRAIN * GRAIN;
}

static struct chunk *chunk_of(void *object)
{
	return (void *)((char *)object - ((uintptr_t)object & (CHUNK - 1)));
}

static void link_chunk(struct chunk *chunk, struct chunk **pool)
{
	chunk->next = *pool;
	chunk->at = pool;
	if (chunk->next)
		chunk->next->at = &chunk->next;
	*pool = chunk;
}

static void unlink_chunk(struct chunk *chunk)
{
	*chunk->at = chunk->next;
	if (chunk->next)
		chunk->next->at = chunk->at;
}

/* Map twice as much, and give back what is before and behind the chunk. */
static struct chunk *new_chunk(struct chunk **pool)
{
	struct chunk *chunk;
	size_t before;
	char *base;

	base = mmap(NULL, 2 * CHUNK, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)base & (CHUNK - 1);
	if (before)
		munmap(base, before);
	munmap(base + before + CHUNK, CHUNK - before);
	chunk = (struct chunk *)(base + before);
	chunk->end = sizeof(*chunk);
	link_chunk(chunk, pool);
	return chunk;
}

static bool has_room(const struct chunk *chunk, size_t size)
{
	return chunk->spare || chunk->end + size <= CHUNK;
}

/* With the lock held. What was given back comes first: it is ours already. */
static void *take(struct chunk *chunk, size_t size)
{
	void *object = chunk->spare;

	if (object) {
		chunk->spare = chunk->spare->next;
	} else {
		object = (char *)chunk + chunk->end;
		chunk->end += size;
	}
	chunk->used++;
	if (!has_room(chunk, size))
		unlink_chunk(chunk);
	return object;
}

void *ocsp_pool_alloc(size_t size)
{
	struct chunk **pool, *chunk;
	void *object = NULL;

	if (!in_pool(size))
		return size % OCSP_POOL_LINE ? malloc(size) :
		       aligned_alloc(OCSP_POOL_LINE, size);
	size = round_up(size);
	ocsp_pool_lock();
	pool = &pools[size / GRAIN];
	chunk = *pool ? *pool : new_chunk(pool);
	if (chunk)
		object = take(chunk, size);
	ocsp_pool_unlock();
	return object;
}

void ocsp_pool_free(void *object, size_t size)
{
	struct chunk *chunk = chunk_of(object);
	struct spare *spare = object;

	if (!object)
		return;
	if (!in_pool(size)) {
		free(object);
		return;
	}
	size = round_up(size);
	ocsp_pool_lock();
	if (!has_room(chunk, size))
		link_chunk(chunk, &pools[size / GRAIN]);
	spare->next = chunk->spare;
	chunk->spare = spare;
	if (!--chunk->used) {
		unlink_chunk(chunk);
		munmap(chunk, CHUNK);
	}
	ocsp_pool_unlock();
}
