// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What a handle has to staple: ask the store for what is new, choose, and say
 * why there is nothing.
 *
 * A context never changes. The handle points to the newest that was seen, and
 * whoever takes it from there takes a reference; so it does not matter to a
 * reader what happens to the handle or the store while it uses one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dispatcher.h"
#include "lookup.h"
#include "thread_cache.h"

/* Seconds until a handle that has nothing is asked for again. */
#define RETRY		1
/* Handles that are held again by one call, after their session was lost. */
#define HEAL_BATCH	64

struct lookup {
	struct ocsp_handle *h;
	struct ocsp_error *error;
	struct ocsp_entry meta;	/* as the store told it; without blob */
	struct ocsp_context *context;	/* referenced: what it serves, or NULL */
	struct ocsp_board_slot board;	/* where the board shows it */
	uint64_t shown;			/* what it showed then */
	uint32_t seconds;		/* that this may be relied on */
	uint32_t min_validity;
};

static bool same_response(const struct ocsp_context *a,
			  const struct ocsp_context *b)
{
	return ocsp_context_same_der(a, b) && a->generation == b->generation;
}

static bool is_past(uint32_t when)
{
	return (int32_t)(ocsp_uptime() - when) >= 0;
}

/* The kernel does not know a descriptor of ours, or not any more. */
static bool is_lost(int rc)
{
	return rc == -EBADF || rc == -ENOTSOCK || rc == -ESHUTDOWN;
}

int ocsp_handle_call(struct ocsp_handle *h, enum ocsp_urgency urgency,
		     ocsp_handle_fn fn, void *arg, struct ocsp_error *error)
{
	struct ocsp_client *client;
	int rc, tries;

	for (tries = 0; tries < 2; tries++) {
		ocsp_sessions_check(urgency == OCSP_AT_ONCE);
		client = ocsp_connection(urgency, error);
		if (!client)
			return -OCSP_ENOMODULE;
		rc = fn(client, h, arg, error);
		if (!is_lost(rc))
			break;
		ocsp_connection_failed(rc, error);
		if (h->session)
			ocsp_session_lose(h->session);
		ocsp_connection_drop();
		urgency = OCSP_AT_ONCE;
	}
	return rc;
}

/* Does the handle have the blob of this generation? */
static bool has_generation(const struct ocsp_handle *h, uint64_t generation)
{
	return h->current && generation && h->generation == generation;
}

static void use_current(struct lookup *l)
{
	ocsp_context_put(l->context);
	l->context = ocsp_context_get(l->h->current);
}

/* Does the board show what we have? */
static bool is_current(struct lookup *l)
{
	struct ocsp_handle *h = l->h;

	l->board = ocsp_handle_board(h);
	if (!h->on_board)
		return false;
	l->shown = ocsp_board_generation(&l->board);
	if (!has_generation(h, l->shown))
		return false;
	use_current(l);
	return true;
}

/* By the slot that is held, or by the key. */
static int ask(struct ocsp_client *client, const struct ocsp_handle *h,
	       uint32_t parts, struct ocsp_entry *r)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	int rc;

	if (h->session && h->session->state != OCSP_SESSION_LOST)
		name.session = h->session->id.fd;
	if (ocsp_handle_is_held(h))
		name.slot = &h->config->slot;
	else
		name.key = h->config->key;
	rc = ocsp_client_get(client, &name, parts, r);
	if (rc || !memcmp(r->key, h->config->key, sizeof(r->key)))
		return rc;
	/* The descriptor is a session, but not ours. */
	ocsp_entry_clear(r);
	return -EBADF;
}

/* A blob that came: the handle's newest, unless it has it. False: no memory. */
static bool take_blob(struct ocsp_handle *h, const struct ocsp_entry *r)
{
	struct ocsp_context *context = ocsp_context_new(r);

	if (!context)
		return false;
	h->generation = r->generation;
	/* The board is a moment behind the store, or we moved to a session. */
	if (same_response(h->current, context)) {
		ocsp_context_put(context);
		return true;
	}
	ocsp_context_put(h->current);
	h->current = context;
	ocsp_updates_add(h->config, context);
	return true;
}

