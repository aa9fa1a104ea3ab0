/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Which fetch starts when: so many at a time to a responder, so many in all,
 * and none of them in the way of the others.
 *
 * There are three lanes with as many places each. A fetch starts in the fast
 * lane. After a second without an answer it moves on to the slow lane, after
 * five to the lane of those that are stuck, and its place is free for the next
 * one. When that lane is full it is given up and waits for a place there, to
 * start again. The next attempt for a certificate starts in the lane in which
 * the last one ended. So who hangs takes no place from who is slow, and who is
 * slow none from who is fast; and the responders that have something to fetch
 * take turns.
 */
#ifndef OCSPD_QUEUE_H
#define OCSPD_QUEUE_H

#include <stdbool.h>

#include "certs.h"
#include "config.h"

struct queue_calls {
	/* Start it. May call queue_remove() when that fails. */
	void (*start)(struct cert *cert);
	/* Stop it: it was started. */
	void (*stop)(struct cert *cert);
};

void queue_init(const struct queue_calls *calls);
/* May be called again: nobody loses its place. */
void queue_configure(const struct config *config);

/* A certificate that does not wait yet waits for its turn at its responder. */
void queue_add(struct cert *cert);
/*
 * One that waits is taken out, one that is fetched has its fetch over. Its
 * state is CERT_LOOK then, until the caller sets another one.
 */
void queue_remove(struct cert *cert);
/* All that are fetched are stopped and wait again. */
void queue_restart(void);
/* Start what can be started, up to a batch. True: there is more. */
bool queue_run(void);

/* The lane of a fetch that took so many ms. */
enum lane queue_lane_of(int64_t ms);

/* Certificates that wait or are fetched. */
size_t queue_count(void);
/* Those of them that are fetched. */
size_t queue_running(void);

#endif /* OCSPD_QUEUE_H */
