/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What wakes up whoever dispatches, the library's thread or the application: an
 * epoll descriptor with the process's own sessions, which the kernel makes
 * readable when an entry changes, and a timer for what no session tells.
 * Private to libocsp.
 *
 * All of it is protected by the library's lock, with which it is called.
 */
#ifndef OCSP_EVENTS_H
#define OCSP_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "session.h"

/* A user more, who may sleep on the descriptor; and one less. */
void ocsp_events_hold(void);
void ocsp_events_drop(void);

/*
 * The descriptor, which is made when there is none, or when it is not ours any
 * more; -1: *error says why not.
 */
int ocsp_events_fd(struct ocsp_error *error);

/* Make it readable in so many seconds, 0: now. Nothing where there is none. */
void ocsp_events_wake(uint32_t seconds);

/* A session is new, or is about to be closed: sets and resets its in_epoll. */
void ocsp_events_add(struct ocsp_session *session);
void ocsp_events_remove(struct ocsp_session *session);

/* The slots that the sessions told of. */
struct ocsp_changes {
	uint32_t *slots;		/* sorted */
	size_t count, room;
	bool all;			/* there was no memory: take it as all */
};

/* Take what there is; then it is not readable any more. Free the slots. */
void ocsp_events_take(struct ocsp_changes *changes);
bool ocsp_changes_has(const struct ocsp_changes *changes, uint32_t slot);

/* No handle is left: close it, unless somebody may be sleeping on it. */
void ocsp_events_close(void);

/* In a child of fork(): nothing but system calls. */
void ocsp_events_forked(void);

#endif /* OCSP_EVENTS_H */
