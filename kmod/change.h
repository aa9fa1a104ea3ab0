/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Changes: which of a session's entries have changed since they were last
 * read. Owns the list and the wait queue; knows slots and events, and no
 * entry.
 */
#ifndef KTLS_OCSP_CHANGE_H
#define KTLS_OCSP_CHANGE_H

#include <linux/list.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/ktls_ocsp.h>
#include <linux/ktls_ocsp_session.h>

struct iov_iter;

/**
 * struct ktls_ocsp_changes - which of a session's entries have changed
 * @lock: protects @changed and what is in it; innermost
 * @changed: struct ktls_ocsp_changed, the one that changed first before others
 * @closed: the store was closed; set once
 * @wait: readers that wait for @changed or @closed
 */
struct ktls_ocsp_changes {
	spinlock_t lock; /* protects @changed and what is in it */
	struct list_head changed;
	bool closed;
	wait_queue_head_t wait;
};

/**
 * struct ktls_ocsp_changed - whether one entry has changed
 * @node: in the session's changes; empty while nothing was recorded
 * @slot: the entry's slot; never changes
 * @events: what happened since it was last read, 1 << enum ktls_ocsp_event
 */
struct ktls_ocsp_changed {
	struct list_head node;
	u32 slot;
	u32 events;
};

void ktls_ocsp_changes_init(struct ktls_ocsp_changes *changes);
void ktls_ocsp_changed_init(struct ktls_ocsp_changed *changed, u32 slot);

void ktls_ocsp_changes_add(struct ktls_ocsp_changes *changes,
			   struct ktls_ocsp_changed *changed,
			   enum ktls_ocsp_event event);
void ktls_ocsp_changes_forget(struct ktls_ocsp_changes *changes,
			      struct ktls_ocsp_changed *changed);
void ktls_ocsp_changes_close(struct ktls_ocsp_changes *changes);

__poll_t ktls_ocsp_changes_poll(struct ktls_ocsp_changes *changes,
				struct file *file, poll_table *table);
ssize_t ktls_ocsp_changes_read(struct ktls_ocsp_changes *changes, bool may_wait,
			       struct iov_iter *to);

#endif /* KTLS_OCSP_CHANGE_H */
