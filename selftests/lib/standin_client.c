// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* libocsp/client.h over the stand-in for the store. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "standin.h"

/* As client_dump.c */
#define DUMP_TRIES	20
/* Bytes that a netlink attribute can have */
#define ATTRIBUTE_MAX	(UINT16_MAX - 4)

struct ocsp_client {
	struct standin_link *link;
	char error[512];
};

static int fail(struct ocsp_client *client, int err, const char *text)
{
	if (!text || !*text)
		text = err == EPERM || err == EACCES ? OCSP_NOT_PERMITTED :
		       err == ENOBUFS ? OCSP_BUFFER_RAN_OVER : strerror(err);
	snprintf(client->error, sizeof(client->error), "%s", text);
	return -err;
}

static int fail_link(struct ocsp_client *client, int err)
{
	return fail(client, -err, err == -ENOENT ? OCSP_NO_MODULE : NULL);
}

int ocsp_client_new(struct ocsp_client **client)
{
	struct ocsp_client *c = calloc(1, sizeof(*c));
	int err;

	*client = c;
	if (!c)
		return -ENOMEM;
	err = standin_link_open(&c->link);
	return err ? fail_link(c, err) : 0;
}

void ocsp_client_free(struct ocsp_client *client)
{
	if (client && client->link)
		standin_link_close(client->link);
	free(client);
}

void ocsp_client_abandon(struct ocsp_client *client)
{
	if (client && client->link)
		standin_link_abandon(client->link);
	free(client);
}

const char *ocsp_client_error(const struct ocsp_client *client)
{
	return client ? client->error : strerror(ENOMEM);
}

int ocsp_client_fd(const struct ocsp_client *client)
{
	return standin_link_fd(client->link);
}

/* Requests */

struct request {
	struct standin_request rq;
	int session;
	size_t len;
	bool too_long;			/* of something, which error tells */
	uint8_t bytes[];
};

/* With room for so many bytes. NULL: no memory. */
static struct request *request_new(struct ocsp_client *client,
				   enum standin_op op, size_t size)
{
	struct request *r = malloc(sizeof(*r) + size);

	if (!r) {
		fail(client, ENOMEM, NULL);
		return NULL;
	}
	memset(&r->rq, 0, sizeof(r->rq));
	r->rq.op = op;
	r->rq.privileged = standin_may_write();
	r->rq.uid = geteuid();
	r->session = -1;
	r->len = 0;
	r->too_long = false;
	return r;
}

static size_t put(struct ocsp_client *client, struct request *r,
		  const char *name, const void *bytes, size_t len, size_t max)
{
	char text[80];

	if (len > ATTRIBUTE_MAX) {
		snprintf(text, sizeof(text), "the %s has %zu bytes, more than %zu",
			 name, len, max);
		fail(client, ERANGE, text);
		r->too_long = true;
		return 0;
	}
	memcpy(r->bytes + r->len, bytes, len);
	r->len += len;
	return len;
}

static size_t name_size(const struct ocsp_name *name)
{
	return name->cert_len + name->issuer_len;
}

static void put_session(struct request *r, int session)
{
	if (session == -1)
		return;
	r->rq.has |= STANDIN_HAS_SESSION;
	r->session = session;
}

static void put_name(struct ocsp_client *client, struct request *r,
		     const struct ocsp_name *name)
{
	put_session(r, name->session);
	if (name->slot) {
		r->rq.has |= STANDIN_HAS_SLOT;
		r->rq.slot = *name->slot;
	}
	if (name->key) {
		r->rq.has |= STANDIN_HAS_KEY;
		memcpy(r->rq.key, name->key, KTLS_OCSP_KEY_LEN);
	}
	if (name->cert) {
		r->rq.has |= STANDIN_HAS_CERT;
		r->rq.cert_len = put(client, r, "certificate", name->cert,
				     name->cert_len, KTLS_OCSP_CERT_MAX);
	}
	if (name->issuer) {
		r->rq.has |= STANDIN_HAS_ISSUER;
		r->rq.issuer_len = put(client, r, "issuer", name->issuer,
				       name->issuer_len, KTLS_OCSP_CERT_MAX);
	}
}

