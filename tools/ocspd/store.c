// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The kernel's store, see store.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "store.h"

static struct store_calls calls;
static struct ocsp_client *client;	/* for requests */
static struct ocsp_client *listener;	/* for notices */
static struct ocsp_client *failed;	/* the one that store_error() is about */
static struct watch notices = { .fd = -1 };
/* Holds what is pinned, and the module. */
static int session = -1;
static uint32_t min_validity;

uint32_t store_min_validity(void)
{
	return min_validity;
}

bool store_is_open(void)
{
	return session != -1;
}

const char *store_error(void)
{
	return ocsp_client_error(failed);
}

static int remember(struct ocsp_client *which, int err)
{
	if (err)
		failed = which;
	return err;
}

static int on_notice(const struct ocsp_notice *n, void *arg)
{
	(void)arg;
	if (n->wanted)
		calls.wanted(n->entry.key);
	else
		calls.event(n->event, &n->entry);
	return 0;
}

static void on_readable(struct watch *watch, uint32_t events)
{
	int err;

	(void)watch;
	(void)events;
	err = ocsp_client_notice(listener, on_notice, NULL);
	if (!err)
		return;
	if (err != -ENOBUFS)
		log_text(LOG_ERR, "listening to the store: %s",
			 ocsp_client_error(listener));
	calls.lost();
}

static int follow_store(void)
{
	int err;

	err = remember(listener, ocsp_client_new(&listener));
	if (!err)
		err = remember(listener, ocsp_client_listen(listener, true,
							    true));
	if (err) {
		failed = listener;
		return err;
	}
	notices.fn = on_readable;
	notices.fd = ocsp_client_fd(listener);
	return loop_add(&notices, EPOLLIN);
}

int store_open(const struct store_calls *the_calls, bool follow)
{
	int err;

	store_close();
	calls = *the_calls;
	err = ocsp_client_new(&client);
	failed = client;
	if (!err)
		err = ocsp_client_session(client, &session, &min_validity,
					  NULL);
	if (!err && follow)
		err = follow_store();
	return err;
}

void store_close(void)
{
	if (session != -1)
		close(session);
	if (notices.fd != -1)
		loop_remove(&notices);
	ocsp_client_free(listener);
	ocsp_client_free(client);
	session = -1;
	notices.fd = -1;
	listener = NULL;
	client = NULL;
	failed = NULL;
}

int store_stats(struct ocsp_stats *stats)
{
	return remember(client, ocsp_client_stats(client, -1, stats));
}

static int on_entry(const struct ocsp_entry *r, void *arg)
{
	void (**fn)(const struct ocsp_entry *entry) = arg;

	(*fn)(r);
	return 0;
}

int store_read(void (*fn)(const struct ocsp_entry *entry))
{
	return remember(client, ocsp_client_dump(client, -1, on_entry, &fn,
						 NULL));
}

int store_get(const uint8_t *key, uint32_t parts,
	      struct ocsp_entry *entry)
{
	struct ocsp_name name = OCSP_NAME_INIT;

	name.key = key;
	return remember(client, ocsp_client_get(client, &name, parts,
						entry));
}

int store_publish(const uint8_t *key, const struct ocsp_verdict *verdict,
		  const unsigned char *blob, size_t len, uint64_t *generation)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	const struct ocsp_update update = {
		.blob = blob,
		.blob_len = len,
		.status = verdict->status,
		.this_update = verdict->this_update,
		.next_update = verdict->next_update,
	};

	name.key = key;
	return remember(client, ocsp_client_set(client, &name, &update,
						generation));
}

/* The store shows it to everybody: one line of printable ASCII. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

int store_report(const uint8_t *key, const char *failure, bool repeated)
{
	char text[KTLS_OCSP_FAILURE_MAX + 1];
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_update update = {
		.failure = text,
		.repeated = repeated,
	};
	int err;

	snprintf(text, sizeof(text), "%s", failure);
	make_printable(text);
	name.key = key;
	err = ocsp_client_set(client, &name, &update, NULL);
	if (err == -EINVAL && repeated) {
		/* An older module counts it. */
		update.repeated = false;
		err = ocsp_client_set(client, &name, &update, NULL);
	}
	return remember(client, err);
}

int store_hold(const struct ocsp_name *certs, uint32_t *slot)
{
	struct ocsp_name name = *certs;
	struct ocsp_opened opened;
	int err;

	name.session = session;
	err = remember(client, ocsp_client_open(client, &name, false,
						&opened));
	if (!err)
		*slot = opened.slot;
	return err;
}

void store_let_go(uint32_t slot)
{
	if (session != -1)
		ocsp_client_close(client, session, slot);
}
