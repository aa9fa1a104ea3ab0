// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The process's one session: made at first use, shared by all threads, left
 * behind by fork().
 *
 * A child of fork() has its parent's descriptors, and must not use them: what
 * the kernel counts through them is the parent's. It closes them at once, so
 * that the parent's handles go when the parent goes, and makes a session of
 * its own when it first needs one.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "last_error.h"
#include "pool.h"
#include "session.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

atomic_uint_fast64_t ocsp_session_epoch = 1;

/* Both are protected by lock. */
static struct ocsp_session session = { .fd = -1 };
static struct ocsp_watch *watches;

/* Of the parent's; freed when there is time for it. Protected by lock. */
static struct ocsp_client *orphan;

struct ocsp_session *ocsp_session_lock(void)
{
	pthread_mutex_lock(&lock);
	return &session;
}

void ocsp_session_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static void close_if_ours(const struct ocsp_fd_id *id)
{
	if (ocsp_fd_is_ours(id))
		close(id->fd);
}

static void session_drop(void)
{
	close_if_ours(&session.fd_id);
	close_if_ours(&session.client_id);
	ocsp_client_abandon(session.client);
	session.client = NULL;
	session.fd = -1;
	ocsp_session_epoch++;
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
 * OpenSSL: nothing but system calls here. Watches were on the stacks of
 * threads that the child does not have; their clients' memory is lost to it.
 */
static void fork_child(void)
{
	struct ocsp_watch *watch;

	for (watch = watches; watch; watch = watch->next)
		close_if_ours(&watch->id);
	watches = NULL;
	if (session.client) {
		close_if_ours(&session.fd_id);
		close_if_ours(&session.client_id);
		orphan = session.client;
		session.client = NULL;
		session.fd = -1;
		ocsp_session_epoch++;
	}
	ocsp_pool_unlock();
	pthread_mutex_unlock(&lock);
}

__attribute__((constructor))
static void session_init(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

static int session_failed(int rc, const struct ocsp_client *client)
{
	ocsp_set_error(ocsp_error_code(rc), "%s", ocsp_client_error(client));
	return rc;
}

/* A new client; no family in the kernel is an error of its own. */
static int connect_client(struct ocsp_client **client)
{
	int rc = ocsp_client_new(client);

	if (rc == -ENOENT || rc == -EPROTONOSUPPORT || rc == -EAFNOSUPPORT)
		rc = -OCSP_ENOMODULE;
	return rc;
}

bool ocsp_session_is_open(const struct ocsp_session *s)
{
	return s->client && ocsp_fd_is_ours(&s->client_id);
}

/* Make sure that there is a session. Sets the last error. */
static int session_ready(void)
{
	struct ocsp_client *client;
	uint64_t board_size;
	int rc;

	ocsp_client_abandon(orphan);
	orphan = NULL;
	if (ocsp_session_is_open(&session))
		return 0;
	if (session.client)
		session_drop();

	rc = connect_client(&client);
	if (!rc)
		rc = ocsp_client_session(client, &session.fd,
					 &session.min_validity, &board_size);
	if (rc) {
		session_failed(rc, client);
		ocsp_client_free(client);
		return rc;
	}
	session.client = client;
	ocsp_board_map(&session.board, session.fd, board_size);
	ocsp_fd_remember(&session.client_id, ocsp_client_fd(client));
	ocsp_fd_remember(&session.fd_id, session.fd);
	return 0;
}

/* The kernel does not know our session by its descriptor, or not any more. */
static bool session_lost(int rc)
{
	return rc == -EBADF || rc == -ENOTSOCK || rc == -ESHUTDOWN;
}

int ocsp_session_call(ocsp_session_fn fn, void *arg)
{
	bool again = true;
	int rc;

	pthread_mutex_lock(&lock);
	for (;;) {
		rc = session_ready();
		if (rc)
			break;
		rc = fn(&session, arg);
		if (rc < 0)
			session_failed(rc, session.client);
		if (!session_lost(rc))
			break;
		session_drop();
		if (!again)
			break;
		again = false;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

void ocsp_watch_start(struct ocsp_watch *watch)
{
	int rc;

	rc = connect_client(&watch->client);
	if (!rc)
		rc = ocsp_client_listen(watch->client, false, true);
	if (rc) {
		ocsp_client_free(watch->client);
		watch->client = NULL;
		return;
	}
	ocsp_fd_remember(&watch->id, ocsp_client_fd(watch->client));
	watch->next = watches;
	watches = watch;
}

void ocsp_watch_stop(struct ocsp_watch *watch)
{
	struct ocsp_watch **at = &watches;

	if (!watch->client)
		return;
	while (*at != watch)
		at = &(*at)->next;
	*at = watch->next;
	close_if_ours(&watch->id);
	ocsp_client_abandon(watch->client);
	watch->client = NULL;
}
