// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Views: what one thread saw of a handle last.
 *
 * A server asks for its staple on every handshake, in every thread. If all of
 * them counted references on the same context, they would pass one cache line
 * around; so each thread has a context of its own for each handle, a share,
 * which points to the bytes that all have in common. The view holds one
 * reference on the share, so a context is never freed under its reader, and a
 * reader needs neither a lock nor to announce what it reads.
 *
 * Why it is safe to compare and go: a view is written and read by its thread
 * alone. The share in it is immutable but for its count. The only thing that
 * another party changes is the generation on the board. Equal to the share's,
 * it says that at the moment of the load this blob was the store's newest; a
 * number never comes back, not even when another response takes the slot, so
 * there is no older or other blob that it could stand for. Not equal, we ask.
 *
 * The kernel publishes the number after the blob, with release, and we load it
 * with acquire; so whoever asks because he saw a number gets its blob or a
 * later one, never the one before. selftests/model/board.pml models all of this.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "view.h"

/*
 * time() is one load from the vDSO's page, without a system call on every clock
 * source; CLOCK_REALTIME is not on those of some virtual machines. But it is
 * behind the time by up to a tick, and by more where a hypervisor is late with
 * the tick. So it is not trusted in the last seconds before a response is over.
 */
#define COARSE_BEHIND	10

struct view {
	uint64_t tag;			/* see tag_of(); 0: nothing seen */
	struct ocsp_place place;
	struct ocsp_context *share;
};

/* By the index of a handle; freed when the thread ends. */
struct views {
	size_t count;
	struct view view[];
};

/*
 * Not initial-exec: that takes all of the library's thread-local memory out of
 * what little there is for libraries that are loaded later, and musl has none.
 */
static __thread struct views *views;
static pthread_key_t key;
static bool have_key;

static void views_free(void *arg)
{
	struct views *v = views;
	size_t i;

	(void)arg;
	views = NULL;
	for (i = 0; i < v->count; i++)
		ocsp_context_put(v->view[i].share);
	free(v);
}

__attribute__((constructor))
static void views_init(void)
{
	have_key = !pthread_key_create(&key, views_free);
}

/*
 * A handle, as it was looked at in this session: after a fork() its child has
 * to find out that it does not hold the response. Numbers of sessions come
 * back after 2^24; so would a view then, which the board still keeps true.
 */
static uint64_t tag_of(const struct ocsp_handle *h)
{
	return h->serial +
	       (atomic_load_explicit(&ocsp_session_epoch,
				     memory_order_relaxed) << 40);
}

/* Apart, so that who does not need it keeps nothing on the stack for it. */
static __attribute__((noinline, cold)) struct ocsp_context *
get_at_last(struct ocsp_context *share, uint32_t min_validity)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ocsp_context_is_valid(share, now.tv_sec, min_validity) ?
	       ocsp_context_get(share) : NULL;
}

struct ocsp_context *ocsp_view_get(const struct ocsp_handle *h)
{
	const struct views *v = views;
	const struct view *view;
	uint32_t min_validity;
	int64_t now;

	if (!v || h->index >= v->count)
		return NULL;
	view = &v->view[h->index];
	if (view->tag != tag_of(h) ||
	    ocsp_place_generation(&view->place) != view->share->generation)
		return NULL;
	now = time(NULL);
	min_validity = ocsp_place_min_validity(&view->place);
	if (!ocsp_context_is_valid(view->share, now + COARSE_BEHIND,
				   min_validity))
		return get_at_last(view->share, min_validity);
	return ocsp_context_get(view->share);
}

/* Make room for an index. False: no memory. */
static bool views_reach(size_t index)
{
	size_t old = views ? views->count : 0, count = index + index / 8 + 1;
	struct views *v;

	if (index < old)
		return true;
	v = realloc(views, sizeof(*v) + count * sizeof(v->view[0]));
	if (!v)
		return false;
	memset(&v->view[old], 0, (count - old) * sizeof(v->view[0]));
	v->count = count;
	views = v;
	return !pthread_setspecific(key, v);
}

struct ocsp_context *ocsp_view_set(const struct ocsp_handle *h,
				   const struct ocsp_place *place,
				   struct ocsp_context *context)
{
	struct ocsp_context *share;
	struct view *view;

	if (!have_key || !place->generation || !views_reach(h->index))
		return context;
	share = ocsp_context_share(context);
	if (!share)
		return context;
	view = &views->view[h->index];
	ocsp_context_put(view->share);
	view->tag = tag_of(h);
	view->place = *place;
	view->share = ocsp_context_get(share);
	return share;
}
