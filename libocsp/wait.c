// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Opening a handle, and waiting for its first response. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "lookup.h"

/*
 * How often to look at the store itself, in ms, and to ask again. Events can be
 * dropped, and go to another network namespace than ours when the thread has
 * changed its own.
 */
#define RECHECK		1000

struct wait {
	struct ocsp_handle *h;
	struct ocsp_watch watch;
	uint32_t failures;		/* before the handle was opened */
	int64_t failure_time;		/* of the last of them */
	bool done;
};

static int hold(struct ocsp_client *client, struct ocsp_handle *h, void *arg,
		struct ocsp_error *error)
{
	struct ocsp_opened opened;

	(void)arg;
	return ocsp_handle_hold(client, h, false, &opened, error);
}

bool ocsp_handle_open(struct ocsp_handle *h, struct ocsp_error *error)
{
	int rc;

	ocsp_lock();
	rc = ocsp_handle_call(h, OCSP_AT_ONCE, hold, NULL, error);
	ocsp_unlock();
	return !rc;
}

/* The first step, with the lock held; also runs again with a new session. */
static int wait_start(struct ocsp_client *client, struct ocsp_handle *h,
		      void *arg, struct ocsp_error *error)
{
	struct ocsp_session *session = ocsp_session_own(client, error);
	struct ocsp_name name = { .key = h->config->key };
	struct ocsp_opened opened;
	struct ocsp_entry r;
	struct wait *w = arg;
	int rc;

	if (!session)
		return -EIO;
	name.session = session->id.fd;
	rc = ocsp_client_get(client, &name, 0, &r);
	if (rc && rc != -ENOENT) {
		ocsp_connection_error(rc, client, error);
		return rc;
	}
	if (!rc && r.state == KTLS_OCSP_STATE_VALID) {
		w->done = true;
		return ocsp_handle_hold(client, h, false, &opened, error);
	}
	w->failures = r.failures;
	w->failure_time = r.failure_time;

	/* Listen before "wanted" is told: the answer may come at once. */
	ocsp_watch_stop(&w->watch);
	ocsp_watch_start(&w->watch);
	rc = ocsp_handle_hold(client, h, true, &opened, error);
	if (!rc)
		w->done = opened.state == KTLS_OCSP_STATE_VALID ||
			  !opened.refresher;
	return rc;
}

/*
 * The kernel tells "wanted" once a second at most for a response: where others
 * were answered within that second, it told nobody of us.
 */
static int ask_again(struct ocsp_client *client, struct ocsp_handle *h,
		     struct ocsp_error *error)
{
	struct ocsp_name name = {
		.session = h->session->id.fd,
		.key = h->config->key,
	};
	struct ocsp_opened opened;
	int rc;

	rc = ocsp_client_open(client, &name, true, &opened);
	if (!rc)
		rc = ocsp_client_close(client, name.session, opened.slot);
	if (rc)
		ocsp_connection_error(rc, client, error);
	return rc;
}

static int recheck(struct ocsp_client *client, struct ocsp_handle *h, void *arg,
		   struct ocsp_error *error)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_opened opened;
	struct ocsp_entry r;
	struct wait *w = arg;
	int rc = 0;

	if (!ocsp_handle_is_held(h))
		rc = ocsp_handle_hold(client, h, true, &opened, error);
	if (rc)
		return rc;
	name.session = h->session->id.fd;
	name.slot = &h->config->slot;
	rc = ocsp_client_get(client, &name, 0, &r);
	if (rc) {
		ocsp_connection_error(rc, client, error);
		return rc;
	}
	/* A failure that was repeated for us is not counted again. */
	w->done = r.state == KTLS_OCSP_STATE_VALID ||
		  r.failures != w->failures ||
		  r.failure_time != w->failure_time;
	return w->done ? 0 : ask_again(client, h, error);
}

/* Without the lock. */
static int recheck_now(struct wait *w)
{
	struct ocsp_error ignored;
	int rc;

	ocsp_lock();
	rc = ocsp_handle_call(w->h, OCSP_AT_ONCE, recheck, w, &ignored);
	ocsp_unlock();
	return rc;
}

static int on_notice(const struct ocsp_notice *n, void *arg)
{
	struct wait *w = arg;

	if (!n->wanted && !memcmp(n->entry.key, w->h->config->key,
				  KTLS_OCSP_KEY_LEN) &&
	    (n->event == KTLS_OCSP_EVENT_UPDATED ||
	     n->event == KTLS_OCSP_EVENT_REVOKED ||
	     n->event == KTLS_OCSP_EVENT_FAILED))
		w->done = true;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * Until the deadline, in ms of CLOCK_MONOTONIC; without the lock. The handle is
 * open already, so an error here only ends the wait.
 */
static void wait_until(struct wait *w, int64_t deadline)
{
	struct pollfd p = { .fd = -1, .events = POLLIN };
	int64_t next = now_ms() + RECHECK, now;
	int rc;

	if (w->watch.client)
		p.fd = ocsp_client_fd(w->watch.client);
	while (!w->done) {
		now = now_ms();
		if (now >= deadline)
			break;
		if (now >= next) {
			if (recheck_now(w))
				break;
			next = now + RECHECK;
			continue;
		}
		p.revents = 0;
		poll(&p, 1, (next < deadline ? next : deadline) - now);
		if (!p.revents)
			continue;
		/* The application may have closed it, and have its number. */
		if (!ocsp_fd_is_ours(&w->watch.id)) {
			p.fd = -1;
			continue;
		}
		rc = ocsp_client_notice(w->watch.client, on_notice, w);
		if (rc == -ENOBUFS)
			next = now;
		else if (rc)
			p.fd = -1;
	}
}

bool ocsp_handle_open_waiting(struct ocsp_handle *h, struct ocsp_error *error)
{
	struct wait w = { .h = h };
	int64_t deadline;
	int rc;

	deadline = now_ms() +
		CERT_SRV_OCSP_RESP_URL_RETRIEVAL_TIMEOUT_MILLISECONDS_DEFAULT;
	ocsp_lock();
	rc = ocsp_handle_call(h, OCSP_AT_ONCE, wait_start, &w, error);
	ocsp_unlock();
	if (!rc && !w.done)
		wait_until(&w, deadline);
	ocsp_lock();
	ocsp_watch_stop(&w.watch);
	ocsp_unlock();
	return !rc;
}
