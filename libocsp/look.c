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

/* One look at the store. The contexts in it are references. */
struct look {
	struct ocsp_handle *h;
	uint32_t min_validity;
	struct ocsp_response meta;	/* without blob */
	struct ocsp_context *context;	/* what the store serves now, or NULL */
	struct ocsp_context *new;	/* what we are the first to see, or NULL */
	struct ocsp_context *previous;	/* what new replaced, or NULL */
	bool no_memory;
};

static int look_meta(struct ocsp_session *session, struct look *l)
{
	struct ocsp_name name = { .session = session->fd, .slot = &l->h->slot };

	return ocsp_client_get(session->client, &name, 0, &l->meta);
}

static int look_blob(struct ocsp_session *session, struct look *l)
{
	struct ocsp_name name = { .session = session->fd, .slot = &l->h->slot };
	struct ocsp_context *context;
	struct ocsp_response r;
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
	l->previous = l->h->current;
	l->h->current = context;
	l->new = ocsp_context_get(context);
	return 0;
}

/*
 * Ask the store, with the lock held. The metadata first: most of the time it
 * says that what we have is what there is, and then the blob is not copied.
 */
static int look_store(struct ocsp_session *session, void *arg)
{
	struct look *l = arg;
	struct ocsp_handle *h = l->h;
	int rc = 0;

	l->min_validity = session->min_validity;
	if (h->epoch != session->epoch)
		rc = ocsp_handle_attach(session, h, false, NULL);
	if (!rc && h->current)
		rc = look_meta(session, l);
	if (!rc && (!h->current || h->current->generation != l->meta.generation))
		rc = look_blob(session, l);
	if (rc || l->no_memory)
		return rc;
	if (l->meta.state == KTLS_OCSP_STATE_VALID && h->current &&
	    h->current->generation == l->meta.generation)
		l->context = ocsp_context_get(h->current);
	return 0;
}

static void publish(struct ocsp_handle *h, struct ocsp_context *new,
		    struct ocsp_context *previous)
{
	DWORD written = 0;

	if (h->directory.path && h->directory.write)
		written = ocsp_directory_write(&h->directory, new);
	if (h->callback)
		h->callback(h->chain, &new->pub, &new->crl,
			    previous ? &previous->crl : NULL, h->callback_arg,
			    written);
}

static time_t monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Is it time to read the directory again? Then it is this thread that does. */
static bool file_is_due(struct ocsp_handle *h)
{
	time_t now = monotonic();
	bool due;

	ocsp_session_lock();
	due = !h->file_checked || now - h->file_checked >=
		CERT_SRV_OCSP_RESP_MIN_SYNC_CERT_FILE_SECONDS_DEFAULT;
	if (due)
		h->file_checked = now;
	ocsp_session_unlock();
	return due;
}

static bool same_der(const struct ocsp_context *a, const struct ocsp_context *b)
{
	return a && b &&
	       a->pub.cbEncodedOcspResponse == b->pub.cbEncodedOcspResponse &&
	       !memcmp(a->der, b->der, a->pub.cbEncodedOcspResponse);
}

/*
 * Read the directory. A context is new unless it has the bytes of the one
 * before, which then stays.
 */
static void read_file(struct ocsp_handle *h)
{
	struct ocsp_context *file, *previous = NULL;
	char why[sizeof(h->file_error)];
	bool new = false;

	file = ocsp_directory_read(&h->directory, h->leaf, h->issuer, why,
				   sizeof(why));
	ocsp_session_lock();
	memcpy(h->file_error, why, sizeof(why));
	if (!same_der(h->file, file)) {
		previous = h->file;
		h->file = ocsp_context_get(file);
		new = file;
	}
	ocsp_session_unlock();
	if (new)
		publish(h, file, previous);
	ocsp_context_put(file);
	ocsp_context_put(previous);
}

/*
 * The response in the directory, if it is read: a reference, or NULL with the
 * reason, or "", in why.
 */
static struct ocsp_context *look_file(struct ocsp_handle *h,
				      char why[sizeof(h->file_error)])
{
	struct ocsp_context *file;

	why[0] = '\0';
	if (!h->directory.path || h->directory.write)
		return NULL;
	if (file_is_due(h))
		read_file(h);
	ocsp_session_lock();
	file = ocsp_context_get(h->file);
	memcpy(why, h->file_error, sizeof(h->file_error));
	ocsp_session_unlock();
	return file;
}

bool ocsp_handle_has_file(struct ocsp_handle *h)
{
	struct ocsp_context *file;
	char why[sizeof(h->file_error)];
	bool has;

	file = look_file(h, why);
	has = file && file->next_update > time(NULL);
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
	struct timespec now;
	int64_t left;

	clock_gettime(CLOCK_REALTIME, &now);
	left = c->next_update - now.tv_sec;
	if (left < (int64_t)min_validity || left <= 0) {
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

struct ocsp_context *ocsp_handle_look(struct ocsp_handle *h)
{
	struct look l = { .h = h };
	struct ocsp_context *c;
	char why[sizeof(h->file_error)];
	int rc;

	rc = ocsp_session_call(look_store, &l);
	if (l.new)
		publish(h, l.new, l.previous);
	ocsp_context_put(l.new);
	ocsp_context_put(l.previous);
	if (rc == -ENOENT)
		offline("the response is not in the store");
	if (rc)
		return NULL;
	if (l.no_memory) {
		ocsp_set_error(ERROR_NOT_ENOUGH_MEMORY, "%s", strerror(ENOMEM));
		return NULL;
	}
	c = newer(l.context, look_file(h, why));
	if (!c && why[0])
		offline(why);
	else if (!c)
		set_store_error(&l);
	if (!c || is_usable(c, l.min_validity))
		return c;
	ocsp_context_put(c);
	return NULL;
}