typedef int (*answer_fn)(const struct standin_reply *reply,
			 const uint8_t *bytes, void *arg);

/* The whole of an answer: what its messages are for, and where they go. */
struct answer {
	struct ocsp_client *client;
	answer_fn fn;
	void *arg;
	int err;
};

static int on_message(const struct standin_reply *reply, const uint8_t *bytes,
		      void *arg)
{
	struct answer *a = arg;

	if (reply->err)
		a->err = fail(a->client, -reply->err, reply->text);
	else if (a->fn)
		a->err = a->fn(reply, bytes, a->arg);
	return a->err;
}

/* Send it, and free it. */
static int call(struct ocsp_client *client, struct request *r, int *new_fd,
		answer_fn fn, void *arg)
{
	struct answer a = { client, fn, arg, 0 };
	int err = -ERANGE;

	if (r->too_long)
		goto out;
	err = -EBADF;
	if (!(r->rq.has & STANDIN_HAS_SESSION) ||
	    fcntl(r->session, F_GETFD) != -1)
		err = standin_link_call(client->link, &r->rq, r->bytes,
					r->session, new_fd, on_message, &a);
	if (err == -EBADF && !a.err)
		err = fail(client, EBADF, "the session is no open file descriptor (attribute \"session\")");
	else if (err && !a.err)
		err = fail_link(client, err);
	else
		err = a.err;
out:
	free(r);
	return err;
}

static int take_session(const struct standin_reply *reply, const uint8_t *bytes,
			void *arg)
{
	(void)bytes;
	*(uint32_t *)arg = reply->min_validity;
	return 0;
}

int ocsp_client_session_for(struct ocsp_client *client,
			    const struct ocsp_session_terms *terms, int *fd,
			    uint32_t *min_validity, uint64_t *board_size)
{
	struct request *r = request_new(client, STANDIN_SESSION, 0);
	uint32_t validity = 0;
	int err, new_fd = -1;

	if (!r)
		return -ENOMEM;
	if (terms) {
		r->rq.create = terms->create;
		r->rq.has_owner = terms->owner;
		r->rq.owner = terms->owner ? *terms->owner : 0;
	}
	err = call(client, r, &new_fd, take_session, &validity);
	if (err)
		return err;
	if (new_fd == -1)
		return fail(client, EMFILE, "the process has too many open files");
	*fd = new_fd;
	if (min_validity)
		*min_validity = validity;
	/* There is no board: the store is asked instead. */
	if (board_size)
		*board_size = 0;
	return 0;
}

static int take_opened(const struct standin_reply *reply, const uint8_t *bytes,
		       void *arg)
{
	(void)bytes;
	*(struct ocsp_opened *)arg = reply->opened;
	return 0;
}

int ocsp_client_open(struct ocsp_client *client, const struct ocsp_name *name,
		     bool wait, struct ocsp_opened *opened)
{
	struct request *r = request_new(client, STANDIN_OPEN, name_size(name));

	if (!r)
		return -ENOMEM;
	put_name(client, r, name);
	r->rq.wait = wait;
	return call(client, r, NULL, take_opened, opened);
}

static int on_slot(struct ocsp_client *client, enum standin_op op, int session,
		   uint32_t slot)
{
	struct ocsp_name name = { .session = session, .slot = &slot };
	struct request *r = request_new(client, op, 0);

	if (!r)
		return -ENOMEM;
	put_name(client, r, &name);
	/* Such a request has one in any case. */
	r->rq.has |= STANDIN_HAS_SESSION;
	return call(client, r, NULL, NULL, NULL);
}

int ocsp_client_ref(struct ocsp_client *client, int session, uint32_t slot)
{
	return on_slot(client, STANDIN_REF, session, slot);
}

