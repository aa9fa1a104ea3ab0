// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a handle has to staple: seeing what is new, telling about it, choosing.
 *
 * A context never changes. The handle points to the newest that was seen, and
 * whoever takes it from there takes a reference; so it does not matter to a
 * reader what happens to the handle or the store while it uses one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "last_error.h"
#include "response.h"
#include "view.h"

/* One look at the store. The contexts in it are references. */
struct look {
	struct ocsp_handle *h;
	uint32_t min_validity;
	struct ocsp_place place;	/* where the board shows context */
	struct ocsp_entry meta;	/* without blob */
	struct ocsp_context *context;	/* what the store serves now, or NULL */
	struct ocsp_context *new;	/* what we are the first to see, or NULL */
	struct ocsp_context *previous;	/* what new replaced, or NULL */
	bool no_memory;
};

/* Not time(): that is behind clock_gettime() by up to a tick. */
static int64_t time_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

static bool same_der(const struct ocsp_context *a, const struct ocsp_context *b)
{
	return a && b &&
	       a->pub.cbEncodedOcspResponse == b->pub.cbEncodedOcspResponse &&
	       !memcmp(a->pub.pbEncodedOcspResponse,
		       b->pub.pbEncodedOcspResponse,
		       a->pub.cbEncodedOcspResponse);
}

/* Two stores may have used the same generation. */
static bool same_response(const struct ocsp_context *a,
			  const struct ocsp_context *b)
{
	return same_der(a, b) && a->generation == b->generation;
}

static int look_meta(struct ocsp_session *session, struct look *l)
{
	struct ocsp_name name = { .session = session->fd, .slot = &l->h->slot };

	return ocsp_client_get(session->client, &name, 0, &l->meta);
}

static int look_blob(struct ocsp_session *session, struct look *l)
{
	struct ocsp_name name = { .session = session->fd, .slot = &l->h->slot };
	struct ocsp_context *context;
	struct ocsp_entry r;
	int rc;

	rc = ocsp_client_get(session->client, &name, KTLS_OCSP_PART_BLOB, &r);
	if (rc == -ENODATA || rc == -ESTALE)
		return look_meta(session, l);	/* it says why */
	if (rc)
		return rc;
	context = r.blob ? ocsp_context_new(&r) : NULL;
	l->meta = r;
	l->meta.blob = NULL;
	free(r.blob);
	if (!context) {
		l->no_memory = true;
		return 0;
	}
	l->h->known = true;
	/* The board is a moment behind the store, or we were forked. */
	if (same_response(l->h->current, context)) {
		ocsp_context_put(context);
		return 0;
	}
	l->previous = l->h->current;
	l->h->current = context;
	l->new = ocsp_context_get(context);
	return 0;
}

static uint32_t min_validity_of(const struct ocsp_handle *h,
				const struct ocsp_session *session)
{
	return h->place.min_validity ? ocsp_place_min_validity(&h->place) :
				       session->min_validity;
}

/* Have we got the blob of this generation of the store's? */
static bool has_generation(const struct ocsp_handle *h, uint64_t generation)
{
	return h->current && h->known && h->current->generation == generation;
}

/*
 * Look at the board alone, with the lock held: does it show what we have?
 * Works on the board of a session that was lost, too, so also on that of our
 * parent: see view.c for why equal numbers are enough.
 */
static bool look_board(struct look *l, const struct ocsp_session *session)
{
	struct ocsp_handle *h = l->h;

	if (!h->place.generation ||
	    !has_generation(h, ocsp_place_generation(&h->place)))
		return false;
	l->place = h->place;
	l->min_validity = min_validity_of(h, session);
	l->context = ocsp_context_get(h->current);
	return true;
}

/*
 * Is what the board shows enough, or is the session needed too?
 *
 * Who staples a response should hold it as well: a store that is full drops
 * what nobody holds, and a refresher does not care for it. So a child of
 * fork() gets the first staple of its parent's handle for nothing, and holds
 * the response from the second on.
 */
static bool is_board_enough(struct look *l)
{
	struct ocsp_handle *h = l->h;
	bool first = h->looked != ocsp_session_epoch;

	h->looked = ocsp_session_epoch;
	if (h->epoch == ocsp_session_epoch)
		return true;
	/* Without a place the thread does not remember it, and looks again. */
	if (first)
		l->place = (struct ocsp_place){ NULL, NULL };
	return first;
}

