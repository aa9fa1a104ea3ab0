// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What each thread remembers of a handle.
 *
 * A server asks for its staple on every handshake, in every thread. If all of
 * them counted references on the same context, they would pass one cache line
 * around; so each thread has a context of its own for each handle, a clone,
 * which points to the bytes that all have in common. The cache holds one
 * reference on the clone, so a context is never freed under its reader, and a
 * reader needs neither a lock nor to announce what it reads.
 *
 * Why it is safe to compare and go: a cache is written and read by its thread
 * alone, and so is all of a clone that changes, but for its count. The only
 * thing that another party changes is the generation on the board. Equal to
 * what was remembered, it says that at the moment of the load this blob was the
 * store's newest; a number never comes back, not even when another entry takes
 * the slot, so there is no older or other blob that it could stand for. Not
 * equal, we ask. (Who cannot reach the kernel remembers a blob that is still
 * valid with a number that is not its own, until the next attempt.)
 *
 * The kernel publishes the number after the blob, with release, and we load it
 * with acquire; so whoever asks because he saw a number gets its blob or a
 * later one, never the one before. selftests/model/board.pml models all of this.
 *
 * A child of fork() goes on with what its thread remembers: it has the mapping
 * and the descriptor, as its parent had them.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "sanitizer.h"
#include "thread_cache.h"

/*
 * time() is one load from the vDSO's page, without a system call on every clock
 * source; CLOCK_REALTIME is not on those of some virtual machines. But it is
 * behind the time by up to a tick, and by more where a hypervisor is late with
 * the tick. So it is not trusted in the last seconds before a response is over.
 */
#define COARSE_BEHIND	10

struct entry {
	uint64_t serial;		/* of the handle; 0: nothing */
	struct ocsp_board_slot slot;
	struct ocsp_context *clone;
};

/*
 * By the index of a handle; freed when the thread ends. In pages of its own, which
 * come when an entry in them is written: a worker that staples one certificate
 * of many has one of them.
 */
struct cache {
	size_t count;
	struct entry entry[];
};

/* LeakSanitizer, where it is, looks for pointers in what malloc() gave and in these. */
#pragma weak __lsan_register_root_region
#pragma weak __lsan_unregister_root_region

static void show_to_lsan(const struct cache *c, size_t size)
{
	if (__lsan_register_root_region)
		__lsan_register_root_region(c, size);
}

static void hide_from_lsan(const struct cache *c, size_t size)
{
	if (__lsan_unregister_root_region)
		__lsan_unregister_root_region(c, size);
}

static size_t cache_size(size_t count)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = sizeof(struct cache) + count * sizeof(struct entry);

	return (size + page - 1) & ~(page - 1);
}

/*
 * Not initial-exec: that takes all of the library's thread-local memory out of
 * what little there is for libraries that are loaded later, and musl has none.
 */
static __thread struct cache *cache;
static pthread_key_t key;
static bool have_key;

static void cache_free(void *arg)
{
	struct cache *c = cache;
	size_t i;

	(void)arg;
	cache = NULL;
	for (i = 0; i < c->count; i++)
		ocsp_context_put(c->entry[i].clone);
	hide_from_lsan(c, cache_size(c->count));
	munmap(c, cache_size(c->count));
}

__attribute__((constructor))
static void cache_init(void)
{
	have_key = !pthread_key_create(&key, cache_free);
}

/* Apart, so that who does not need it keeps nothing on the stack for it. */
static __attribute__((noinline, cold)) struct ocsp_context *
get_at_last(struct ocsp_context *clone, uint32_t min_validity)
{
	/* Or it only has to be looked up again. */
	if (clone->cached_until < clone->next_update)
		return NULL;
	return ocsp_context_is_valid(clone, ocsp_now(), min_validity) ?
	       ocsp_context_get(clone) : NULL;
}

struct ocsp_context *ocsp_thread_cache_get(const struct ocsp_handle *h)
{
	const struct cache *c = cache;
	struct ocsp_context *clone;
	const struct entry *entry;
	uint32_t min_validity;
	int64_t left;

	if (!c || h->index >= c->count)
		return NULL;
	entry = &c->entry[h->index];
	if (entry->serial != h->serial)
		return NULL;
	clone = entry->clone;
	if (ocsp_board_generation(&entry->slot) != clone->generation)
		return NULL;
	min_validity = ocsp_board_min_validity(&entry->slot);
	left = clone->cached_until - (time(NULL) + COARSE_BEHIND);
	if (left <= 0 || left < min_validity)
		return get_at_last(clone, min_validity);
	return ocsp_context_get(clone);
}

/* Make room for an index, where there is none. False: no memory. */
static bool cache_reach(size_t index)
{
	size_t size = cache_size(index + index / 8 + 1), old = 0;
	struct cache *c = cache;

	if (c && index < c->count)
		return true;
	if (c) {
		old = cache_size(c->count);
		c = mremap(c, old, size, MREMAP_MAYMOVE);
	} else {
		c = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	if (c == MAP_FAILED)
		return false;
	if (old)
		hide_from_lsan(cache, old);
	show_to_lsan(c, size);
	c->count = (size - sizeof(*c)) / sizeof(c->entry[0]);
	cache = c;
	return !pthread_setspecific(key, c);
}

/* In seconds since the epoch, such that ocsp_thread_cache_get() ends with it. */
static int64_t until(const struct ocsp_board_slot *slot, uint32_t seconds,
		     const struct ocsp_context *context)
{
	int64_t end = ocsp_now() + seconds + COARSE_BEHIND +
		      ocsp_board_min_validity(slot);

	return end < context->next_update ? end : context->next_update;
}

struct ocsp_context *ocsp_thread_cache_set(const struct ocsp_handle *h,
					   const struct ocsp_board_slot *slot,
					   uint64_t shown, uint32_t seconds,
					   struct ocsp_context *context)
{
	struct ocsp_context *clone;
	struct entry *entry;

	if (!have_key || !slot->generation || !cache_reach(h->index))
		return context;
	entry = &cache->entry[h->index];
	clone = entry->clone;
	if (entry->serial == h->serial && clone->original == context) {
		/* The clone has its own reference on it. */
		ocsp_context_put(context);
	} else {
		clone = ocsp_context_clone(context);
		if (!clone)
			return context;
		ocsp_context_put(entry->clone);
		entry->serial = h->serial;
		entry->clone = clone;
	}
	entry->slot = *slot;
	clone->generation = shown;
	clone->cached_until = until(slot, seconds, context);
	return ocsp_context_get(clone);
}
