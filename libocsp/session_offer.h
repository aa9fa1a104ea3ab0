/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What passes over the session broker's socket, which is of type SOCK_SEQPACKET.
 *
 * Whoever connects is sent one message and need not send any: a struct
 * ocsp_session_offer, with a session by SCM_RIGHTS where its err is 0. Then he
 * closes the connection. Private to this project; ocsp-broker(8) tells others.
 */
#ifndef OCSP_SESSION_OFFER_H
#define OCSP_SESSION_OFFER_H

#include <stdint.h>

#define OCSP_SESSION_SOCKET	"/run/ktls-ocsp/session.sock"
/* Names another one; or none, where it is empty. Not in set-id programs. */
#define OCSP_SESSION_SOCKET_ENV	"KTLS_OCSP_SOCKET"

#define OCSP_SESSION_OFFER_VERSION	1

struct ocsp_session_offer {
	uint32_t version;		/* later ones add to the end */
	int32_t err;			/* an errno, or 0 */
	char text[248];			/* why, in words; ends with NUL */
};

#endif /* OCSP_SESSION_OFFER_H */