static int ask_blob(struct ocsp_client *client, struct lookup *l)
{
	struct ocsp_entry r;
	bool ok;
	int rc;

	rc = ask(client, l->h, KTLS_OCSP_PART_BLOB, &r);
	if (rc == -ENODATA || rc == -ESTALE)
		return ask(client, l->h, 0, &l->meta);	/* it says why */
	if (rc)
		return rc;
	ok = r.blob && take_blob(l->h, &r);
	l->meta = r;
	l->meta.blob = NULL;
	free(r.blob);
	if (ok)
		return 0;
	ocsp_error_memory(l->error);
	return -ENOMEM;
}

/* May the metadata be all we need? Then the blob is not copied in vain. */
static bool is_meta_first(const struct lookup *l)
{
	return l->board.generation ? !l->shown : !!l->h->current;
}

static int ask_store(struct ocsp_client *client, struct lookup *l)
{
	int rc;

	if (is_meta_first(l)) {
		rc = ask(client, l->h, 0, &l->meta);
		if (rc || l->meta.state != KTLS_OCSP_STATE_VALID ||
		    has_generation(l->h, l->meta.generation))
			return rc;
	}
	return ask_blob(client, l);
}

/*
 * Hold the entry if it is not. Where it cannot be held it can still be read, so
 * why not is only remembered.
 */
static int ensure_held(struct ocsp_client *client, struct lookup *l)
{
	struct ocsp_handle *h = l->h;
	struct ocsp_opened opened;
	int rc;

	if (ocsp_handle_is_held(h))
		return 0;
	h->opened = false;
	if (h->retry_at && !is_past(h->retry_at))
		return 0;
	rc = ocsp_handle_hold(client, h, false, &opened, l->error);
	if (rc)
		ocsp_handle_refused(h, l->error);
	if (rc && h->session && h->session->state == OCSP_SESSION_LOST) {
		/* What is read by its key may be of another store. */
		h->on_board = NULL;
		h->generation = 0;
	}
	return is_lost(rc) ? rc : 0;
}

/*
 * The slot is not ours any more: the entry made room for another one, or an
 * ancestor closed it. Open it anew.
 */
static int hold_again(struct ocsp_client *client, struct lookup *l)
{
	ocsp_handle_release(client, l->h, 0);
	l->h->on_board = NULL;
	l->h->retry_at = 0;
	return ensure_held(client, l);
}

/* The board shows what is in a slot to who does not hold it, too. */
static void find_slot(struct ocsp_handle *h, const struct ocsp_entry *meta)
{
	if (ocsp_handle_is_held(h) || !h->session || h->session->state == OCSP_SESSION_LOST)
		return;
	h->config->slot = meta->slot;
	h->on_board = ocsp_board_find(&h->session->board,
				      h->config->slot).generation;
}

static int look_up(struct ocsp_client *client, struct ocsp_handle *h, void *arg,
		   struct ocsp_error *error)
{
	struct lookup *l = arg;
	int rc;

	(void)error;
	rc = ensure_held(client, l);
	/* Another thread may have asked while we waited for the lock. */
	if (rc || is_current(l))
		return rc;
	rc = ask_store(client, l);
	if (rc == -EIDRM || (rc == -ENOENT && ocsp_handle_is_held(h))) {
		rc = hold_again(client, l);
		is_current(l);
		if (!rc)
			rc = ask_store(client, l);
	}
	if (rc == -ENOENT && !ocsp_handle_is_held(h))
		return rc;
	if (rc == -ENOMEM)
		ocsp_error_memory(l->error);
	else if (rc && !is_lost(rc))
		ocsp_connection_failed(rc, l->error);
	if (rc)
		return rc;
	ocsp_connection_works();
	find_slot(h, &l->meta);
	if (l->meta.state == KTLS_OCSP_STATE_VALID &&
	    has_generation(h, l->meta.generation)) {
		use_current(l);
		/* If it shows something else by now, that is seen next time. */
		l->board = ocsp_handle_board(h);
		l->shown = h->generation;
	}
	return 0;
}

