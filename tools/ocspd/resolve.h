/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The addresses of names, by c-ares: from /etc/hosts and the name servers of
 * /etc/resolv.conf, in the order of /etc/nsswitch.conf; other modules of that
 * are not asked. One lookup of a name at a time, whoever waits for it, without
 * a thread. What came of it is remembered for a minute at most.
 */
#ifndef OCSPD_RESOLVE_H
#define OCSPD_RESOLVE_H

#include <stddef.h>
#include <sys/socket.h>

/* The rest of what a name server may send */
#define RESOLVE_MAX	16

enum resolve_status {
	RESOLVE_FOUND,
	RESOLVE_NO_ADDRESS,		/* there is no such name, or none of it */
	RESOLVE_NO_ANSWER,		/* nobody knows: it may have one later */
};

struct resolve_answer {
	enum resolve_status status;
	const char *why;		/* NO_ANSWER: in words */
	size_t count;
	struct sockaddr_storage addresses[RESOLVE_MAX];
};

typedef void (*resolve_done_fn)(const struct resolve_answer *answer, void *arg);

struct lookup;

/* What is known of a name, until the loop's next turn. NULL: nothing. */
const struct resolve_answer *resolve_known(const char *name);

/*
 * Calls done later, once, in so many ms at most; not after resolve_cancel().
 * NULL: no memory.
 */
struct lookup *resolve_start(const char *name, int64_t ms, resolve_done_fn done,
			     void *arg);
void resolve_cancel(struct lookup *lookup);

/* Forget all that is known. Nobody waits. */
void resolve_forget(void);

#endif /* OCSPD_RESOLVE_H */
