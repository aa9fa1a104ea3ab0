/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process's one session with the kernel's store. Private to libocsp. */
#ifndef OCSP_SESSION_H
#define OCSP_SESSION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "client.h"
#include "fd.h"

struct ocsp_session {
	struct ocsp_client *client;	/* NULL: there is no session now */
	int fd;
	uint32_t min_validity;		/* when it was made */
	struct ocsp_board board;
	struct ocsp_fd_id client_id;
	struct ocsp_fd_id fd_id;
};

/*
 * The number of the session. It changes when the session is lost, by fork() or
 * otherwise, and all that was held through it with it. Written with the lock
 * held.
 */
extern atomic_uint_fast64_t ocsp_session_epoch;

/*
 * The lock of all that changes in this library, but for reference counts: the
 * session, the list of watches, and of every handle its count, its place in
 * the session and its contexts. It is held over netlink requests (which the
 * kernel answers within the system call), and never while something is waited
 * for, a file is read or written, or the application is called.
 */
struct ocsp_session *ocsp_session_lock(void);
void ocsp_session_unlock(void);

/* With the lock held: is there a session, and its socket still ours? */
bool ocsp_session_is_open(const struct ocsp_session *session);

/*
 * Call fn with the lock held and a session open; once more with a new one when
 * it turns out that the application closed ours. Returns what fn returned, or
 * a negative errno; then the last error is set: -OCSP_ENOMODULE, when the
 * module is missing, as it came from the client otherwise.
 */
typedef int (*ocsp_session_fn)(struct ocsp_session *session, void *arg);
int ocsp_session_call(ocsp_session_fn fn, void *arg);

/* A client that listens to events, known to fork(). */
struct ocsp_watch {
	struct ocsp_client *client;
	struct ocsp_fd_id id;
	struct ocsp_watch *next;
};

/*
 * Both with the lock held. A watch that could not be started has no client;
 * ocsp_watch_stop() takes that, and a watch that was stopped before.
 */
void ocsp_watch_start(struct ocsp_watch *watch);
void ocsp_watch_stop(struct ocsp_watch *watch);

#endif /* OCSP_SESSION_H */
