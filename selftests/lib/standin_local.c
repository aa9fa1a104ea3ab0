// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The stand-in's client and a store in the same process. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "standin.h"
#include "standin_local.h"

/* More notices than that are lost. */
#define QUEUE_MAX	100000

struct queued {
	struct ocsp_notice notice;
	TAILQ_ENTRY(queued) next;
};

TAILQ_HEAD(queue, queued);

struct standin_link {
	int fd;				/* readable when there are notices */
	bool wanted, events;
	bool lost;			/* some, behind those in the queue */
	unsigned int count;
	struct queue queue;
	TAILQ_ENTRY(standin_link) next;
};

TAILQ_HEAD(links, standin_link);

static struct standin_store *store;
static struct links links = TAILQ_HEAD_INITIALIZER(links);
static unsigned int to_lose;
static bool privileged = true;

/* The message of a dump that is being answered */
static int (*dump_fn)(const struct standin_reply *reply, const uint8_t *bytes,
		      void *arg);

bool standin_may_write(void)
{
	return privileged;
}

void standin_local_privileged(bool yes)
{
	privileged = yes;
}

static void enqueue(struct standin_link *link, const struct ocsp_notice *notice)
{
	const uint64_t one = 1;
	struct queued *q = NULL;

	if (!link->lost && link->count < QUEUE_MAX && !to_lose)
		q = malloc(sizeof(*q));
	if (q) {
		q->notice = *notice;
		TAILQ_INSERT_TAIL(&link->queue, q, next);
		link->count++;
	} else {
		link->lost = true;
	}
	if (write(link->fd, &one, sizeof(one)) < 0)
		abort();
}

static void tell(const struct ocsp_notice *notice)
{
	struct standin_link *link;
	bool told = false;

	TAILQ_FOREACH(link, &links, next) {
		if (notice->wanted ? !link->wanted : !link->events)
			continue;
		enqueue(link, notice);
		told = true;
	}
	if (told && to_lose)
		to_lose--;
}

static bool has_refresher(void)
{
	const struct standin_link *link;

	TAILQ_FOREACH(link, &links, next)
		if (link->wanted)
			return true;
	return false;
}

static void dumped(const struct ocsp_entry *entry, void *arg)
{
	struct standin_reply reply = {
		.kind = STANDIN_ENTRY,
		.entry = *entry,
	};

	dump_fn(&reply, NULL, arg);
}

static struct standin_calls calls = {
	.notice = tell,
	.has_refresher = has_refresher,
	.dumped = dumped,
	.wall = standin_wall,
	.ms = standin_ms,
};

void standin_local_clocks(int64_t (*wall)(void), int64_t (*ms)(void))
{
	calls.wall = wall;
	calls.ms = ms;
}

int standin_local_load(void)
{
	if (!store)
		store = standin_store_new(&calls);
	return store ? 0 : -ENOMEM;
}

int standin_local_unload(void)
{
	if (!store)
		return -ENOENT;
	standin_session_reap(store);
	if (standin_store_sessions(store))
		return -EBUSY;
	standin_store_free(store);
	store = NULL;
	return 0;
}

int64_t standin_local_run(void)
{
	standin_session_reap(store);
	return standin_store_run(store);
}

int standin_link_open(struct standin_link **link)
{
	struct standin_link *l;

	if (!store)
		return -ENOENT;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	TAILQ_INIT(&l->queue);
	l->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	TAILQ_INSERT_HEAD(&links, l, next);
	*link = l;
	return 0;
}

void standin_link_abandon(struct standin_link *link)
{
	struct queued *q;

	TAILQ_REMOVE(&links, link, next);
	while ((q = TAILQ_FIRST(&link->queue))) {
		TAILQ_REMOVE(&link->queue, q, next);
		free(q);
	}
	free(link);
}

void standin_link_close(struct standin_link *link)
{
	close(link->fd);
	standin_link_abandon(link);
}