/* Why the store has nothing for us. */
static void set_store_error(const struct lookup *l)
{
	const char *failure = l->meta.failure;
	const char *what;

	switch (l->meta.state) {
	case KTLS_OCSP_STATE_PENDING:
	case KTLS_OCSP_STATE_FAILED:
		what = "there is no response yet";
		break;
	case KTLS_OCSP_STATE_EXPIRED:
		what = "the response has expired";
		break;
	case KTLS_OCSP_STATE_WITHDRAWN:
		what = "the response was withdrawn";
		failure = "";
		break;
	default:
		what = "there is no response";
		failure = "";
	}
	ocsp_error_set(l->error, CRYPT_E_REVOCATION_OFFLINE, "%s%s%s", what,
		       failure[0] ? ": " : "", failure);
}

/* Nothing was found, and why: that need not be asked for at each handshake. */
static void remember_failure(struct lookup *l)
{
	struct ocsp_handle *h = l->h;

	if (!h->config->failure)
		h->config->failure = malloc(sizeof(*h->config->failure));
	if (h->config->failure)
		*h->config->failure = *l->error;
	/* What is not held has a time of its own. */
	if (ocsp_handle_is_held(h) || is_past(h->retry_at))
		h->retry_at = ocsp_uptime() + RETRY;
}

/* What has none is not written to: a worker shares it with its siblings. */
static void forget_failure(struct ocsp_handle *h)
{
	if (!h->config->failure)
		return;
	free(h->config->failure);
	h->config->failure = NULL;
}

/* Is it known that there is nothing, and may not be asked for again yet? */
static bool is_failure_known(const struct lookup *l)
{
	const struct ocsp_handle *h = l->h;

	if (!h->config->failure || is_past(h->retry_at))
		return false;
	/* Without a board there is no other way to see that it came. */
	return h->on_board ? !l->shown :
	       ocsp_handle_hold_of(h) == OCSP_NOT_HELD;
}

/*
 * Who cannot reach the kernel goes on with what there was, until it ends. Not
 * when the board shows that there is nothing to serve any more.
 */
static void go_on_with_old(struct lookup *l)
{
	struct ocsp_handle *h = l->h;

	if (!h->current || (h->on_board && !l->shown))
		return;
	l->seconds = RETRY;
	use_current(l);
}

static void set_min_validity(struct lookup *l)
{
	const struct ocsp_handle *h = l->h;

	struct ocsp_board_slot board = ocsp_handle_board(h);

	if (board.min_validity)
		l->min_validity = ocsp_board_min_validity(&board);
	else if (h->session)
		l->min_validity = h->session->min_validity;
}

/* With the lock held: l->context, or *l->error says why there is none. */
static void look_up_store(struct lookup *l)
{
	struct ocsp_handle *h = l->h;
	int rc;

	ocsp_sessions_check(false);
	if (is_current(l) && ocsp_handle_is_held(h))
		goto out;
	if (is_failure_known(l)) {
		*l->error = *h->config->failure;
		goto out;
	}
	/* Without a board there is no other way to limit what is asked for. */
	if (ocsp_handle_hold_of(h) == OCSP_NOT_HELD && !h->on_board &&
	    h->current && !is_past(h->retry_at)) {
		go_on_with_old(l);
		goto out;
	}
	rc = ocsp_handle_call(h, OCSP_WHEN_DUE, look_up, l, l->error);
	if (!rc && !l->context) {
		set_store_error(l);
		remember_failure(l);
	} else if (rc == -ENOENT) {
		const struct ocsp_error *refusal = h->config->refusal;

		ocsp_error_set(l->error, CRYPT_E_REVOCATION_OFFLINE,
			       "the response is not in the store%s%s",
			       refusal ? ": " : "",
			       refusal ? refusal->text : "");
		remember_failure(l);
	} else if (rc && !l->context) {
		go_on_with_old(l);
	}
	if (l->context)
		forget_failure(h);
out:
	set_min_validity(l);
}

