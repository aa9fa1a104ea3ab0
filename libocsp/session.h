/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The sessions with the kernel's store that this process can use: one that it
 * made, and those that it inherited. Private to libocsp.
 */
#ifndef OCSP_SESSION_H
#define OCSP_SESSION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "board.h"
#include "client.h"
#include "error.h"
#include "fd.h"

enum ocsp_session_state {
	/* Made by this process: what it holds is ours to close. */
	OCSP_SESSION_OWN,
	/*
	 * Made by an ancestor. Its descriptor keeps held what the ancestor
	 * opened, and is used to read; nothing is opened or closed through it.
	 */
	OCSP_SESSION_INHERITED,
	/* Its descriptor is closed, by us or by the application. */
	OCSP_SESSION_LOST,
};

struct ocsp_session {
	struct ocsp_session *next;
	enum ocsp_session_state state;
	struct ocsp_fd_id id;		/* the descriptor; unless LOST */
	struct ocsp_board board;	/* mapped until the last handle is gone */
	uint32_t min_validity;		/* when it was made */
	size_t handles;			/* of this process that use it */
	bool in_epoll;			/* its changes wake up: see events.h */
	bool adopted;			/* stays when no handle uses it */
};

/*
 * The library's lock. It protects all that changes in this library, but for
 * reference counts: the connection, the sessions, and of every handle its
 * counts, its place in a session and its contexts. It is held over netlink
 * requests (which the kernel answers within the system call), and never while
 * something is waited for, a file is read or written, or the application is
 * called. All functions below are called with it held.
 */
void ocsp_lock(void);
void ocsp_unlock(void);

/*
 * Wait without the lock until changed is signalled, or until a time of the clock
 * that changed was made for (NULL: for ever).
 */
void ocsp_wait(pthread_cond_t *changed, const struct timespec *until);

/* A number that fork() changes in the child. */
unsigned int ocsp_fork_count(void);

/*
 * The process's own session, made when there is none: from the broker where there
 * is one, else by netlink. NULL with *error.
 */
struct ocsp_session *ocsp_session_own(struct ocsp_client *client,
				      struct ocsp_error *error);

/*
 * Without the lock: if the broker has to be asked for it, wait for the answer, for
 * some seconds at most.
 */
void ocsp_session_prepare(void);

/*
 * Take over a descriptor as the process's own session, in place of the one that
 * was adopted before. False with *error: it is none, and stays the caller's.
 */
bool ocsp_session_adopt(struct ocsp_client *client, int fd,
			struct ocsp_error *error);

/* All of them, by next. */
struct ocsp_session *ocsp_sessions(void);

/* A handle more, or less, uses it. */
void ocsp_session_use(struct ocsp_session *session);
void ocsp_session_leave(struct ocsp_session *session);

/* The kernel does not know it: close what is ours, what it held is not held. */
void ocsp_session_lose(struct ocsp_session *session);

/*
 * Look whether all descriptors are ours still, but not more often than every
 * OCSP_CHECK_INTERVAL seconds unless it is urgent: a program that becomes a
 * daemon may close all that there are.
 */
#define OCSP_CHECK_INTERVAL	10

void ocsp_sessions_check(bool urgent);

/* Was one lost whose handles may have to be held again? Resets it. */
bool ocsp_sessions_were_lost(void);

/* No handle is left: close and unmap all. */
void ocsp_sessions_close(void);

#endif /* OCSP_SESSION_H */
