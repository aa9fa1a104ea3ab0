// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What wakes up whoever dispatches, see events.h. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/ktls_ocsp_session.h>

#include "events.h"

#define RECORDS		64	/* that one read() takes, at most */

/* Protected by the library's lock. */
static struct {
	struct ocsp_fd_id epoll;
	struct ocsp_fd_id timer;
	unsigned int users;
	bool open;
} events;

void ocsp_events_hold(void)
{
	events.users++;
}

void ocsp_events_drop(void)
{
	events.users--;
}

static int control(int op, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(events.epoll.fd, op, fd, &event);
}

/*
 * An application that closed all descriptors may have got our numbers again,
 * for another epoll, too: only ours has our timer in it.
 */
static bool is_ours(void)
{
	return events.open && ocsp_fd_is_ours(&events.epoll) &&
	       ocsp_fd_is_ours(&events.timer) &&
	       !control(EPOLL_CTL_MOD, events.timer.fd);
}

/* What is somebody else's now is left alone. */
static void forget(void)
{
	struct ocsp_session *session;

	for (session = ocsp_sessions(); session; session = session->next)
		session->in_epoll = false;
	events.open = false;
}

static void close_all(void)
{
	if (is_ours()) {
		close(events.epoll.fd);
		close(events.timer.fd);
	}
	forget();
}

static bool make(struct ocsp_error *error)
{
	struct ocsp_session *session;
	int epoll, timer, err;

	epoll = epoll_create1(EPOLL_CLOEXEC);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (epoll != -1 && timer != -1) {
		ocsp_fd_remember(&events.epoll, epoll);
		ocsp_fd_remember(&events.timer, timer);
		if (!control(EPOLL_CTL_ADD, timer)) {
			events.open = true;
			for (session = ocsp_sessions(); session;
			     session = session->next)
				ocsp_events_add(session);
			return true;
		}
	}
	err = errno;
	if (epoll != -1)
		close(epoll);
	if (timer != -1)
		close(timer);
	return ocsp_error_set(error, ocsp_error_code(-err),
			      "cannot make an event descriptor: %s",
			      strerror(err));
}

int ocsp_events_fd(struct ocsp_error *error)
{
	if (!is_ours()) {
		forget();
		if (!make(error))
			return -1;
	}
	return events.epoll.fd;
}

void ocsp_events_wake(uint32_t seconds)
{
	struct itimerspec when = { .it_value.tv_sec = seconds };

	if (!is_ours())
		return;
	/* 0 would stop it. */
	if (!seconds)
		when.it_value.tv_nsec = 1;
	timerfd_settime(events.timer.fd, 0, &when, NULL);
}

/* A kernel whose sessions cannot be polled says so: the timer has to do. */
void ocsp_events_add(struct ocsp_session *session)
{
	if (session->state == OCSP_SESSION_OWN && is_ours())
		session->in_epoll = !control(EPOLL_CTL_ADD, session->id.fd);
}

/*
 * A child of fork() may have it open, too: then it stays in the epoll when it
 * is closed. Where the application has closed it, there is no other way to get
 * it out than a new epoll.
 */
void ocsp_events_remove(struct ocsp_session *session)
{
	if (session->in_epoll && is_ours()) {
		if (ocsp_fd_is_ours(&session->id))
			control(EPOLL_CTL_DEL, session->id.fd);
		else
			close_all();
	}
	session->in_epoll = false;
}

/*
 * Never waits: -1 and EAGAIN when there is nothing. Where a descriptor cannot
 * be read so, nobody else reads it.
 */
static ssize_t read_changes(int fd, struct ktls_ocsp_change *records,
			    size_t size)
{
	struct iovec iov = { records, size };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	n = preadv2(fd, &iov, 1, -1, RWF_NOWAIT);
	if (n >= 0 || errno != EOPNOTSUPP)
		return n;
	if (poll(&p, 1, 0) == 1)
		return read(fd, records, size);
	errno = EAGAIN;
	return -1;
}

static void note(struct ocsp_changes *changes, uint32_t slot)
{
	size_t room = changes->room ? 2 * changes->room : RECORDS;
	uint32_t *slots;

	if (changes->count == changes->room) {
		slots = reallocarray(changes->slots, room, sizeof(*slots));
		if (!slots) {
			changes->all = true;
			return;
		}
		changes->slots = slots;
		changes->room = room;
	}
	changes->slots[changes->count++] = slot;
}

static void take_from(struct ocsp_session *session,
		      struct ocsp_changes *changes)
{
	struct ktls_ocsp_change records[RECORDS];
	ssize_t n, i;

	while ((n = read_changes(session->id.fd, records, sizeof(records))) > 0)
		for (i = 0; i < n / (ssize_t)sizeof(records[0]); i++)
			note(changes, records[i].slot);
	/* The store's end, or something that is not to be had again. */
	if (!n || (errno != EAGAIN && errno != EINTR)) {
		ocsp_events_remove(session);
		changes->all = true;
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void ocsp_events_take(struct ocsp_changes *changes)
{
	struct ocsp_session *session;
	uint64_t count;

	memset(changes, 0, sizeof(*changes));
	if (!is_ours()) {
		changes->all = true;
		return;
	}
	/* Nothing there is as good as something. */
	if (read(events.timer.fd, &count, sizeof(count)) < 0)
		count = 0;
	for (session = ocsp_sessions(); session; session = session->next)
		if (session->in_epoll)
			take_from(session, changes);
	if (changes->count)
		qsort(changes->slots, changes->count, sizeof(*changes->slots),
		      compare);
}

bool ocsp_changes_has(const struct ocsp_changes *changes, uint32_t slot)
{
	return changes->all ||
	       (changes->count &&
		bsearch(&slot, changes->slots, changes->count,
			sizeof(*changes->slots), compare));
}

void ocsp_events_close(void)
{
	if (!events.users)
		close_all();
}

void ocsp_events_forked(void)
{
	if (events.open)
		close_all();
	events.users = 0;
}