int ocsp_client_close(struct ocsp_client *client, int session, uint32_t slot)
{
	return on_slot(client, STANDIN_CLOSE, session, slot);
}

/* Entries */

void ocsp_entry_clear(struct ocsp_entry *r)
{
	free(r->blob);
	free(r->cert);
	free(r->issuer);
	memset(r, 0, sizeof(*r));
}

/* A copy of what is at *bytes, which moves on; false: no memory. */
static bool take_part(uint8_t **part, const uint8_t **bytes, size_t len)
{
	if (!*part)
		return true;
	*part = malloc(len ? len : 1);
	if (!*part)
		return false;
	memcpy(*part, *bytes, len);
	*bytes += len;
	return true;
}

static int take_entry(const struct standin_reply *reply,
		      const uint8_t *bytes, void *arg)
{
	struct ocsp_entry *r = arg;
	struct ocsp_entry part = reply->entry;

	*r = reply->entry;
	r->cert = NULL;
	r->issuer = NULL;
	r->blob = NULL;
	if (take_part(&part.cert, &bytes, part.cert_len)) {
		r->cert = part.cert;
		if (take_part(&part.issuer, &bytes, part.issuer_len)) {
			r->issuer = part.issuer;
			if (take_part(&part.blob, &bytes, part.blob_len)) {
				r->blob = part.blob;
				return 0;
			}
		}
	}
	ocsp_entry_clear(r);
	return -ENOMEM;
}

int ocsp_client_get(struct ocsp_client *client, const struct ocsp_name *name,
		    uint32_t parts, struct ocsp_entry *entry)
{
	struct request *r;
	int err;

	memset(entry, 0, sizeof(*entry));
	r = request_new(client, STANDIN_GET, name_size(name));
	if (!r)
		return -ENOMEM;
	put_name(client, r, name);
	r->rq.parts = parts;
	err = call(client, r, NULL, take_entry, entry);
	if (err == -ENOMEM)
		fail(client, ENOMEM, NULL);
	return err;
}

struct dump {
	struct ocsp_entry *entries;
	size_t count, size;
	bool interrupted;
};

