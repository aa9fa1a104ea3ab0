/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The thread that looks for new responses of handles whose application wants to
 * be told of them. There is none unless a handle has a callback or a directory
 * that is written, nor when the application dispatches. Private to libocsp.
 */
#ifndef OCSP_DISPATCHER_H
#define OCSP_DISPATCHER_H

#include "handle.h"

/* Without the lock: start the thread if h needs it and it does not run. */
void ocsp_dispatcher_start(const struct ocsp_handle *h);

/*
 * Without the lock: there may be something to tell of h. The thread does, and is
 * started in a child of fork(); where it cannot be, it is done here.
 */
void ocsp_dispatcher_tell(struct ocsp_handle *h);

/*
 * Without the lock, when the application has closed h: return when the thread
 * does not use it any more; unless this is that thread, in a callback.
 */
void ocsp_dispatcher_leave(const struct ocsp_handle *h);

/* With the lock held: the thread, if it sleeps, is to look again. */
void ocsp_dispatcher_wake(void);

/* In a child of fork(), which does not have the thread. */
void ocsp_dispatcher_forked(void);

#endif /* OCSP_DISPATCHER_H */
