/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which fetch starts when: so many at a time to a host, so many in all, and
 * none of them in the way of the others.
 *
 * There are two lanes with as many places each. A fetch starts in the fast
 * lane. Who has no answer after LANE_PATIENCE ms moves on to the slow lane,
 * and its place is free for the next one. When the slow lane is full it is
 * given up and waits for a place there, to start again. A certificate whose
 * last attempt was a slow one starts there. So a place in the fast lane is
 * taken for LANE_PATIENCE at most, whoever hangs, and the hosts that have
 * something to fetch take turns.
 */
#ifndef OCSPD_QUEUE_H
#define OCSPD_QUEUE_H

#include <stdbool.h>

#include "certs.h"
#include "config.h"

#define LANE_PATIENCE	1000

struct queue_calls {
	/* Start it. May call queue_remove() when that fails. */
	void (*start)(struct cert *cert);
	/* Stop it: it was started. */
	void (*stop)(struct cert *cert);
};

void queue_init(const struct queue_calls *calls);
/* May be called again: nobody loses its place. */
void queue_configure(const struct config *config);

/*
 * An idle certificate waits for its turn at that origin (url.h). False: no
 * memory.
 */
bool queue_add(struct cert *cert, const char *origin);
/* One that waits is taken out, one that is fetched has its fetch over. */
void queue_remove(struct cert *cert);
/* All that are fetched are stopped and wait again. */
void queue_restart(void);
/* Start what can be started, up to a batch. True: there is more. */
bool queue_run(void);

/* Certificates that wait or are fetched. */
size_t queue_count(void);

#endif /* OCSPD_QUEUE_H */