static int take_dumped(const struct standin_reply *reply, const uint8_t *bytes,
		       void *arg)
{
	struct dump *d = arg;
	struct ocsp_entry *grown;

	(void)bytes;
	if (reply->kind == STANDIN_REPLY) {
		d->interrupted = reply->interrupted;
		return 0;
	}
	if (d->count == d->size) {
		d->size = d->size ? 2 * d->size : 64;
		grown = reallocarray(d->entries, d->size, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		d->entries = grown;
	}
	d->entries[d->count++] = reply->entry;
	return 0;
}

static void put_filter(struct request *r, const struct ocsp_filter *filter)
{
	r->rq.states = filter->states;
	r->rq.has_expires_before = filter->expires_before;
	if (filter->expires_before)
		r->rq.expires_before = *filter->expires_before;
	r->rq.has_newer_than = filter->newer_than;
	if (filter->newer_than)
		r->rq.newer_than = *filter->newer_than;
}

static int dump_once(struct ocsp_client *client, int session,
		     const struct ocsp_filter *filter, struct dump *d)
{
	struct request *r = request_new(client, STANDIN_DUMP, 0);

	if (!r)
		return -ENOMEM;
	put_session(r, session);
	if (filter)
		put_filter(r, filter);
	d->count = 0;
	return call(client, r, NULL, take_dumped, d);
}

int ocsp_client_dump_some(struct ocsp_client *client, int session,
			  const struct ocsp_filter *filter,
			  int (*fn)(const struct ocsp_entry *r, void *arg),
			  void *arg, bool *settled)
{
	struct dump d = { 0 };
	int err, tries = DUMP_TRIES;
	size_t i;

	do {
		err = dump_once(client, session, filter, &d);
	} while (!err && d.interrupted && --tries);
	if (!err && settled)
		*settled = !d.interrupted;
	for (i = 0; !err && i < d.count; i++)
		err = fn(&d.entries[i], arg);
	free(d.entries);
	return err;
}

int ocsp_client_dump(struct ocsp_client *client, int session,
		     int (*fn)(const struct ocsp_entry *r, void *arg),
		     void *arg, bool *settled)
{
	return ocsp_client_dump_some(client, session, NULL, fn, arg, settled);
}

static int take_generation(const struct standin_reply *reply,
			   const uint8_t *bytes, void *arg)
{
	(void)bytes;
	if (arg)
		*(uint64_t *)arg = reply->opened.generation;
	return 0;
}

int ocsp_client_set(struct ocsp_client *client, const struct ocsp_name *name,
		    const struct ocsp_update *update, uint64_t *generation)
{
	struct request *r;
	size_t size;

	size = name_size(name) + (update->blob ? update->blob_len : 0) +
	       (update->failure ? strlen(update->failure) + 1 : 0);
	r = request_new(client, STANDIN_SET, size);
	if (!r)
		return -ENOMEM;
	put_name(client, r, name);
	if (update->blob) {
		r->rq.has |= STANDIN_HAS_BLOB;
		r->rq.status = update->status;
		r->rq.this_update = update->this_update;
		r->rq.next_update = update->next_update;
		r->rq.blob_len = put(client, r, "blob", update->blob,
				     update->blob_len, KTLS_OCSP_BLOB_MAX);
	}
	if (update->failure) {
		r->rq.has |= STANDIN_HAS_FAILURE;
		r->rq.failure_len = put(client, r, "failure", update->failure,
					strlen(update->failure) + 1,
					KTLS_OCSP_FAILURE_MAX + 1);
	}
	if (update->repeated)
		r->rq.has |= STANDIN_HAS_REPEATED;
	return call(client, r, NULL, take_generation, generation);
}

int ocsp_client_del(struct ocsp_client *client, const struct ocsp_name *name)
{
	struct request *r = request_new(client, STANDIN_DEL, name_size(name));

	if (!r)
		return -ENOMEM;
	put_name(client, r, name);
	return call(client, r, NULL, NULL, NULL);
}

static int take_stats(const struct standin_reply *reply, const uint8_t *bytes,
		      void *arg)
{
	(void)bytes;
	*(struct ocsp_stats *)arg = reply->stats;
	return 0;
}

int ocsp_client_stats(struct ocsp_client *client, int session,
		      struct ocsp_stats *stats)
{
	struct request *r = request_new(client, STANDIN_STATS, 0);

	if (!r)
		return -ENOMEM;
	put_session(r, session);
	return call(client, r, NULL, take_stats, stats);
}

/* Notices */

int ocsp_client_listen(struct ocsp_client *client, bool wanted, bool events)
{
	struct request *r = request_new(client, STANDIN_LISTEN, 0);

	if (!r)
		return -ENOMEM;
	if (wanted && !r->rq.privileged) {
		free(r);
		return fail(client, EPERM, OCSP_MAY_NOT_LISTEN(KTLS_OCSP_MCGRP_WANTED));
	}
	r->rq.wanted = wanted;
	r->rq.events = events;
	return call(client, r, NULL, NULL, NULL);
}

int ocsp_client_notice(struct ocsp_client *client,
		       int (*fn)(const struct ocsp_notice *n, void *arg),
		       void *arg)
{
	struct standin_reply reply;
	int err;

	for (;;) {
		err = standin_link_notice(client->link, &reply);
		if (err == -EAGAIN)
			return 0;
		if (err)
			return fail_link(client, err);
		if (reply.kind == STANDIN_LOST)
			return fail(client, ENOBUFS, NULL);
		err = fn(&reply.notice, arg);
		if (err)
			return err;
	}
}

int standin_limit(const char *name, unsigned int value)
{
	struct standin_control control = {
		.action = STANDIN_ACTION_LIMIT,
		.value = value,
	};
	struct standin_reply reply;

	snprintf(control.limit, sizeof(control.limit), "%s", name);
	return standin_control(&control, &reply);
}
