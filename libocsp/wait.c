// SPDX-License-Identifier: LGPL-2.1-or-later
/* Waiting for the first response of a handle. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "last_error.h"
#include "response.h"

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
	bool done;
};

/* The first step, with the lock held; also runs again with a new session. */
static int wait_start(struct ocsp_session *session, void *arg)
{
	struct wait *w = arg;
	struct ocsp_name name = { .session = session->fd, .key = w->h->subject->key };
	struct ocsp_opened opened;
	struct ocsp_entry r;
	int rc;

	rc = ocsp_client_get(session->client, &name, 0, &r);
	if (rc && rc != -ENOENT)
		return rc;
	if (!rc && r.state == KTLS_OCSP_STATE_VALID) {
		w->done = true;
		return ocsp_handle_attach(session, w->h, false, NULL);
	}
	w->failures = r.failures;

	/* Listen before "wanted" is told: the answer may come at once. */
	ocsp_watch_stop(&w->watch);
	ocsp_watch_start(&w->watch);
	rc = ocsp_handle_attach(session, w->h, true, &opened);
	if (rc)
		return rc;
	w->done = opened.state == KTLS_OCSP_STATE_VALID || !opened.refresher;
	return 0;
}

/*
 * The kernel tells "wanted" once a second at most for a response: where others
 * were answered within that second, it told nobody of us.
 */
static int ask_again(struct ocsp_session *session, const struct wait *w)
{
	struct ocsp_name name = { .session = session->fd, .key = w->h->subject->key };
	struct ocsp_opened opened;
	int rc;

	rc = ocsp_client_open(session->client, &name, true, &opened);
	return rc ? rc : ocsp_client_close(session->client, session->fd,
					   opened.slot);
}

static int recheck(struct ocsp_session *session, void *arg)
{
	struct wait *w = arg;
	struct ocsp_name name = { .session = session->fd, .slot = &w->h->slot };
	struct ocsp_entry r;
	int rc = 0;

	if (w->h->epoch != ocsp_session_epoch)
		rc = ocsp_handle_attach(session, w->h, true, NULL);
	if (!rc)
		rc = ocsp_client_get(session->client, &name, 0, &r);
	if (!rc)
		w->done = r.state == KTLS_OCSP_STATE_VALID ||
			  r.failures != w->failures;
	return rc || w->done ? rc : ask_again(session, w);
}

static int on_notice(const struct ocsp_notice *n, void *arg)
{
	struct wait *w = arg;

	if (!n->wanted && !memcmp(n->entry.key, w->h->subject->key,
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
			if (ocsp_session_call(recheck, w))
				break;
			next = now + RECHECK;
			continue;
		}
		p.revents = 0;
		poll(&p, 1, (next < deadline ? next : deadline) - now);
		if (!p.revents)
			continue;
		rc = ocsp_client_notice(w->watch.client, on_notice, w);
		if (rc == -ENOBUFS)
			next = now;
		else if (rc)
			p.fd = -1;
	}
}

int ocsp_handle_open_waiting(struct ocsp_handle *h)
{
	struct wait w = { .h = h };
	int64_t deadline;
	int rc;

	deadline = now_ms() +
		CERT_SRV_OCSP_RESP_URL_RETRIEVAL_TIMEOUT_MILLISECONDS_DEFAULT;
	rc = ocsp_session_call(wait_start, &w);
	if (!rc && !w.done)
		wait_until(&w, deadline);
	ocsp_session_lock();
	ocsp_watch_stop(&w.watch);
	ocsp_session_unlock();
	return rc;
}
