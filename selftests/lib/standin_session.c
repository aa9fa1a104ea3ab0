// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The stand-in's sessions and their handles. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/ktls_ocsp_session.h>

#include "standin_store.h"

static size_t handles_of(const struct standin_session *session)
{
	size_t i, n = 0;

	for (i = 0; i < session->handle_count; i++)
		n += session->handles[i].refs > 0;
	return n;
}

unsigned int standin_store_sessions(const struct standin_store *store)
{
	const struct standin_session *session;
	unsigned int n = 0;

	for (session = store->sessions; session; session = session->next)
		n++;
	return n;
}

void standin_session_count(const struct standin_store *store, uid_t uid,
			   size_t *sessions, size_t *handles)
{
	const struct standin_session *session;

	*sessions = 0;
	*handles = 0;
	for (session = store->sessions; session; session = session->next) {
		if (uid != (uid_t)-1 && session->uid != uid)
			continue;
		++*sessions;
		*handles += handles_of(session);
	}
}

static bool may_open(const struct standin_store *store,
		     const struct standin_request *request,
		     struct standin_reply *reply)
{
	uid_t uid = request->has_owner ? request->owner : request->uid;
	size_t sessions, handles;

	if ((request->create || request->has_owner) && !request->privileged)
		return standin_refuse(reply, -EPERM, request->create ?
				      STANDIN_NO_CAPABILITY " (attribute \"session-flags\")" :
				      STANDIN_NO_CAPABILITY " (attribute \"owner\")");
	if (uid == (uid_t)-1)
		return standin_refuse(reply, -EINVAL,
				      "the owner is no user of the caller's user namespace (attribute \"owner\")");
	standin_session_count(store, uid, &sessions, &handles);
	if (sessions >= store->limits[STANDIN_MAX_SESSIONS_OF_USER])
		return standin_refuse(reply, -ENOSPC,
				      "the user is at its limit of sessions");
	standin_session_count(store, -1, &sessions, &handles);
	if (sessions >= standin_total_max(store, STANDIN_MAX_SESSIONS,
					  request->privileged))
		return standin_refuse(reply, -ENOSPC,
				      "the store is at its limit of sessions");
	return true;
}

/* The ends of a new session; -1: refused. */
static int make_ends(struct standin_session *session,
		     struct standin_reply *reply)
{
	struct stat st;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		standin_refuse(reply, -errno, "");
		return -1;
	}
	session->fd = ends[0];
	fstat(ends[0], &st);
	session->ino = st.st_ino;
	fstat(ends[1], &st);
	session->client_ino = st.st_ino;
	return ends[1];
}

int standin_session_fd(struct standin_store *store,
		       const struct standin_request *request,
		       struct standin_reply *reply)
{
	struct standin_session *session;
	int fd;

	if (!may_open(store, request, reply))
		return -1;
	session = calloc(1, sizeof(*session));
	if (!session) {
		standin_refuse(reply, -ENOMEM, "");
		return -1;
	}
	fd = make_ends(session, reply);
	if (fd == -1) {
		free(session);
		return -1;
	}
	session->store = store;
	session->uid = request->has_owner ? request->owner : request->uid;
	session->may_create = request->create;
	session->next = store->sessions;
	store->sessions = session;
	return fd;
}

void standin_session_tell(struct standin_store *store,
			  const struct standin_entry *entry,
			  enum ktls_ocsp_event event)
{
	struct ktls_ocsp_change change = {
		.slot = entry->meta.slot,
		.events = 1U << event,
	};
	struct standin_session *session;

	/* Its creation comes before it is held. */
	if (event == KTLS_OCSP_EVENT_CREATED)
		return;
	for (session = store->sessions; session; session = session->next)
		if (standin_handle(session, change.slot))
			send(session->fd, &change, sizeof(change),
			     MSG_DONTWAIT | MSG_NOSIGNAL);
}

struct standin_session *standin_session_of(struct standin_store *store, int fd)
{
	struct standin_session *session;
	struct stat st;

