// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Who tells of new responses: a thread, see dispatcher.h, or the application.
 *
 * The kernel makes the session readable when an entry changes that it holds. It
 * tells each change once, and not what came of it, so what is told is only where
 * to look; and what the board shows to be new is looked up without being told.
 * Once a second it is looked at what no session of this process tells: what was
 * inherited, is not held, or is of a kernel whose sessions cannot be polled.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "cancel.h"
#include "dispatcher.h"
#include "events.h"
#include "lookup.h"
#include <libocsp/ocsp.h>

#define INTERVAL	1	/* seconds, where nobody tells us */

/* All of it is protected by the library's lock. */
static struct {
	bool running;
	bool taken_over;		/* by the application, for ever */
	bool has_descriptor;		/* the application sleeps on it */
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

/* Does its session tell when it changes? */
static bool is_told(const struct ocsp_handle *h)
{
	return ocsp_handle_hold_of(h) == OCSP_HELD &&
	       h->session->in_epoll;
}

/* Does the board show something that we do not have? */
static bool is_behind(const struct ocsp_handle *h)
{
	struct ocsp_board_slot board = ocsp_handle_board(h);
	uint64_t shown;

	if (!board.generation)
		return false;
	shown = ocsp_board_generation(&board);
	return shown && shown != h->generation;
}

/* What one round found. */
struct round {
	struct ocsp_changes changes;
	bool as_thread;
	bool any;			/* there were handles to dispatch for */
	bool untold;			/* some have to be looked at in time */
};

/* Nobody tells of what a Get found that had to open a session first. */
static bool is_due(const struct ocsp_handle *h, const struct round *round)
{
	return !is_told(h) || is_behind(h) || h->config->updates.pending ||
	       ocsp_changes_has(&round->changes, h->config->slot);
}

/*
 * With the lock held, which is dropped in between. The application's loop also
 * attaches what nobody is told of; what is held is read when it is asked for.
 */
static void update_one(struct ocsp_handle *h, struct round *round)
{
	bool wanted = wants(h), due = wanted && is_due(h, round);
	bool waits = !wanted && !ocsp_handle_is_held(h);
	struct ocsp_error ignored;

	if (due || waits) {
		ocsp_unlock();
		if (due)
			ocsp_handle_update(h);
		else
			ocsp_handle_attach(h, &ignored);
		ocsp_lock();
	}
	if (!is_told(h) || (wanted && is_behind(h)))
		round->untold = true;
}

/* With the lock held, which is dropped in between. */
static void update_all(struct round *round)
{
	struct ocsp_handle *h;
	uint32_t index = 0;

	/* They are read from: not what the application has by their numbers. */
	ocsp_sessions_check(true);
	ocsp_events_take(&round->changes);
	while ((h = ocsp_handle_next(&index))) {
		if (round->as_thread)
			dispatcher.handle = h;
		round->any |= wants(h);
		if (wants(h) || !round->as_thread)
			update_one(h, round);
		ocsp_unlock();
		ocsp_handle_unpin(h);
		ocsp_lock();
		if (round->as_thread) {
			dispatcher.handle = NULL;
			pthread_cond_broadcast(&dispatcher.changed);
		}
	}
	free(round->changes.slots);
}

static uint32_t seconds_to_next(const struct round *round)
{
	return round->untold ? INTERVAL : OCSP_CHECK_INTERVAL;
}

/* With the lock held, which is dropped meanwhile. Without a descriptor, blindly. */
static void sleep_until_next(const struct round *round)
{
	uint32_t seconds = seconds_to_next(round);
	struct ocsp_error ignored;
	struct epoll_event event;
	struct timespec next;
	int fd, rc = -1;

	fd = ocsp_events_fd(&ignored);
	if (fd != -1) {
		ocsp_unlock();
		rc = epoll_wait(fd, &event, 1, 1000 * seconds);
		ocsp_lock();
	}
	if (rc >= 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &next);
	next.tv_sec += INTERVAL;
	ocsp_wait(&dispatcher.changed, &next);
}

static void *run(void *arg)
{
	struct round round;

	(void)arg;
	ocsp_lock();
	ocsp_events_hold();
	do {
		dispatcher.again = false;
		round = (struct round){ .as_thread = true };
		update_all(&round);
		if (!round.any || dispatcher.taken_over || dispatcher.again)
			continue;
		sleep_until_next(&round);
	} while (!dispatcher.taken_over && (round.any || dispatcher.again));
	ocsp_events_drop();
	if (!dispatcher.taken_over)
		ocsp_events_close();
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

/* Also the application, where it sleeps on the descriptor. */
void ocsp_dispatcher_wake(void)
{
	pthread_cond_broadcast(&dispatcher.changed);
	ocsp_events_wake(0);
}

void ocsp_dispatcher_start(const struct ocsp_handle *h)
{
	ocsp_lock();
	if (wants(h)) {
		dispatcher.again = true;
		if (!dispatcher.running && !dispatcher.taken_over)
			start();
	}
	/* Whoever sleeps does not know of this one. */
	if ((wants(h) || dispatcher.has_descriptor) && !is_told(h))
		ocsp_events_wake(INTERVAL);
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
		ocsp_dispatcher_wake();
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
	if (dispatcher.running)
		ocsp_dispatcher_wake();
	ocsp_unlock();
}

void ocsp_dispatcher_forked(void)
{
	dispatcher.running = false;
	dispatcher.handle = NULL;
	dispatcher.has_descriptor = false;
	init_changed();
}

/* With the lock held, which is dropped meanwhile. */
static void take_over(void)
{
	dispatcher.taken_over = true;
	if (dispatcher.running)
		ocsp_dispatcher_wake();
	while (dispatcher.running && !is_self())
		ocsp_wait(&dispatcher.changed, NULL);
}

void OcspDispatchUpdates(void)
{
	struct round round = { .as_thread = false };
	int state = ocsp_cancel_disable();

	ocsp_lock();
	take_over();
	update_all(&round);
	if (dispatcher.has_descriptor)
		ocsp_events_wake(seconds_to_next(&round));
	ocsp_unlock();
	ocsp_cancel_restore(state);
}

int OcspGetEventDescriptor(OCSP_ERROR *pError)
{
	struct ocsp_error error;
	int state, fd;

	state = ocsp_cancel_disable();
	ocsp_lock();
	take_over();
	fd = ocsp_events_fd(&error);
	if (fd == -1) {
		ocsp_error_give(&error, pError);
	} else {
		if (!dispatcher.has_descriptor)
			ocsp_events_hold();
		dispatcher.has_descriptor = true;
		/* What is there already is to be dispatched. */
		ocsp_events_wake(0);
	}
	ocsp_unlock();
	ocsp_cancel_restore(state);
	return fd;
}
