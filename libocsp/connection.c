// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The process's netlink socket, and its back-off. */
#include <errno.h>

#include "clock.h"
#include "connection.h"

#define FIRST_DELAY	1	/* seconds; doubled by each failure */
#define DOUBLINGS	6

/* All that follows is protected by the library's lock. */
static struct ocsp_client *client;	/* NULL: there is none now */
static struct ocsp_fd_id client_id;
static struct ocsp_watch *watches;

/* Of the parent's; freed when there is time for it. */
static struct ocsp_client *orphan;

static unsigned int failures;		/* since the kernel answered last */
static uint32_t retry_at;
static struct ocsp_error failure;

void ocsp_connection_error(int err, const struct ocsp_client *of,
			   struct ocsp_error *error)
{
	ocsp_error_set(error, ocsp_error_code(err), "%s",
		       ocsp_client_error(of));
}

/* Memory is another matter, and may be there at once. */
static void back_off(int err)
{
	if (err == -ENOMEM)
		return;
	retry_at = ocsp_uptime() + (FIRST_DELAY << failures);
	if (failures < DOUBLINGS)
		failures++;
}

void ocsp_connection_failed(int err, struct ocsp_error *error)
{
	ocsp_connection_error(err, client, error);
	failure = *error;
	back_off(err);
}

void ocsp_connection_works(void)
{
	failures = 0;
}

/* A new client; no family in the kernel is an error of its own. */
static int connect_client(struct ocsp_client **new)
{
	int rc = ocsp_client_new(new);

	if (rc == -ENOENT || rc == -EPROTONOSUPPORT)
		rc = -OCSP_ENOMODULE;
	return rc;
}

static bool is_waiting(void)
{
	return failures && (int32_t)(retry_at - ocsp_uptime()) > 0;
}

struct ocsp_client *ocsp_connection(enum ocsp_urgency urgency,
				    struct ocsp_error *error)
{
	struct ocsp_client *new;
	int rc;

	if (urgency == OCSP_WHEN_DUE && is_waiting()) {
		*error = failure;
		return NULL;
	}
	if (client && ocsp_fd_is_ours(&client_id))
		return client;
	ocsp_connection_drop();
	rc = connect_client(&new);
	if (rc) {
		ocsp_connection_error(rc, new, error);
		ocsp_client_free(new);
		failure = *error;
		back_off(rc);
		return NULL;
	}
	client = new;
	ocsp_fd_remember(&client_id, ocsp_client_fd(client));
	return client;
}

void ocsp_connection_drop(void)
{
	ocsp_client_abandon(orphan);
	orphan = NULL;
	if (!client)
		return;
	ocsp_fd_close(&client_id);
	ocsp_client_abandon(client);
	client = NULL;
}

void ocsp_connection_forked(void)
{
	struct ocsp_watch *watch;

	/*
	 * Watches were on the stacks of threads that the child does not have;
	 * their clients' memory is lost to it.
	 */
	for (watch = watches; watch; watch = watch->next)
		ocsp_fd_close(&watch->id);
	watches = NULL;
	failures = 0;
	if (!client)
		return;
	ocsp_fd_close(&client_id);
	orphan = client;
	client = NULL;
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
	ocsp_fd_close(&watch->id);
	ocsp_client_abandon(watch->client);
	watch->client = NULL;
}