/* May the metadata be all we need? Then the blob is not copied in vain. */
static bool is_meta_first(const struct ocsp_handle *h)
{
	if (h->place.generation)
		return !ocsp_place_generation(&h->place);
	return h->current;
}

/* Ask the store for what is in our slot, with the lock held. */
static int look_slot(struct ocsp_session *session, struct look *l)
{
	struct ocsp_handle *h = l->h;
	bool need_blob = true;
	int rc = 0;

	if (is_meta_first(h)) {
		rc = look_meta(session, l);
		need_blob = l->meta.generation &&
			    !has_generation(h, l->meta.generation);
	}
	if (!rc && need_blob)
		rc = look_blob(session, l);
	return rc;
}

/* The response made room for another one: let go of it, and open it again. */
static int reopen(struct ocsp_session *session, struct ocsp_handle *h)
{
	ocsp_handle_detach(session, h, 0);
	h->epoch = 0;
	return ocsp_handle_attach(session, h, false, NULL);
}

/* Ask the store, with the lock held. */
static int look_store(struct ocsp_session *session, void *arg)
{
	struct look *l = arg;
	struct ocsp_handle *h = l->h;
	int rc = 0;

	if (h->epoch != ocsp_session_epoch)
		rc = ocsp_handle_attach(session, h, false, NULL);
	/* Another thread may have asked while we waited for the lock. */
	if (rc || look_board(l, session))
		return rc;
	rc = look_slot(session, l);
	if (rc == -EIDRM) {
		rc = reopen(session, h);
		if (!rc)
			rc = look_slot(session, l);
	}
	if (rc || l->no_memory)
		return rc;
	l->place = h->place;
	l->min_validity = min_validity_of(h, session);
	if (l->meta.state == KTLS_OCSP_STATE_VALID &&
	    has_generation(h, l->meta.generation))
		l->context = ocsp_context_get(h->current);
	return 0;
}

static void publish(struct ocsp_handle *h, struct ocsp_context *new,
		    struct ocsp_context *previous)
{
	const struct ocsp_subject *s = h->subject;
	struct ocsp_crl crl[2];
	DWORD written = 0;

	if (s->directory && s->directory->write)
		written = ocsp_directory_write(s->directory, new);
	if (s->callback)
		s->callback(s->chain, &new->pub, ocsp_context_crl(new, &crl[0]),
			    ocsp_context_crl(previous, &crl[1]),
			    s->callback_arg, written);
}

static time_t monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Is it time to read the directory again? Then it is this thread that does. */
static bool file_is_due(struct ocsp_directory *d)
{
	time_t now = monotonic();
	bool due;

	ocsp_session_lock();
	due = !d->checked || now - d->checked >=
		CERT_SRV_OCSP_RESP_MIN_SYNC_CERT_FILE_SECONDS_DEFAULT;
	if (due)
		d->checked = now;
	ocsp_session_unlock();
	return due;
}

/*
 * Read the directory. A context is new unless it has the bytes of the one
 * before, which then stays.
 */
static void read_file(struct ocsp_handle *h, struct ocsp_directory *d)
{
	struct ocsp_context *file, *previous = NULL;
	char why[OCSP_WHY];
	bool new = false;

	file = ocsp_directory_read(d, h->subject->leaf, h->subject->issuer, why,
				   OCSP_WHY);
	ocsp_session_lock();
	memcpy(d->why, why, OCSP_WHY);
	if (!same_der(d->last, file)) {
		previous = d->last;
		d->last = ocsp_context_get(file);
		new = file;
	}
	ocsp_session_unlock();
	if (new)
		publish(h, file, previous);
	ocsp_context_put(file);
	ocsp_context_put(previous);
}

/* The directory that is read, or NULL. */
static struct ocsp_directory *read_directory(const struct ocsp_handle *h)
{
	struct ocsp_directory *d = h->subject->directory;

	return d && !d->write ? d : NULL;
}

/*
 * The response in the directory, if it is read: a reference, or NULL with the
 * reason, or "", in why.
 */
