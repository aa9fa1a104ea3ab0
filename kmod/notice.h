/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Notices: what happened to a store's entries, queued with the store's lock
 * held and sent in the same order without it. Owns the queue and the numbers.
 */
#ifndef KTLS_OCSP_NOTICE_H
#define KTLS_OCSP_NOTICE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "entry.h"

struct net;
struct sk_buff;

/**
 * struct ktls_ocsp_notice - something that happened to an entry
 * @node: in the queue
 * @number: counts the store's events, from 1
 * @event: what happened
 * @slot: the entry's slot
 * @key: the entry's key
 * @blob: its blob then, referenced, or NULL
 * @failure: the failure that it is about, referenced, or NULL
 */
struct ktls_ocsp_notice {
	struct list_head node;
	u64 number;
	enum ktls_ocsp_event event;
	u32 slot;
	u8 key[KTLS_OCSP_KEY_LEN];
	struct ktls_ocsp_blob *blob;
	struct ktls_ocsp_failure *failure;
};

/**
 * struct ktls_ocsp_notices - the notices of a store
 * @queue_lock: protects @queue, @queued and @lost; innermost. Who holds the
 *	store's lock reads the two without it: to know whether anything has to be
 *	sent, and how full the queue is, a value from a moment ago will do.
 * @queue: struct ktls_ocsp_notice that are not sent yet
 * @queued: how many these are
 * @lost: some could not be queued since the last was sent
 * @number: of the last event; the store's lock protects it
 * @total_lost: how many could not be queued or sent, ever; read without a lock
 * @send_lock: protects @net, and the fields wanted and heard of entries. Held
 *	while notices are sent, which keeps their order; never taken together
 *	with the store's lock.
 * @net: where the listeners are; NULL once the network namespace goes
 */
struct ktls_ocsp_notices {
	spinlock_t queue_lock; /* protects @queue, @queued, @lost */
	struct list_head queue;
	unsigned int queued;
	bool lost;
	u64 number;
	atomic64_t total_lost;
	struct mutex send_lock; /* protects @net, entries' wanted and heard */
	struct net *net;
};

void ktls_ocsp_notices_init(struct ktls_ocsp_notices *notices, struct net *net);
void ktls_ocsp_notices_close(struct ktls_ocsp_notices *notices);
void ktls_ocsp_notices_add(struct ktls_ocsp_notices *notices,
			   const struct ktls_ocsp_entry *entry,
			   enum ktls_ocsp_event event);
void ktls_ocsp_notices_send(struct ktls_ocsp_notices *notices);
bool ktls_ocsp_notices_want(struct ktls_ocsp_notices *notices,
			    struct ktls_ocsp_entry *entry,
			    struct sk_buff **wanted);

#endif /* KTLS_OCSP_NOTICE_H */
