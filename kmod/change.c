// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Changes: which of a session's entries have changed since they were last
 * read. Each handle has room for its own, so a change takes no memory, cannot
 * be lost, and cannot overrun anything, however late it is read.
 */
#include <linux/sched.h>
#include <linux/uio.h>

#include "change.h"

/* Records that are copied at once, from the stack and without the lock. */
#define CHUNK	32

/**
 * ktls_ocsp_changes_init() - set up a new session's changes
 * @changes: the changes
 */
void ktls_ocsp_changes_init(struct ktls_ocsp_changes *changes)
{
	spin_lock_init(&changes->lock);
	INIT_LIST_HEAD(&changes->changed);
	changes->closed = false;
	init_waitqueue_head(&changes->wait);
}

/**
 * ktls_ocsp_changed_init() - set up a new handle's part
 * @changed: the part
 * @slot: the handle's slot
 */
void ktls_ocsp_changed_init(struct ktls_ocsp_changed *changed, u32 slot)
{
	INIT_LIST_HEAD(&changed->node);
	changed->slot = slot;
	changed->events = 0;
}

/**
 * ktls_ocsp_changes_add() - record that an entry has changed
 * @changes: the changes
 * @changed: the entry's part
 * @event: what happened
 *
 * Does not sleep. Context: process.
 */
void ktls_ocsp_changes_add(struct ktls_ocsp_changes *changes,
			   struct ktls_ocsp_changed *changed,
			   enum ktls_ocsp_event event)
{
	spin_lock(&changes->lock);
	changed->events |= 1U << event;
	if (list_empty(&changed->node))
		list_add_tail(&changed->node, &changes->changed);
	spin_unlock(&changes->lock);
	/* Each time, for edge-triggered epoll. */
	wake_up_interruptible_poll(&changes->wait, EPOLLIN | EPOLLRDNORM);
}

/**
 * ktls_ocsp_changes_forget() - drop the record of a handle that is freed
 * @changes: the changes
 * @changed: its part, to which nothing is added any more
 *
 * Does not sleep. Context: process.
 */
void ktls_ocsp_changes_forget(struct ktls_ocsp_changes *changes,
			      struct ktls_ocsp_changed *changed)
{
	spin_lock(&changes->lock);
	list_del_init(&changed->node);
	spin_unlock(&changes->lock);
}

/**
 * ktls_ocsp_changes_close() - wake up all readers for good: the store is closed
 * @changes: the changes
 *
 * Does not sleep.
 */
void ktls_ocsp_changes_close(struct ktls_ocsp_changes *changes)
{
	WRITE_ONCE(changes->closed, true);
	wake_up_interruptible_poll(&changes->wait, EPOLLHUP);
}

/* Takes no lock: the waiters are woken up after the list was changed. */
static bool is_readable(const struct ktls_ocsp_changes *changes)
{
	return !list_empty(&changes->changed);
}

static bool is_closed(const struct ktls_ocsp_changes *changes)
{
	return READ_ONCE(changes->closed);
}

/**
 * ktls_ocsp_changes_poll() - poll() on a session
 * @changes: the changes
 * @file: the session's file
 * @table: the poll table
 *
 * Return: EPOLLIN when there are some, EPOLLHUP when the store is closed.
 */
__poll_t ktls_ocsp_changes_poll(struct ktls_ocsp_changes *changes,
				struct file *file, poll_table *table)
{
	__poll_t mask = 0;

	poll_wait(file, &changes->wait, table);
	if (is_readable(changes))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (is_closed(changes))
		mask |= EPOLLHUP;
	return mask;
}

static size_t take(struct ktls_ocsp_changes *changes,
		   struct ktls_ocsp_change *records, size_t most)
{
	struct ktls_ocsp_changed *changed;
	size_t n;

	spin_lock(&changes->lock);
	for (n = 0; n < most; n++) {
		changed = list_first_entry_or_null(&changes->changed,
						   struct ktls_ocsp_changed,
						   node);
		if (!changed)
			break;
		records[n].slot = changed->slot;
		records[n].events = changed->events;
		changed->events = 0;
		list_del_init(&changed->node);
	}
	spin_unlock(&changes->lock);
	return n;
}

/* 1: there are some, or were; 0: there will be none; or a negative errno. */
static int wait_for_some(struct ktls_ocsp_changes *changes, bool may_wait)
{
	int err;

	if (may_wait) {
		err = wait_event_interruptible(changes->wait,
					       is_readable(changes) ||
					       is_closed(changes));
		if (err)
			return err;
	}
	if (is_readable(changes))
		return 1;
	return is_closed(changes) ? 0 : -EAGAIN;
}

/*
 * Copy what there is. Records are taken off the list before they are copied, so
 * fault the buffer in first. A process that unmaps it in between loses records
 * of its own session only.
 */
static ssize_t copy_some(struct ktls_ocsp_changes *changes, struct iov_iter *to)
{
	struct ktls_ocsp_change records[CHUNK];
	size_t n, bytes, most, done = 0;

	for (;;) {
		most = min_t(size_t, iov_iter_count(to) / sizeof(*records),
			     CHUNK);
		bytes = most * sizeof(*records);
		if (fault_in_iov_iter_writeable(to, bytes))
			return done ?: -EFAULT;
		n = take(changes, records, most);
		bytes = n * sizeof(*records);
		if (copy_to_iter(records, bytes, to) != bytes)
			return done ?: -EFAULT;
		done += bytes;
		if (n < CHUNK)
			return done;
		cond_resched();
	}
}

/**
 * ktls_ocsp_changes_read() - read() on a session
 * @changes: the changes
 * @may_wait: wait when nothing has
 * @to: gets struct ktls_ocsp_change
 *
 * May sleep.
 *
 * Return: the bytes; 0 when the store is closed; -EINVAL when there is no room
 * for one, -EAGAIN, -ERESTARTSYS, or -EFAULT.
 */
ssize_t ktls_ocsp_changes_read(struct ktls_ocsp_changes *changes, bool may_wait,
			       struct iov_iter *to)
{
	ssize_t done;

	if (iov_iter_count(to) < sizeof(struct ktls_ocsp_change))
		return -EINVAL;
	/* Another reader may have been faster. */
	do {
		done = wait_for_some(changes, may_wait);
		if (done <= 0)
			return done;
		done = copy_some(changes, to);
	} while (!done);
	return done;
}
