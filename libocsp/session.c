// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Sessions: made at first use, shared by all threads, inherited by children.
 *
 * An entry stays held as long as any descendant of who opened it lives: a child
 * of fork() keeps the descriptor, and so what the kernel holds for it. It reads
 * the board that it inherited, and what a slot of that session has, through a
 * netlink socket of its own. So any number of workers cost the kernel no handle
 * more. What a child opens is in a session of its own, for its parent's could
 * not tell whose a handle is.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"
#include "dispatcher.h"
#include "events.h"
#include "pool.h"
#include "session.h"
#include "session_socket.h"
#include "updates.h"

/* ms that an open waits for the broker */
#define BROKER_WAIT	2000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* All that follows is protected by lock. */
static struct ocsp_session *sessions;
static uint32_t checked;		/* when, by ocsp_uptime() */
static bool were_lost;
static unsigned int forks;

void ocsp_lock(void)
{
	pthread_mutex_lock(&lock);
}

void ocsp_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

void ocsp_wait(pthread_cond_t *changed, const struct timespec *until)
{
	if (until)
		pthread_cond_timedwait(changed, &lock, until);
	else
		pthread_cond_wait(changed, &lock);
}

unsigned int ocsp_fork_count(void)
{
	return forks;
}

/* The pools' lock is taken inside ours. */
static void fork_prepare(void)
{
	pthread_mutex_lock(&lock);
	ocsp_pool_lock();
}

static void fork_parent(void)
{
	ocsp_pool_unlock();
	pthread_mutex_unlock(&lock);
}

/*
 * Only this thread is left, and another one may have been inside malloc() or
 * OpenSSL: nothing but system calls here.
 */
static void fork_child(void)
{
	struct ocsp_session *session;

	forks++;
	for (session = sessions; session; session = session->next) {
		if (session->state == OCSP_SESSION_OWN)
			session->state = OCSP_SESSION_INHERITED;
		session->adopted = false;
	}
	ocsp_broker_forked();
	ocsp_events_forked();
	ocsp_connection_forked();
	ocsp_dispatcher_forked();
	ocsp_updates_forked();
	ocsp_pool_unlock();
	pthread_mutex_unlock(&lock);
}

