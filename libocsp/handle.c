// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Handles: counted, and held by a session. */
#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "connection.h"
#include "handle.h"
#include "pool.h"

#define FIRST_DELAY	1	/* seconds; doubled by each refusal */
#define DOUBLINGS	5

/*
 * The handles by index, which threads know them by; an index that nobody has is
 * in the list of those that were given back, whose room grows with the table.
 * Protected by the library's lock.
 */
static struct {
	struct ocsp_handle **handles;
	uint32_t *spare;
	uint32_t room, count, spares;
	uint64_t last_serial;
} table;

/* False: no memory. */
static bool grow_table(void)
{
	uint32_t room = table.room ? 2 * table.room : 64;
	struct ocsp_handle **handles;
	uint32_t *spare;

	handles = reallocarray(table.handles, room, sizeof(*handles));
	if (handles)
		table.handles = handles;
	spare = reallocarray(table.spare, room, sizeof(*spare));
	if (spare)
		table.spare = spare;
	if (!handles || !spare)
		return false;
	table.room = room;
	return true;
}

static bool enter_table(struct ocsp_handle *h)
{
	bool ok;

	ocsp_lock();
	ok = table.spares || table.count < table.room || grow_table();
	if (ok) {
		h->index = table.spares ? table.spare[--table.spares] :
					  table.count++;
		h->serial = ++table.last_serial;
		table.handles[h->index] = h;
	}
	ocsp_unlock();
	return ok;
}

/* The last one to leave turns off the light: nothing stays in the kernel. */
static void leave_table(struct ocsp_handle *h)
{
	ocsp_lock();
	if (h->session)
		ocsp_session_leave(h->session);
	table.handles[h->index] = NULL;
	table.spare[table.spares++] = h->index;
	if (table.spares == table.count)
		ocsp_sessions_close();
	ocsp_unlock();
}

struct ocsp_handle *ocsp_handle_new(struct ocsp_handle_config *config)
{
	struct ocsp_handle *h = ocsp_pool_alloc(sizeof(*h));

	config->opens = 1;
	if (h)
		*h = (struct ocsp_handle){
			.refs = 1,
			.config = config,
		};
	if (h && enter_table(h))
		return h;
	ocsp_pool_free(h, sizeof(*h));
	ocsp_handle_config_free(config);
	return NULL;
}

void ocsp_handle_pin(struct ocsp_handle *h)
{
	atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
}

void ocsp_handle_unpin(struct ocsp_handle *h)
{
	/* Release what was done to it; acquire before it is taken apart. */
	if (atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) != 1)
		return;
	leave_table(h);
	ocsp_context_put(h->current);
	ocsp_handle_config_free(h->config);
	ocsp_pool_free(h, sizeof(*h));
}

struct ocsp_handle *ocsp_handle_next(uint32_t *index)
{
	struct ocsp_handle *h;

	while (*index < table.count) {
		h = table.handles[(*index)++];
		/* One that was closed goes when its last call has ended. */
		if (h && h->config->opens) {
			ocsp_handle_pin(h);
			return h;
		}
	}
	return NULL;
}

enum ocsp_hold ocsp_handle_hold_of(const struct ocsp_handle *h)
{
	static const enum ocsp_hold of_session[] = {
		[OCSP_SESSION_OWN] = OCSP_HELD,
		[OCSP_SESSION_INHERITED] = OCSP_HELD_BY_ANCESTOR,
		[OCSP_SESSION_LOST] = OCSP_HOLD_LOST,
	};

	return h->opened ? of_session[h->session->state] : OCSP_NOT_HELD;
}

bool ocsp_handle_is_held(const struct ocsp_handle *h)
{
	enum ocsp_hold hold = ocsp_handle_hold_of(h);

	return hold == OCSP_HELD || hold == OCSP_HELD_BY_ANCESTOR;
}

static void move_to(struct ocsp_handle *h, struct ocsp_session *session)
{
	/* First, so that it does not close what it leads to. */
	ocsp_session_use(session);
	if (h->session)
		ocsp_session_leave(h->session);
	/* Two stores may have used the same generation. */
	if (h->session != session)
		h->generation = 0;
	h->session = session;
}

/* Kept by copy, since whoever asks comes later. */
void ocsp_handle_refused(struct ocsp_handle *h, const struct ocsp_error *why)
{
	struct ocsp_handle_config *c = h->config;

	if (!c->refusal)
		c->refusal = malloc(sizeof(*c->refusal));
	if (c->refusal)
		*c->refusal = *why;
	h->retry_at = ocsp_uptime() + (FIRST_DELAY << h->refusals);
	if (h->refusals < DOUBLINGS)
		h->refusals++;
}

static void is_accepted(struct ocsp_handle *h)
{
	free(h->config->refusal);
	h->config->refusal = NULL;
	h->refusals = 0;
	h->retry_at = 0;
}

/* Held by nobody and not to be created, for want of the issuer? */
static void set_open_error(int rc, const struct ocsp_handle_config *c,
			   const struct ocsp_client *client,
			   struct ocsp_error *error)
{
	if (rc == -ENOENT && !c->issuer)
		ocsp_error_set(error, ERROR_INVALID_PARAMETER,
			       "the chain lacks the certificate's issuer, and the response is not in the store");
	else
		ocsp_connection_error(rc, client, error);
}

int ocsp_handle_hold(struct ocsp_client *client, struct ocsp_handle *h,
		     bool wait, struct ocsp_opened *opened,
		     struct ocsp_error *error)
{
	const struct ocsp_handle_config *c = h->config;
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_session *session;
	int rc;

	session = ocsp_session_own(client, error);
	if (!session)
		return -EIO;
	name.session = session->id.fd;
	if (c->issuer) {
		name.cert = c->leaf->pbCertEncoded;
		name.cert_len = c->leaf->cbCertEncoded;
		name.issuer = c->issuer->pbCertEncoded;
		name.issuer_len = c->issuer->cbCertEncoded;
	} else {
		name.key = c->key;
	}
	rc = ocsp_client_open(client, &name, wait, opened);
	if (rc) {
		set_open_error(rc, c, client, error);
		return rc;
	}
	move_to(h, session);
	is_accepted(h);
	h->opened = true;
	h->config->kernel_refs = 1;
	h->config->slot = opened->slot;
	h->on_board = ocsp_board_find(&session->board,
				      h->config->slot).generation;
	return 0;
}

void ocsp_handle_ref(struct ocsp_client *client, struct ocsp_handle *h)
{
	if (ocsp_handle_hold_of(h) == OCSP_HELD &&
	    !ocsp_client_ref(client, h->session->id.fd, h->config->slot))
		h->config->kernel_refs++;
}

void ocsp_handle_release(struct ocsp_client *client, struct ocsp_handle *h,
			 unsigned int keep)
{
	struct ocsp_handle_config *c = h->config;

	if (ocsp_handle_hold_of(h) == OCSP_HELD)
		/* Nobody to tell: what is lost is for the next call to see. */
		for (; c->kernel_refs > keep; c->kernel_refs--)
			ocsp_client_close(client, h->session->id.fd, c->slot);
	if (!keep)
		h->opened = false;
}
