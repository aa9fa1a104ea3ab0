// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The stand-in's commands set and del: what a writer changes in an entry. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "standin_store.h"

/* The last second of the year 9999 */
#define TIME_MAX	253402300799LL

/* A copy of bytes; NULL: no memory. */
static void *copy(const void *bytes, size_t len)
{
	void *new = malloc(len ? len : 1);

	return new ? memcpy(new, bytes, len) : NULL;
}

long standin_certs_growth(const struct standin_call *c,
			  const struct standin_entry *entry)
{
	if (!c->cert)
		return 0;
	return (long)(c->rq->cert_len + c->rq->issuer_len) -
	       (long)(entry->meta.cert_len + entry->meta.issuer_len);
}

/* Keep the request's certificates, if it has some. False: no memory. */
bool standin_attach_certs(struct standin_call *c, struct standin_entry *entry)
{
	uint8_t *cert, *issuer;

	if (!c->cert)
		return true;
	cert = copy(c->cert, c->rq->cert_len);
	issuer = copy(c->issuer, c->rq->issuer_len);
	if (!cert || !issuer) {
		free(cert);
		free(issuer);
		return standin_refuse(c->reply, -ENOMEM, "");
	}
	free(entry->meta.cert);
	free(entry->meta.issuer);
	entry->meta.cert = cert;
	entry->meta.cert_len = c->rq->cert_len;
	entry->meta.issuer = issuer;
	entry->meta.issuer_len = c->rq->issuer_len;
	standin_recount(c->store, entry);
	return true;
}

static bool check_blob(struct standin_call *c)
{
	const struct standin_request *rq = c->rq;
	int64_t now = c->store->calls.wall();

	if (!rq->blob_len)
		return standin_invalid(c, "the blob is empty (attribute \"blob\")");
	if (standin_has(c, STANDIN_HAS_REPEATED))
		return standin_invalid(c, "a blob is not repeated (attribute \"repeated\")");
	if (rq->this_update < 0)
		return standin_invalid(c, "this-update is before 1970 (attribute \"this-update\")");
	if (rq->next_update > TIME_MAX)
		return standin_invalid(c, "next-update is after the year 9999 (attribute \"next-update\")");
	if (rq->this_update >= rq->next_update)
		return standin_invalid(c, "next-update is not after this-update (attribute \"next-update\")");
	if (rq->this_update > now + KTLS_OCSP_CLOCK_TOLERANCE)
		return standin_invalid(c, "this-update lies in the future (attribute \"this-update\")");
	if (rq->next_update <= now)
		return standin_refuse(c->reply, -ESTALE,
				      "next-update has passed (attribute \"next-update\")");
	return true;
}

static bool check_failure(struct standin_call *c)
{
	const char *p;

	if (!*c->failure)
		return standin_invalid(c, "the failure has no reason (attribute \"failure\")");
	for (p = c->failure; *p; p++)
		if (*p < ' ' || *p > '~')
			return standin_invalid(c, "the failure is not one line of printable ASCII (attribute \"failure\")");
	return true;
}

static bool check_update(struct standin_call *c)
{
	if (c->failure && c->blob)
		return standin_invalid(c, "a blob and a failure exclude each other (attribute \"failure\")");
	if (c->failure)
		return check_failure(c);
	if (c->blob)
		return check_blob(c);
	return standin_invalid(c, "a blob or a failure is needed (missing attribute \"blob\")");
}

static long failure_bytes(const struct standin_entry *entry)
{
	return entry->meta.failures ? strlen(entry->meta.failure) + 1 : 0;
}

static void forget_failure(struct standin_entry *entry)
{
	entry->meta.failures = 0;
	entry->meta.failure_time = 0;
	entry->meta.failure[0] = '\0';
}

