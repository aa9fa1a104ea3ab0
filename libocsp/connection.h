/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * This process's netlink socket, made when it is first needed, and again when
 * the application closed it. A child of fork() makes one of its own: answers on
 * its parent's could be the parent's. Private to libocsp.
 */
#ifndef OCSP_CONNECTION_H
#define OCSP_CONNECTION_H

#include <stdbool.h>

#include "client.h"
#include "error.h"
#include "fd.h"

/* Who cannot reach the kernel waits longer and longer before the next attempt. */
enum ocsp_urgency {
	OCSP_WHEN_DUE,		/* not before the next attempt is due */
	OCSP_AT_ONCE,		/* for what the application asks for explicitly */
};

/*
 * All with the library's lock held. NULL: *error says why there is none, in the
 * words of the last attempt while the next one is not due.
 */
struct ocsp_client *ocsp_connection(enum ocsp_urgency urgency,
				    struct ocsp_error *error);

/*
 * A request got no answer of the store's: not before a while is there another
 * attempt. *error is filled with err, the negative errno, in the client's words.
 */
void ocsp_connection_failed(int err, struct ocsp_error *error);
/* The store has answered: the next failure is the first one. */
void ocsp_connection_works(void);

/* The client's words on err as an error. */
void ocsp_connection_error(int err, const struct ocsp_client *client,
			   struct ocsp_error *error);

/* Close the socket if it is ours still; the next request makes another one. */
void ocsp_connection_drop(void);
/* The same in a child of fork(), for the parent's: nothing but system calls. */
void ocsp_connection_forked(void);

/* A client that listens to events, known to fork(). */
struct ocsp_watch {
	struct ocsp_client *client;
	struct ocsp_fd_id id;
	struct ocsp_watch *next;
};

/*
 * A watch that could not be started has no client; ocsp_watch_stop() takes that,
 * and a watch that was stopped before.
 */
void ocsp_watch_start(struct ocsp_watch *watch);
void ocsp_watch_stop(struct ocsp_watch *watch);

#endif /* OCSP_CONNECTION_H */
