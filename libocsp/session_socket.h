/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions from the broker's socket: what passes over it, and the library's end
 * of it. Private to this project.
 *
 * Whoever connects, to a SOCK_SEQPACKET socket, is sent one message and needs to
 * send none: a struct ocsp_session_offer, with a session by SCM_RIGHTS where its
 * err is 0. Then he closes the connection.
 */
#ifndef OCSP_SESSION_SOCKET_H
#define OCSP_SESSION_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#define OCSP_SESSION_SOCKET	"/run/ktls-ocsp/session.sock"
/* Names another one; or none, where it is empty. Not in set-id programs. */
#define OCSP_SESSION_SOCKET_ENV	"KTLS_OCSP_SOCKET"

#define OCSP_SESSION_OFFER_VERSION	1

struct ocsp_session_offer {
	uint32_t version;		/* later ones add to the end */
	int32_t err;			/* an errno, or 0 */
	char text[248];			/* why, in words; ends with NUL */
};

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