static bool set_blob(struct standin_call *c, struct standin_entry *entry)
{
	const struct standin_request *rq = c->rq;
	struct ocsp_entry *m = &entry->meta;
	uint8_t *blob;
	long more;

	/* One that was stored when the clock was ahead keeps nothing out. */
	if (m->generation && rq->this_update < m->this_update &&
	    m->this_update <= c->store->calls.wall() +
			      KTLS_OCSP_CLOCK_TOLERANCE)
		return standin_refuse(c->reply, -EEXIST,
				      "a response with a later this-update is stored");
	more = (long)rq->blob_len - (long)m->blob_len - failure_bytes(entry) +
	       standin_certs_growth(c, entry);
	if (!standin_make_room(c->store, 0, more, entry, true, c->reply))
		return false;
	blob = copy(c->blob, rq->blob_len);
	if (!blob)
		return standin_refuse(c->reply, -ENOMEM, "");
	if (!standin_attach_certs(c, entry)) {
		free(blob);
		return false;
	}
	free(m->blob);
	m->blob = blob;
	m->blob_len = rq->blob_len;
	m->generation = ++c->store->generation;
	m->status = rq->status;
	m->this_update = rq->this_update;
	m->next_update = rq->next_update;
	m->stored = c->store->calls.wall();
	forget_failure(entry);
	standin_recount(c->store, entry);
	entry->withdrawn = false;
	standin_file(c->store, entry);
	standin_event(c->store, entry,
		      m->status == KTLS_OCSP_CERT_STATUS_REVOKED ?
		      KTLS_OCSP_EVENT_REVOKED : KTLS_OCSP_EVENT_UPDATED);
	if (m->next_update <= c->store->passed[STANDIN_EXPIRING])
		standin_event(c->store, entry, KTLS_OCSP_EVENT_EXPIRING);
	return true;
}

static bool set_failure(struct standin_call *c, struct standin_entry *entry)
{
	struct ocsp_entry *m = &entry->meta;
	long more;

	more = (long)c->rq->failure_len - failure_bytes(entry) +
	       standin_certs_growth(c, entry);
	if (!standin_make_room(c->store, 0, more, entry, true, c->reply) ||
	    !standin_attach_certs(c, entry))
		return false;
	if (!m->failures || !standin_has(c, STANDIN_HAS_REPEATED))
		m->failures++;
	m->failure_time = c->store->calls.wall();
	strcpy(m->failure, c->failure);
	standin_recount(c->store, entry);
	standin_event(c->store, entry, KTLS_OCSP_EVENT_FAILED);
	return true;
}

static struct standin_entry *create_with_blob(struct standin_call *c)
{
	struct standin_entry *entry;

	entry = standin_add(c->store, c->key, c->rq->blob_len +
			    c->rq->cert_len + c->rq->issuer_len, true, c->reply);
	if (!entry || set_blob(c, entry))
		return entry;
	standin_free_slot(c->store, entry);
	return NULL;
}

/* What the update is stored in; NULL: it was refused. */
static struct standin_entry *store_update(struct standin_call *c)
{
	struct standin_entry *entry = standin_find(c->store, c->key);
	bool stored;

	if (!entry && c->blob)
		return create_with_blob(c);
	if (!entry)
		stored = standin_not_found(c);
	else
		stored = c->blob ? set_blob(c, entry) : set_failure(c, entry);
	return stored ? entry : NULL;
}

void standin_command_set(struct standin_call *c)
{
	struct standin_entry *entry;

	if (!standin_check_privilege(c) || !standin_check_certs(c) ||
	    !check_update(c))
		return;
	entry = store_update(c);
	if (c->blob && entry)
		c->store->counts.blobs_set++;
	else if (c->blob)
		c->store->counts.blobs_refused++;
	if (!entry)
		return;
	c->reply->opened.slot = entry->meta.slot;
	c->reply->opened.generation = entry->meta.generation;
}

void standin_command_del(struct standin_call *c)
{
	struct standin_entry *entry;

	if (!standin_check_privilege(c))
		return;
	if (!c->key) {
		standin_invalid(c, "a key is needed (missing attribute \"key\")");
		return;
	}
	entry = standin_find(c->store, c->key);
	if (!entry) {
		standin_not_found(c);
		return;
	}
	free(entry->meta.blob);
	entry->meta.blob = NULL;
	entry->meta.blob_len = 0;
	entry->meta.generation = 0;
	entry->meta.status = 0;
	entry->meta.this_update = 0;
	entry->meta.next_update = 0;
	entry->meta.stored = 0;
	forget_failure(entry);
	standin_recount(c->store, entry);
	entry->withdrawn = true;
	standin_event(c->store, entry, KTLS_OCSP_EVENT_WITHDRAWN);
	if (entry->meta.handles)
		standin_file(c->store, entry);
	else
		standin_remove(c->store, entry, KTLS_OCSP_EVENT_REMOVED);
}
