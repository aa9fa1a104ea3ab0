// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The addresses of names, see resolve.h. */
#include <errno.h>
#include <netinet/in.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>

#include <ares.h>

#include "loop.h"
#include "resolve.h"

/*
 * ms until the next name server is asked, and how often each one is; c-ares
 * doubles it from round to round. So one that is dead costs little, and three
 * of them less than the 15 s that a request has.
 */
#define SERVER_TIMEOUT	1500
#define SERVER_TRIES	2
/* Seconds that an answer is good for, whatever its TTL is, and a failure */
#define GOOD_MAX	60
#define BAD		5

TAILQ_HEAD(lookup_queue, lookup);
LIST_HEAD(socket_list, query_socket);

struct lookup {
	TAILQ_ENTRY(lookup) others;
	struct host *host;
	resolve_done_fn done;
	void *arg;
};

/* A socket of c-ares' */
struct query_socket {
	struct watch watch;
	struct host *host;
	LIST_ENTRY(query_socket) others;
};

struct host {
	char *name;
	/*
	 * Each lookup has a channel, as c-ares can cancel a channel only. NULL:
	 * it is over.
	 */
	ares_channel channel;
	struct socket_list sockets;
	struct lookup_queue waiting;
	struct timer timer;		/* while looked up: for c-ares, or the */
	int64_t limit;			/* limit; then: until it is forgotten */
	bool over;			/* c-ares has answered */
	int ttl;
	struct resolve_answer answer;
};

static void *hosts;

static int compare(const void *a, const void *b)
{
	const struct host *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void drop_channel(struct host *host)
{
	/* It closes its sockets, and with that on_socket() is called. */
	if (host->channel)
		ares_destroy(host->channel);
	host->channel = NULL;
}

static void forget(struct host *host)
{
	drop_channel(host);
	timer_stop(&host->timer);
	tdelete(host, &hosts, compare);
	free(host->name);
	free(host);
}

/* Answers */

static void take_nodes(struct host *host, const struct ares_addrinfo *info)
{
	struct resolve_answer *answer = &host->answer;
	const struct ares_addrinfo_node *node;

	host->ttl = GOOD_MAX;
	for (node = info->nodes; node; node = node->ai_next) {
		if (answer->count == RESOLVE_MAX ||
		    node->ai_addrlen > sizeof(answer->addresses[0]))
			continue;
		memcpy(&answer->addresses[answer->count++], node->ai_addr,
		       node->ai_addrlen);
		if (node->ai_ttl < host->ttl)
			host->ttl = node->ai_ttl;
	}
	answer->status = answer->count ? RESOLVE_FOUND : RESOLVE_NO_ADDRESS;
}

/* Inside c-ares: it must not be torn down here. */
static void on_answer(void *arg, int status, int timeouts,
		      struct ares_addrinfo *info)
{
	struct host *host = arg;

	(void)timeouts;
	if (status == ARES_ECANCELLED || status == ARES_EDESTRUCTION)
		return;
	host->over = true;
	host->ttl = BAD;
	switch (status) {
	case ARES_SUCCESS:
		take_nodes(host, info);
		break;
	case ARES_ENOTFOUND:
	case ARES_ENODATA:
		host->answer.status = RESOLVE_NO_ADDRESS;
		break;
	default:
		host->answer.status = RESOLVE_NO_ANSWER;
		host->answer.why = ares_strerror(status);
	}
	ares_freeaddrinfo(info);
}

static void finish(struct host *host)
{
	const struct resolve_answer answer = host->answer;
	struct lookup *lookup;

	drop_channel(host);
	timer_set(&host->timer, clock_ms() + 1000LL *
		  (host->ttl > 0 ? host->ttl : 1));
	/* Whoever is told may ask again, or cancel another one. */
	while ((lookup = TAILQ_FIRST(&host->waiting))) {
		TAILQ_REMOVE(&host->waiting, lookup, others);
		lookup->done(&answer, lookup->arg);
		free(lookup);
	}
}

/* c-ares did something: what is next? */
static void settle(struct host *host)
{
	int64_t next = host->limit;
	struct timeval tv;

	if (host->over) {
		finish(host);
		return;
	}
	if (ares_timeout(host->channel, NULL, &tv) &&
	    clock_ms() + tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1 < next)
		next = clock_ms() + tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1;
	timer_set(&host->timer, next);
}

/* Events */

static void on_query_event(struct watch *watch, uint32_t events)
{
	struct query_socket *s = container_of(watch, struct query_socket, watch);
	struct host *host = s->host;
	bool out = events & EPOLLOUT, in = events & ~(uint32_t)EPOLLOUT;
	int fd = watch->fd;

	/* The socket may be gone afterwards. */
	ares_process_fd(host->channel, in ? fd : ARES_SOCKET_BAD,
			out ? fd : ARES_SOCKET_BAD);
	settle(host);
}

static struct query_socket *find_socket(struct host *host, int fd)
{
	struct query_socket *s;

	LIST_FOREACH(s, &host->sockets, others)
		if (s->watch.fd == fd)
			return s;
	return NULL;
}

static void unwatch(struct query_socket *s)
{
	loop_remove(&s->watch);
	LIST_REMOVE(s, others);
	free(s);
}

/* A socket that is not watched, for want of memory, has its time run out. */
static void on_socket(void *arg, ares_socket_t fd, int in, int out)
{
	uint32_t events = (in ? EPOLLIN : 0) | (out ? EPOLLOUT : 0);
	struct host *host = arg;
	struct query_socket *s = find_socket(host, fd);

	if (s && events)
		loop_change(&s->watch, events);
	else if (s)
		unwatch(s);
	if (s || !events)
		return;
	s = calloc(1, sizeof(*s));
	if (!s)
		return;
	s->host = host;
	s->watch.fn = on_query_event;
	s->watch.fd = fd;
	LIST_INSERT_HEAD(&host->sockets, s, others);
	if (loop_add(&s->watch, events)) {
		LIST_REMOVE(s, others);
		free(s);
	}
}

static void on_time(struct timer *timer)
{
	struct host *host = container_of(timer, struct host, timer);

	if (!host->channel && !host->over) {
		host->answer.status = RESOLVE_NO_ANSWER;
		host->answer.why = "no memory";
		host->over = true;
		finish(host);
	} else if (!host->channel) {
		forget(host);
	} else if (!host->over && clock_ms() >= host->limit) {
		host->answer.status = RESOLVE_NO_ANSWER;
		host->answer.why = ares_strerror(ARES_ETIMEOUT);
		host->ttl = BAD;
		host->over = true;
		finish(host);
	} else {
		if (!host->over)
			ares_process_fd(host->channel, ARES_SOCKET_BAD,
					ARES_SOCKET_BAD);
		settle(host);
	}
}

/* Lookups */

static struct host *find(const char *name)
{
	struct host wanted = { .name = (char *)name };
	struct host **node = tfind(&wanted, &hosts, compare);

	return node ? *node : NULL;
}

/* Without a channel, the timer tells of it. */
static void ask(struct host *host)
{
	const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC };
	struct ares_options options = {
		.timeout = SERVER_TIMEOUT,
		.tries = SERVER_TRIES,
		.sock_state_cb = on_socket,
		.sock_state_cb_data = host,
	};

	if (ares_init_options(&host->channel, &options, ARES_OPT_TIMEOUTMS |
			      ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB)) {
		host->channel = NULL;
		timer_set(&host->timer, clock_ms());
		return;
	}
	ares_getaddrinfo(host->channel, host->name, NULL, &hints, on_answer,
			 host);
	/* Nobody is told before this returned. */
	if (host->over)
		timer_set(&host->timer, clock_ms());
	else
		settle(host);
}

