/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The control socket: who connects, and what goes over the connection. The
 * protocol is described in common/control_protocol.h, the requests are command.c's.
 * Nothing here waits: a client that does not read gets nothing more to read
 * made for it.
 */
#ifndef OCSPD_CONTROL_H
#define OCSPD_CONTROL_H

#include <stdbool.h>

#include <jansson.h>

struct client;

/* What answers a request in several turns of the loop. */
struct answer {
	/*
	 * All that was sent before is read. Send more. False: that was the last
	 * of it, and the answer is freed.
	 */
	bool (*more)(struct client *client, struct answer *answer);
	/* Always called once, at the end or when the client is gone. */
	void (*free)(struct answer *answer);
	/* It comes when it comes: the client may wait for it for ever. */
	bool slow;
};

/*
 * Listen at path, or where systemd listens for us; not at all where path is
 * NULL. What does not work is told, and does no harm. May be called again.
 */
void control_open(const char *path);
void control_close(void);

/* Takes the reference on the record. NULL: there was no memory for it. */
void client_send(struct client *client, json_t *record);
/* The last record of an answer; done is added to it. */
void client_done(struct client *client, json_t *record);
/* The same, for a request that failed. */
void client_fail(struct client *client, const char *why);
/*
 * Go on with the answer at the loop's next turn, or when client_wake() says
 * so, where it is slow.
 */
void client_answer(struct client *client, struct answer *answer);
void client_wake(struct client *client);

#endif /* OCSPD_CONTROL_H */