	if (fstat(fd, &st) || !S_ISSOCK(st.st_mode))
		return NULL;
	for (session = store->sessions; session; session = session->next)
		if (session->client_ino == st.st_ino)
			return session;
	return NULL;
}

/* In the same process, the application may have closed our end as well. */
static bool has_end(const struct standin_session *session)
{
	struct stat st;

	return !fstat(session->fd, &st) && S_ISSOCK(st.st_mode) &&
	       st.st_ino == session->ino;
}

static bool is_closed(const struct standin_session *session)
{
	struct pollfd p = { .fd = session->fd };

	return !has_end(session) ||
	       (poll(&p, 1, 0) > 0 && p.revents & POLLHUP);
}

void standin_session_reap(struct standin_store *store)
{
	struct standin_session *session, *next;

	for (session = store->sessions; session; session = next) {
		next = session->next;
		if (is_closed(session))
			standin_session_free(session);
	}
}

void standin_session_free(struct standin_session *session)
{
	struct standin_session **link = &session->store->sessions;
	size_t i;

	for (i = 0; i < session->handle_count; i++) {
		if (!session->handles[i].refs)
			continue;
		session->handles[i].refs = 1;
		standin_release(session, &session->handles[i]);
	}
	while (*link != session)
		link = &(*link)->next;
	*link = session->next;
	if (has_end(session))
		close(session->fd);
	free(session->handles);
	free(session);
}

struct standin_handle *standin_handle(struct standin_session *session,
				      uint32_t slot)
{
	size_t i;

	for (i = 0; i < session->handle_count; i++)
		if (session->handles[i].refs &&
		    session->handles[i].slot == slot)
			return &session->handles[i];
	return NULL;
}

bool standin_may_hold(struct standin_session *session, bool privileged,
		      struct standin_reply *reply)
{
	const struct standin_store *store = session->store;
	size_t sessions, handles;

	standin_session_count(store, session->uid, &sessions, &handles);
	if (handles >= store->limits[STANDIN_MAX_HANDLES_OF_USER])
		return standin_refuse(reply, -ENOSPC,
				      "the user is at its limit of handles");
	standin_session_count(store, -1, &sessions, &handles);
	if (handles >= standin_total_max(store, STANDIN_MAX_HANDLES,
					 privileged))
		return standin_refuse(reply, -ENOSPC,
				      "the store is at its limit of handles");
	return true;
}

static struct standin_handle *free_handle(struct standin_session *session)
{
	struct standin_handle *handles;
	size_t i;

	for (i = 0; i < session->handle_count; i++)
		if (!session->handles[i].refs)
			return &session->handles[i];
	handles = reallocarray(session->handles, i + 1, sizeof(*handles));
	if (!handles)
		return NULL;
	session->handles = handles;
	session->handle_count++;
	return &handles[i];
}

bool standin_hold(struct standin_session *session, struct standin_entry *entry,
		  struct standin_reply *reply)
{
	struct standin_handle *handle;

	handle = standin_handle(session, entry->meta.slot);
	if (handle) {
		if (handle->refs == UINT_MAX)
			return standin_refuse(reply, -EOVERFLOW,
					      "the handle has too many references");
		handle->refs++;
		return true;
	}
	handle = free_handle(session);
	if (!handle)
		return standin_refuse(reply, -ENOMEM, "");
	handle->slot = entry->meta.slot;
	handle->refs = 1;
	entry->meta.handles++;
	if (entry->meta.handles == 1)
		standin_file(session->store, entry);
	return true;
}

void standin_release(struct standin_session *session,
		     struct standin_handle *handle)
{
	struct standin_entry *entry = session->store->slots[handle->slot];

	if (--handle->refs)
		return;
	entry->meta.handles--;
	if (entry->meta.handles)
		return;
	if (entry->gone)
		standin_free_slot(session->store, entry);
	else
		standin_file(session->store, entry);
}