__attribute__((constructor))
static void session_init(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

struct ocsp_session *ocsp_sessions(void)
{
	return sessions;
}

static struct ocsp_session *find_own(void)
{
	struct ocsp_session *session = sessions;

	while (session && session->state != OCSP_SESSION_OWN)
		session = session->next;
	return session;
}

/* What is said of a descriptor that is to be a session. */
struct offer {
	int fd;
	uint32_t min_validity;
	uint64_t board_size;
};

/* NULL: no memory, and the descriptor is as it was. */
static struct ocsp_session *new_session(const struct offer *offer)
{
	struct ocsp_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	ocsp_fd_remember(&session->id, offer->fd);
	ocsp_board_map(&session->board, offer->fd, offer->board_size);
	session->min_validity = offer->min_validity;
	session->state = OCSP_SESSION_OWN;
	session->next = sessions;
	sessions = session;
	ocsp_events_add(session);
	checked = ocsp_uptime();
	return session;
}

static bool ask_kernel(struct ocsp_client *client, struct offer *offer,
		       struct ocsp_error *error)
{
	int rc;

	rc = ocsp_client_session(client, &offer->fd, &offer->min_validity,
				 &offer->board_size);
	if (!rc)
		return true;
	/* The module was unloaded after we had connected. */
	if (rc == -ENOENT)
		rc = -OCSP_ENOMODULE;
	ocsp_connection_error(rc, client, error);
	return false;
}

/*
 * Of a session that somebody else made the kernel tells neither of these: the
 * board's size follows from the store's limit, which may have been another one
 * then.
 */
static bool describe(struct ocsp_client *client, struct offer *offer,
		     struct ocsp_error *error)
{
	const struct ocsp_usage *entries;
	struct ocsp_stats stats;
	int rc;

	rc = ocsp_client_stats(client, offer->fd, &stats);
	if (rc) {
		ocsp_connection_error(rc, client, error);
		return false;
	}
	offer->min_validity = CERT_SRV_OCSP_RESP_MIN_VALIDITY_SECONDS_DEFAULT;
	entries = &stats.usage[KTLS_OCSP_RESOURCE_ENTRIES];
	offer->board_size = ocsp_board_guess(offer->fd, entries->limit);
	return true;
}

/* From the broker, if there is one. */
static bool take_offer(struct ocsp_client *client, struct offer *offer,
		       struct ocsp_error *error)
{
	switch (ocsp_broker_ask(&offer->fd, error)) {
	case OCSP_BROKER_NONE:
		return ask_kernel(client, offer, error);
	case OCSP_BROKER_SESSION:
		if (describe(client, offer, error))
			return true;
		ocsp_broker_failed(error);
		close(offer->fd);
		return false;
	default:
		return false;
	}
}

struct ocsp_session *ocsp_session_own(struct ocsp_client *client,
				      struct ocsp_error *error)
{
	struct ocsp_session *session = find_own();
	struct offer offer;

	if (session)
		return session;
	if (!take_offer(client, &offer, error))
		return NULL;
	session = new_session(&offer);
	if (!session) {
		close(offer.fd);
		ocsp_error_memory(error);
	}
	return session;
}

void ocsp_session_prepare(void)
{
	struct pollfd p = { .fd = -1, .events = POLLIN };

	ocsp_lock();
	if (!find_own())
		p.fd = ocsp_broker_start();
	ocsp_unlock();
	if (p.fd == -1)
		return;
	poll(&p, 1, BROKER_WAIT);
	close(p.fd);
}

bool ocsp_session_adopt(struct ocsp_client *client, int fd,
			struct ocsp_error *error)
{
	struct offer offer = { .fd = fd };
	struct ocsp_session *session, *old;

	if (!describe(client, &offer, error))
		return false;
	for (old = sessions; old && !old->adopted; old = old->next)
		;
	session = new_session(&offer);
	if (!session)
		return ocsp_error_memory(error);
	session->adopted = true;
	if (old) {
		old->adopted = false;
		if (!old->handles)
			ocsp_session_lose(old);
	}
	return true;
}

void ocsp_session_use(struct ocsp_session *session)
{
	session->handles++;
}

void ocsp_session_leave(struct ocsp_session *session)
{
	/* An ancestor closed its handles, or never will: do not keep them. */
	if (!--session->handles && session->state == OCSP_SESSION_INHERITED) {
		ocsp_fd_close(&session->id);
		session->state = OCSP_SESSION_LOST;
	}
}

void ocsp_session_lose(struct ocsp_session *session)
{
	if (session->state == OCSP_SESSION_LOST)
		return;
	ocsp_events_remove(session);
	ocsp_fd_close(&session->id);
	session->state = OCSP_SESSION_LOST;
	if (session->handles)
		were_lost = true;
}

void ocsp_sessions_check(bool urgent)
{
	uint32_t now = ocsp_uptime();
	struct ocsp_session *session;

	if (!urgent && now - checked < OCSP_CHECK_INTERVAL)
		return;
	checked = now;
	for (session = sessions; session; session = session->next)
		if (session->state != OCSP_SESSION_LOST &&
		    !ocsp_fd_is_ours(&session->id))
			ocsp_session_lose(session);
}

bool ocsp_sessions_were_lost(void)
{
	bool lost = were_lost;

	were_lost = false;
	return lost;
}

static void close_session(struct ocsp_session *session)
{
	ocsp_events_remove(session);
	if (session->state != OCSP_SESSION_LOST)
		ocsp_fd_close(&session->id);
	ocsp_board_unmap(&session->board);
	free(session);
}

void ocsp_sessions_close(void)
{
	struct ocsp_session **at = &sessions, *session;

	while ((session = *at)) {
		if (session->adopted && session->state == OCSP_SESSION_OWN) {
			at = &session->next;
			continue;
		}
		*at = session->next;
		close_session(session);
	}
	were_lost = false;
	ocsp_events_close();
	ocsp_connection_drop();
}