static struct host *make(const char *name, int64_t ms)
{
	struct host *host = calloc(1, sizeof(*host));

	if (!host)
		return NULL;
	LIST_INIT(&host->sockets);
	TAILQ_INIT(&host->waiting);
	host->timer.fn = on_time;
	host->limit = clock_ms() + ms;
	host->name = strdup(name);
	if (host->name && tsearch(host, &hosts, compare)) {
		ask(host);
		return host;
	}
	free(host->name);
	free(host);
	return NULL;
}

const struct resolve_answer *resolve_known(const char *name)
{
	const struct host *host = find(name);

	return host && host->over && !host->channel ? &host->answer : NULL;
}

struct lookup *resolve_start(const char *name, int64_t ms, resolve_done_fn done,
			     void *arg)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	struct host *host = find(name);

	if (lookup && !host)
		host = make(name, ms);
	if (!lookup || !host) {
		free(lookup);
		return NULL;
	}
	lookup->host = host;
	lookup->done = done;
	lookup->arg = arg;
	TAILQ_INSERT_TAIL(&host->waiting, lookup, others);
	return lookup;
}

void resolve_cancel(struct lookup *lookup)
{
	struct host *host = lookup->host;

	TAILQ_REMOVE(&host->waiting, lookup, others);
	free(lookup);
	/* Nobody wants to know any more. */
	if (TAILQ_EMPTY(&host->waiting) && !host->over)
		forget(host);
}

void resolve_forget(void)
{
	while (hosts)
		forget(*(struct host **)hosts);
}
