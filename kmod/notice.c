// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Notices: what happened to a store's entries.
 *
 * A change queues them with the store's lock held, where it must not wait for
 * memory, and sends them after it has dropped the lock, so that listeners do not
 * lengthen the time for which the lock is held. A notice for which there is no
 * memory leaves a gap in the numbers, and the listeners get ENOBUFS.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "message.h"
#include "notice.h"
#include "trace.h"

/* More than that at once would overrun the listeners' buffers anyway. */
#define QUEUED_MAX	16384

/**
 * ktls_ocsp_notices_init() - set up a new store's notices
 * @notices: the notices, zeroed
 * @net: where the listeners are, until ktls_ocsp_notices_close()
 */
void ktls_ocsp_notices_init(struct ktls_ocsp_notices *notices, struct net *net)
{
	spin_lock_init(&notices->queue_lock);
	INIT_LIST_HEAD(&notices->queue);
	mutex_init(&notices->send_lock);
	notices->net = net;
}

static void notice_free(struct ktls_ocsp_notice *notice)
{
	ktls_ocsp_blob_put(notice->blob);
	ktls_ocsp_failure_put(notice->failure);
	kfree(notice);
}

static void fill(struct ktls_ocsp_notice *notice,
		 const struct ktls_ocsp_entry *entry,
		 enum ktls_ocsp_event event)
{
	notice->event = event;
	notice->slot = entry->slot;
	memcpy(notice->key, entry->key, sizeof(notice->key));
	/* The store's lock keeps both as they are, so also referenced. */
	notice->blob = rcu_dereference_protected(entry->blob, true);
	if (notice->blob)
		refcount_inc(&notice->blob->refs);
	notice->failure = NULL;
	if (event == KTLS_OCSP_EVENT_FAILED)
		notice->failure = rcu_dereference_protected(entry->failure,
							    true);
	if (notice->failure)
		refcount_inc(&notice->failure->refs);
}

/**
 * ktls_ocsp_notices_add() - queue a notice
 * @notices: the notices; their store is locked
 * @entry: the entry, as it is after the event; a blob that the event took
 *	away is still there
 * @event: what happened
 *
 * Does not sleep. ktls_ocsp_notices_send() follows when the store is unlocked.
 */
void ktls_ocsp_notices_add(struct ktls_ocsp_notices *notices,
			   const struct ktls_ocsp_entry *entry,
			   enum ktls_ocsp_event event)
{
	struct ktls_ocsp_notice *notice = NULL;

	notices->number++;
	if (!ktls_ocsp_message_is_heard(notices->net))
		return;
	/* Not charged to a memory cgroup: freed before the command returns. */
	if (READ_ONCE(notices->queued) < QUEUED_MAX)
		notice = kmalloc(sizeof(*notice), GFP_NOWAIT | __GFP_NOWARN);
	if (notice) {
		notice->number = notices->number;
		fill(notice, entry, event);
	}
	spin_lock(&notices->queue_lock);
	if (notice) {
		list_add_tail(&notice->node, &notices->queue);
		WRITE_ONCE(notices->queued, notices->queued + 1);
	} else {
		WRITE_ONCE(notices->lost, true);
		atomic64_inc(&notices->total_lost);
	}
	spin_unlock(&notices->queue_lock);
}

/* Take all that is queued; false: nothing is. */
static bool take(struct ktls_ocsp_notices *notices, struct list_head *taken,
		 bool *lost)
{
	spin_lock(&notices->queue_lock);
	list_splice_tail_init(&notices->queue, taken);
	*lost = notices->lost;
	WRITE_ONCE(notices->queued, 0);
	WRITE_ONCE(notices->lost, false);
	spin_unlock(&notices->queue_lock);
	return *lost || !list_empty(taken);
}

static void send_all(struct ktls_ocsp_notices *notices, struct list_head *taken,
		     bool lost)
{
	struct ktls_ocsp_notice *notice, *next;

	list_for_each_entry_safe(notice, next, taken, node) {
		if (notices->net &&
		    !ktls_ocsp_message_send_event(notices->net, notice)) {
			lost = true;
			atomic64_inc(&notices->total_lost);
		}
		notice_free(notice);
	}
	if (lost && notices->net)
		ktls_ocsp_message_tell_loss(notices->net);
}

/**
 * ktls_ocsp_notices_send() - send what was queued
 * @notices: the notices; their store is not locked by the caller
 *
 * When it returns, all that the caller has queued was sent. May sleep.
 */
void ktls_ocsp_notices_send(struct ktls_ocsp_notices *notices)
{
	LIST_HEAD(taken);
	bool lost;

	mutex_lock(&notices->send_lock);
	if (take(notices, &taken, &lost))
		send_all(notices, &taken, lost);
	mutex_unlock(&notices->send_lock);
}

/**
 * ktls_ocsp_notices_want() - tell that an entry needs a blob
 * @notices: the notices; their store is not locked by the caller
 * @entry: the entry, referenced
 * @wanted: what ktls_ocsp_message_wanted() made; NULL when it was sent
 *
 * Sends at most one notice per second and entry, once one reached a listener.
 * May sleep.
 *
 * Return: true if it reached a listener in the store's network namespace, now
 * or less than a second ago.
 */
bool ktls_ocsp_notices_want(struct ktls_ocsp_notices *notices,
			    struct ktls_ocsp_entry *entry,
			    struct sk_buff **wanted)
{
	bool heard;

	mutex_lock(&notices->send_lock);
	if (notices->net && !(entry->heard &&
			      time_before(jiffies, entry->wanted + HZ))) {
		entry->wanted = jiffies;
		entry->heard = ktls_ocsp_message_send_wanted(notices->net,
							     *wanted);
		*wanted = NULL;
		trace_ktls_ocsp_wanted(notices->net, entry, entry->heard);
	}
	heard = notices->net && entry->heard;
	mutex_unlock(&notices->send_lock);
	return heard;
}

/**
 * ktls_ocsp_notices_close() - send no more
 * @notices: the notices, to which nothing is added any more
 *
 * Waits until nothing is being sent. May sleep.
 */
void ktls_ocsp_notices_close(struct ktls_ocsp_notices *notices)
{
	mutex_lock(&notices->send_lock);
	notices->net = NULL;
	mutex_unlock(&notices->send_lock);
	/* Frees what is left. */
	ktls_ocsp_notices_send(notices);
}