int standin_link_fd(const struct standin_link *link)
{
	return link->fd;
}

static void listen_to(struct standin_link *link,
		      const struct standin_request *request)
{
	link->wanted |= request->wanted;
	link->events |= request->events;
}

/* What a reply points at, back to back, as a message would have it. */
static uint8_t *parts_of(const struct ocsp_entry *r)
{
	uint8_t *bytes = malloc(r->cert_len + r->issuer_len + r->blob_len + 1);
	uint8_t *p = bytes;

	if (!bytes)
		abort();
	if (r->cert)
		p = mempcpy(p, r->cert, r->cert_len);
	if (r->issuer)
		p = mempcpy(p, r->issuer, r->issuer_len);
	if (r->blob)
		memcpy(p, r->blob, r->blob_len);
	return bytes;
}

static int answer(const struct standin_reply *reply,
		  int (*fn)(const struct standin_reply *reply,
			    const uint8_t *bytes, void *arg), void *arg)
{
	uint8_t *bytes = parts_of(&reply->entry);
	int err = fn(reply, bytes, arg);

	free(bytes);
	return err;
}

/* A library has threads; what the store is made of has none. */
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static int call_store(struct standin_link *link,
		      const struct standin_request *request,
		      const uint8_t *bytes, int fd, int *new_fd,
		      int (*fn)(const struct standin_reply *reply,
				const uint8_t *bytes, void *arg),
		      void *arg)
{
	struct standin_reply reply = { .kind = STANDIN_REPLY };

	if (!store)
		return -ENOENT;
	standin_session_reap(store);
	dump_fn = fn;
	standin_store_call(store, fd == -1 ? NULL :
			   standin_session_of(store, fd), request, bytes, arg,
			   &reply);
	if (!reply.err && request->op == STANDIN_LISTEN)
		listen_to(link, request);
	if (!reply.err && request->op == STANDIN_SESSION)
		*new_fd = standin_session_fd(store, request, &reply);
	return answer(&reply, fn, arg);
}

int standin_link_call(struct standin_link *link,
		      const struct standin_request *request,
		      const uint8_t *bytes, int fd, int *new_fd,
		      int (*fn)(const struct standin_reply *reply,
				const uint8_t *bytes, void *arg),
		      void *arg)
{
	int err;

	pthread_mutex_lock(&lock);
	err = call_store(link, request, bytes, fd, new_fd, fn, arg);
	pthread_mutex_unlock(&lock);
	return err;
}

int standin_link_notice(struct standin_link *link, struct standin_reply *reply)
{
	struct queued *q = TAILQ_FIRST(&link->queue);
	uint64_t count;

	memset(reply, 0, sizeof(*reply));
	if (q) {
		reply->kind = STANDIN_NOTICE;
		reply->notice = q->notice;
		TAILQ_REMOVE(&link->queue, q, next);
		link->count--;
		free(q);
		return 0;
	}
	/* It is not readable any more. */
	if (read(link->fd, &count, sizeof(count)) < 0 || !link->lost)
		return -EAGAIN;
	link->lost = false;
	reply->kind = STANDIN_LOST;
	return 0;
}

static void count_waiting(struct standin_reply *reply)
{
	const struct standin_link *link;

	TAILQ_FOREACH(link, &links, next) {
		reply->waiting += link->count;
		reply->dropped += link->lost;
	}
}

int standin_control(const struct standin_control *control,
		    struct standin_reply *reply)
{
	const struct standin_request request = {
		.op = STANDIN_CONTROL,
		.control = *control,
	};

	memset(reply, 0, sizeof(*reply));
	switch (control->action) {
	case STANDIN_ACTION_LOSE:
		to_lose = control->times;
		return 0;
	case STANDIN_ACTION_COUNT:
		count_waiting(reply);
		return 0;
	case STANDIN_ACTION_STOP:
		return standin_local_unload();
	default:
		standin_store_call(store, NULL, &request, NULL, NULL, reply);
		return reply->err;
	}
}
