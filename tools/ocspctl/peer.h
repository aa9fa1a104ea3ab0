/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* A TCP connection that never waits for longer than its deadline. */
#ifndef OCSPCTL_PEER_H
#define OCSPCTL_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_WHY	256

struct peer {
	int fd;				/* non-blocking; -1: none */
	int64_t deadline;		/* ms of CLOCK_MONOTONIC */
	char why[PEER_WHY];		/* why the last call failed */
};

int64_t monotonic_ms(void);

/* peer_close() in either case. False: see why. */
bool peer_connect(struct peer *peer, const char *host, const char *port,
		  int64_t timeout_ms);
void peer_close(struct peer *peer);
/* Until the socket is ready for these events of poll(). */
bool peer_wait(struct peer *peer, short events);
/* All of it, or false. */
bool peer_send(struct peer *peer, const void *data, size_t len);
bool peer_receive(struct peer *peer, void *data, size_t len);
/* A line without its end; it has at most size - 1 bytes. */
bool peer_read_line(struct peer *peer, char *line, size_t size);

/* starttls.c: NULL: there is no such protocol. */
struct starttls;
const struct starttls *starttls_find(const char *name);
const char *starttls_port(const struct starttls *protocol);
/* All names, with blanks between */
const char *starttls_names(void);
/* Talk to the server until it expects TLS. */
bool starttls_run(const struct starttls *protocol, struct peer *peer);

#endif /* OCSPCTL_PEER_H */