static struct ocsp_context *look_file(struct ocsp_handle *h,
				      char why[OCSP_WHY])
{
	struct ocsp_directory *d = read_directory(h);
	struct ocsp_context *file;

	why[0] = '\0';
	if (!d)
		return NULL;
	if (file_is_due(d))
		read_file(h, d);
	ocsp_session_lock();
	file = ocsp_context_get(d->last);
	memcpy(why, d->why, OCSP_WHY);
	ocsp_session_unlock();
	return file;
}

bool ocsp_handle_has_file(struct ocsp_handle *h)
{
	struct ocsp_context *file;
	char why[OCSP_WHY];
	bool has;

	file = look_file(h, why);
	has = file && ocsp_context_is_valid(file, time_now(), 0);
	ocsp_context_put(file);
	return has;
}

static void offline(const char *why)
{
	ocsp_set_error(CRYPT_E_REVOCATION_OFFLINE, "%s", why);
}

/* Why the store has nothing for us. */
static void set_store_error(const struct look *l)
{
	switch (l->meta.state) {
	case KTLS_OCSP_STATE_PENDING:
		offline("there is no response yet");
		break;
	case KTLS_OCSP_STATE_FAILED:
		ocsp_set_error(CRYPT_E_REVOCATION_OFFLINE,
			       "there is no response yet: %s", l->meta.failure);
		break;
	case KTLS_OCSP_STATE_EXPIRED:
		ocsp_set_error(CRYPT_E_REVOCATION_OFFLINE,
			       "the response has expired%s%s",
			       l->meta.failure[0] ? ": " : "", l->meta.failure);
		break;
	case KTLS_OCSP_STATE_WITHDRAWN:
		offline("the response was withdrawn");
		break;
	default:
		offline("there is no response");
	}
}

/* Fit to be stapled? Sets the last error when not. */
static bool is_usable(const struct ocsp_context *c, uint32_t min_validity)
{
	int64_t now = time_now(), left = c->next_update - now;

	if (!ocsp_context_is_valid(c, now, min_validity)) {
		ocsp_set_error(CRYPT_E_REVOCATION_OFFLINE,
			       "the response is valid for %" PRId64 " more seconds, and has to be for %u",
			       left > 0 ? left : 0, min_validity);
		return false;
	}
	if (c->status == KTLS_OCSP_CERT_STATUS_UNKNOWN) {
		offline("the responder does not know the certificate");
		return false;
	}
	return true;
}

/* The newer of two references, either of which may be NULL; the other goes. */
static struct ocsp_context *newer(struct ocsp_context *store,
				  struct ocsp_context *file)
{
	if (file && (!store || file->this_update > store->this_update)) {
		ocsp_context_put(store);
		return file;
	}
	ocsp_context_put(file);
	return store;
}

/* What the store has: 0 with l filled, or a negative errno and the last error. */
static int look(struct look *l)
{
	struct ocsp_context *board;
	struct ocsp_handle *h = l->h;
	bool enough;
	int rc;

	enough = look_board(l, ocsp_session_lock()) && is_board_enough(l);
	ocsp_session_unlock();
	if (enough)
		return 0;
	board = l->context;
	l->context = NULL;
	rc = ocsp_session_call(look_store, l);
	if (board && (rc || l->no_memory)) {
		/* It is what the store has, though we could not hold it. */
		l->context = board;
		return 0;
	}
	ocsp_context_put(board);
	if (l->new)
		publish(h, l->new, l->previous);
	ocsp_context_put(l->new);
	ocsp_context_put(l->previous);
	if (rc == -ENOENT)
		offline("the response is not in the store");
	if (!rc && l->no_memory) {
		ocsp_set_error(ERROR_NOT_ENOUGH_MEMORY, "%s", strerror(ENOMEM));
		rc = -ENOMEM;
	}
	return rc;
}

struct ocsp_context *ocsp_handle_look(struct ocsp_handle *h)
{
	struct look l = { .h = h };
	struct ocsp_context *c;
	char why[OCSP_WHY];

	if (look(&l))
		return NULL;
	c = newer(l.context, look_file(h, why));
	if (!c && why[0])
		offline(why);
	else if (!c)
		set_store_error(&l);
	if (!c)
		return NULL;
	if (!is_usable(c, l.min_validity)) {
		ocsp_context_put(c);
		return NULL;
	}
	/* A directory that is read has to be looked at again and again. */
	if (!read_directory(h))
		c = ocsp_view_set(h, &l.place, c);
	return c;
}