/*
 * Where the handles were left whose session was lost, which may have to be held
 * again. Protected by the lock.
 */
static struct {
	bool pending;
	uint32_t next;
} heal;

/* With the lock held, which is dropped in between. */
static void heal_one(struct ocsp_handle *h)
{
	struct ocsp_error ignored;
	struct lookup l = { .h = h, .error = &ignored };

	if (!ocsp_handle_is_held(h))
		look_up_store(&l);
	ocsp_unlock();
	ocsp_context_put(l.context);
	ocsp_handle_unpin(h);
	ocsp_lock();
}

/* With the lock held. False: there is nothing left to do. */
static bool heal_batch(void)
{
	struct ocsp_handle *h;
	int i;

	if (ocsp_sessions_were_lost()) {
		heal.pending = true;
		heal.next = 0;
	}
	for (i = 0; heal.pending && i < HEAL_BATCH; i++) {
		h = ocsp_handle_next(&heal.next);
		if (h)
			heal_one(h);
		else
			heal.pending = false;
	}
	return heal.pending;
}

void ocsp_handles_heal_some(void)
{
	ocsp_lock();
	heal_batch();
	ocsp_unlock();
}

void ocsp_handles_heal(void)
{
	ocsp_lock();
	while (heal_batch())
		;
	ocsp_unlock();
}

/* Fit to be stapled? */
static bool is_usable(const struct ocsp_context *c, uint32_t min_validity,
		      struct ocsp_error *error)
{
	int64_t now = ocsp_now(), left = c->next_update - now;

	if (!ocsp_context_is_valid(c, now, min_validity))
		return ocsp_error_set(error, CRYPT_E_REVOCATION_OFFLINE,
				      "the response is valid for %" PRId64 " more seconds, and has to be for %u",
				      left > 0 ? left : 0, min_validity);
	if (c->status == KTLS_OCSP_CERT_STATUS_UNKNOWN)
		return ocsp_error_set(error, CRYPT_E_REVOCATION_OFFLINE,
				      "the responder does not know the certificate");
	return true;
}

struct ocsp_context *ocsp_handle_lookup(struct ocsp_handle *h,
					struct ocsp_error *error)
{
	struct lookup l = {
		.h = h,
		.error = error,
		.seconds = OCSP_CHECK_INTERVAL,
		/* Where no session has told yet. */
		.min_validity = CERT_SRV_OCSP_RESP_MIN_VALIDITY_SECONDS_DEFAULT,
	};
	struct ocsp_context *c;

	ocsp_lock();
	look_up_store(&l);
	ocsp_unlock();
	ocsp_handles_heal_some();
	if (ocsp_handle_config_read(h->config))
		l.seconds = OCSP_DIRECTORY_INTERVAL;
	c = ocsp_directory_choose(h, l.context, &l.meta, error);
	if (!c)
		return NULL;
	if (is_usable(c, l.min_validity, error))
		return ocsp_thread_cache_set(h, &l.board, l.shown, l.seconds,
					     c);
	ocsp_context_put(c);
	return NULL;
}

bool ocsp_handle_attach(struct ocsp_handle *h, struct ocsp_error *error)
{
	bool is_held;

	ocsp_context_put(ocsp_handle_lookup(h, error));
	ocsp_lock();
	is_held = ocsp_handle_is_held(h);
	if (!is_held && ocsp_connection(OCSP_WHEN_DUE, error)) {
		if (h->config->refusal)
			*error = *h->config->refusal;
		else
			ocsp_error_set(error, ERROR_NOT_READY,
				       "the response is not open yet");
	}
	ocsp_unlock();
	return is_held;
}

void ocsp_handle_update(struct ocsp_handle *h)
{
	struct ocsp_error ignored;

	ocsp_context_put(ocsp_handle_lookup(h, &ignored));
	ocsp_updates_tell(h->config);
}
