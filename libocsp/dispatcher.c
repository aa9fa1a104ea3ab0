// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The thread that tells of new responses, see dispatcher.h.
 *
 * It looks at the board once a second, which is a load for each handle: so it
 * needs no descriptor of its own, and nothing that the kernel could drop.
 */
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "cancel.h"
#include "dispatcher.h"
#include "lookup.h"
#include <libocsp/ocsp.h>

#define INTERVAL	1	/* seconds */

/* All of it is protected by the library's lock. */
static struct {
	bool running;
	bool taken_over;		/* by the application, for ever */
	bool again;			/* there may be a handle that it passed */
	pthread_t thread;
	const struct ocsp_handle *handle;	/* which it is at, or NULL */
	pthread_cond_t changed;		/* what is above, or a handle's end */
} dispatcher;

static void init_changed(void)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&dispatcher.changed, &attr);
	pthread_condattr_destroy(&attr);
}

__attribute__((constructor))
static void dispatcher_init(void)
{
	init_changed();
}

static bool wants(const struct ocsp_handle *h)
{
	return ocsp_handle_config_wants_updates(h->config);
}

static bool is_self(void)
{
	return dispatcher.running &&
	       pthread_equal(dispatcher.thread, pthread_self());
}

/* With the lock held, which is dropped in between. True: there were some. */
static bool update_all(bool as_thread)
{
	struct ocsp_handle *h;
	uint32_t index = 0;
	bool any = false;

	while ((h = ocsp_handle_next(&index))) {
		if (as_thread)
			dispatcher.handle = h;
		ocsp_unlock();
		if (wants(h)) {
			any = true;
			ocsp_handle_update(h);
		}
		ocsp_handle_unpin(h);
		ocsp_lock();
		if (as_thread) {
			dispatcher.handle = NULL;
			pthread_cond_broadcast(&dispatcher.changed);
		}
	}
	return any;
}

static void *run(void *arg)
{
	struct timespec next;
	bool any;

	(void)arg;
	ocsp_lock();
	do {
		dispatcher.again = false;
		any = update_all(true);
		if (!any || dispatcher.taken_over)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &next);
		next.tv_sec += INTERVAL;
		ocsp_wait(&dispatcher.changed, &next);
	} while (!dispatcher.taken_over && (any || dispatcher.again));
	dispatcher.running = false;
	pthread_cond_broadcast(&dispatcher.changed);
	ocsp_unlock();
	return NULL;
}

/* The application's signals are for its own threads. */
static void start(void)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	dispatcher.running = !pthread_create(&dispatcher.thread, NULL, run,
					     NULL);
	if (dispatcher.running)
		pthread_detach(dispatcher.thread);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void ocsp_dispatcher_start(const struct ocsp_handle *h)
{
	if (!wants(h))
		return;
	ocsp_lock();
	dispatcher.again = true;
	if (!dispatcher.running && !dispatcher.taken_over)
		start();
	ocsp_unlock();
}

void ocsp_dispatcher_tell(struct ocsp_handle *h)
{
	bool by_us;

	if (!wants(h))
		return;
	ocsp_dispatcher_start(h);
	ocsp_lock();
	by_us = !dispatcher.running && !dispatcher.taken_over;
	if (h->config->updates.pending)
		pthread_cond_broadcast(&dispatcher.changed);
	ocsp_unlock();
	if (by_us)
		ocsp_updates_tell(h->config);
}

void ocsp_dispatcher_leave(const struct ocsp_handle *h)
{
	if (!wants(h))
		return;
	ocsp_lock();
	while (dispatcher.handle == h && !is_self())
		ocsp_wait(&dispatcher.changed, NULL);
	/* It ends if this was the last one. */
	pthread_cond_broadcast(&dispatcher.changed);
	ocsp_unlock();
}

void ocsp_dispatcher_forked(void)
{
	dispatcher.running = false;
	dispatcher.handle = NULL;
	init_changed();
}

void OcspDispatchUpdates(void)
{
	int state = ocsp_cancel_disable();

	ocsp_lock();
	dispatcher.taken_over = true;
	pthread_cond_broadcast(&dispatcher.changed);
	while (dispatcher.running && !is_self())
		ocsp_wait(&dispatcher.changed, NULL);
	update_all(false);
	ocsp_unlock();
	ocsp_cancel_restore(state);
}
