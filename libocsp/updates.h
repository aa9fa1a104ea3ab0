/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What a handle's application is told of new responses: by the callback, and in
 * the directory that is written. Private to libocsp.
 */
#ifndef OCSP_UPDATES_H
#define OCSP_UPDATES_H

#include <pthread.h>
#include <stdbool.h>

#include "context.h"

struct ocsp_handle_config;

/*
 * One thread at a time tells what is new, in the order in which the handle saw
 * it. What is replaced before its turn is passed over: nobody is told of an
 * older response after a newer one. Protected by the library's lock.
 */
struct ocsp_updates {
	struct ocsp_context *pending;	/* to be told, or NULL */
	struct ocsp_context *told;	/* the last that was, or NULL */
	bool busy;			/* a thread is telling */
	bool finished;			/* nobody is to be told any more */
	pthread_t teller;		/* who is, where busy */
	unsigned int forks;		/* ocsp_fork_count() when it began */
};

/* With the lock held: context is new, and wins over what is pending. */
void ocsp_updates_add(struct ocsp_handle_config *config,
		      struct ocsp_context *context);

/* Without the lock: tell what is pending, unless another thread does. */
void ocsp_updates_tell(struct ocsp_handle_config *config);

/*
 * Without the lock: tell nothing any more, and return when nobody is telling;
 * unless this is who does, in a callback.
 */
void ocsp_updates_finish(struct ocsp_handle_config *config);

/* In a child of fork(). */
void ocsp_updates_forked(void);

/* Forget all of it. */
void ocsp_updates_clear(struct ocsp_updates *updates);

#endif /* OCSP_UPDATES_H */
