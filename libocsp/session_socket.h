/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Sessions from the broker's socket: the library's end. Private to libocsp. */
#ifndef OCSP_SESSION_SOCKET_H
#define OCSP_SESSION_SOCKET_H

#include "error.h"
#include "session_offer.h"

/* All that follows is called with the library's lock held. */

enum ocsp_broker_answer {
	OCSP_BROKER_NONE,	/* there is no socket, or it may not be entered */
	OCSP_BROKER_SESSION,	/* *fd is one, or something else */
	OCSP_BROKER_WAIT,	/* it has not answered yet: *error says so */
	OCSP_BROKER_REFUSED,	/* *error says why */
};

/*
 * Ask for a session, or take what was asked for before. Never waits. Who was
 * refused does not ask again before a while.
 */
enum ocsp_broker_answer ocsp_broker_ask(int *fd, struct ocsp_error *error);

/*
 * Ask only: what can be polled for the answer, and is closed by the caller. -1:
 * there is no broker, or it is not the time.
 */
int ocsp_broker_start(void);

/* It was no session. */
void ocsp_broker_failed(const struct ocsp_error *error);

/* In a child of fork(): nothing but system calls. */
void ocsp_broker_forked(void);

#endif /* OCSP_SESSION_SOCKET_H */
