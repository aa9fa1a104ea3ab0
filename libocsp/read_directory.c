// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Responses from files. A handshake looks at the file every few seconds, and
 * reads and verifies it when it was replaced.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "cert.h"
#include "clock.h"
#include "directory.h"
#include "handle.h"
#include "lookup.h"
#include "verify.h"

/* Seconds until a file that was refused, be it for the time, is read again. */
#define REREAD	60

struct ocsp_terms ocsp_context_terms(const struct ocsp_context *context)
{
	return (struct ocsp_terms){
		.status = context->status,
		.this_update = context->this_update,
		.next_update = context->next_update,
	};
}

/* The last second in which all of a response was valid; 0: there is none. */
static int64_t last_second(const unsigned char *der, size_t len)
{
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &der, len);
	ASN1_GENERALIZEDTIME *next_update = NULL;
	int64_t last = 0;
	struct tm tm;
	OCSP_BASICRESP *basic;

	basic = response ? OCSP_response_get1_basic(response) : NULL;
	if (basic && OCSP_resp_count(basic) == 1)
		OCSP_single_get0_status(OCSP_resp_get0(basic, 0), NULL, NULL,
					NULL, &next_update);
	if (next_update && ASN1_TIME_to_tm(next_update, &tm))
		last = timegm(&tm) - 1;
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return last;
}

/* One that has expired counts as far as it keeps older ones out. */
static int verify(const unsigned char *der, size_t len, X509 *leaf,
		  X509 *issuer, struct ocsp_verdict *verdict)
{
	int64_t now = ocsp_now(), last;
	struct ocsp_verdict past;

	if (!ocsp_verify(der, len, leaf, issuer, now, verdict))
		return 0;
	last = last_second(der, len);
	if (!last || last >= now ||
	    ocsp_verify(der, len, leaf, issuer, last, &past))
		return -EBADMSG;
	*verdict = past;
	return 0;
}

static struct ocsp_context *make_context(unsigned char *der, size_t len,
					 X509 *leaf, X509 *issuer,
					 struct ocsp_error *error)
{
	struct ocsp_entry r = { .blob = der, .blob_len = len };
	struct ocsp_context *context;
	struct ocsp_verdict verdict;

	if (verify(der, len, leaf, issuer, &verdict)) {
		ocsp_error_set(error, CRYPT_E_REVOCATION_OFFLINE, "%s",
			       verdict.reason);
		return NULL;
	}
	r.status = verdict.status;
	r.this_update = verdict.this_update;
	r.next_update = verdict.next_update;
	context = ocsp_context_new(&r);
	if (!context)
		ocsp_error_memory(error);
	return context;
}

static X509 *parse(PCCERT_CONTEXT cert)
{
	return ocsp_cert_decode(cert->pbCertEncoded, cert->cbCertEncoded);
}

struct ocsp_context *ocsp_file_context(unsigned char *der, size_t len,
				       PCCERT_CONTEXT leaf,
				       PCCERT_CONTEXT issuer,
				       struct ocsp_error *error)
{
	struct ocsp_context *context = NULL;
	X509 *cert, *ca;

	ERR_set_mark();
	cert = parse(leaf);
	ca = parse(issuer);
	if (cert && ca)
		context = make_context(der, len, cert, ca, error);
	else
		ocsp_error_memory(error);
	X509_free(ca);
	X509_free(cert);
	ERR_pop_to_mark();
	free(der);
	return context;
}

/* The path of the file that is there, or of the one that should be. */
static bool find_file(const struct ocsp_directory *d, char *path,
		      struct ocsp_file_id *id)
{
	struct stat st = { .st_ino = 1 };	/* something is there */

	memset(id, 0, sizeof(*id));
	if (!ocsp_directory_join(d, d->upper, path))
		return false;
	if (stat(path, &st) && errno == ENOENT) {
		ocsp_directory_join(d, d->lower, path);
		if (stat(path, &st) && errno == ENOENT)
			return true;
	}
	id->dev = st.st_dev;
	id->ino = st.st_ino;
	id->size = st.st_size;
	id->changed = st.st_ctim;
	return true;
}

static struct ocsp_context *read_file(const struct ocsp_handle_config *c,
				      const char *path,
				      struct ocsp_error *error)
{
	struct ocsp_context *context;
	char why[OCSP_MESSAGE_SIZE];
	unsigned char *der;
	size_t len;

	der = ocsp_read_file(path, &len, why, sizeof(why));
	if (!der) {
		ocsp_error_set(error, CRYPT_E_REVOCATION_OFFLINE, "%s", why);
		return NULL;
	}
	context = ocsp_file_context(der, len, c->leaf, c->issuer, error);
	if (!context)
		ocsp_error_set(error, error->code, "%s: %s", path, error->text);
	return context;
}

/* With the lock held: is it time to look again? Then it is this thread that does. */
static bool is_due(struct ocsp_directory *d)
{
	uint32_t now = ocsp_uptime();

	if (d->was_checked && now - d->checked_at < OCSP_DIRECTORY_INTERVAL)
		return false;
	d->was_checked = true;
	d->checked_at = now;
	return true;
}

/* With the lock held: the newest of what was seen in the store and in the file. */
static struct ocsp_terms newest(const struct ocsp_directory *d)
{
	struct ocsp_terms last;

	if (!d->last)
		return d->store;
	last = ocsp_context_terms(d->last);
	return !d->store.next_update ||
	       last.this_update > d->store.this_update ? last : d->store;
}

/* With the lock held: what was read replaces what was there, if it may. */
static void take_file(struct ocsp_handle *h, struct ocsp_directory *d,
		      const char *path, struct ocsp_context *file,
		      struct ocsp_error *error)
{
	struct ocsp_terms have = newest(d), terms;
	const char *worse;

	if (!file) {
		d->failed = true;
		d->failure = *error;
		return;
	}
	terms = ocsp_context_terms(file);
	worse = ocsp_worse(&have, &terms, ocsp_now());
	if (worse) {
		ocsp_error_set(error, CRYPT_E_REVOCATION_OFFLINE, "%s: %s",
			       path, worse);
		d->failed = true;
		d->failure = *error;
		return;
	}
	d->failed = false;
	if (ocsp_context_same_der(d->last, file))
		return;
	ocsp_context_put(d->last);
	d->last = ocsp_context_get(file);
	ocsp_updates_add(h->config, file);
}

static bool same_file(const struct ocsp_file_id *a, const struct ocsp_file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

/* With the lock held: is that the file that was read, and need not be again? */
static bool is_known(const struct ocsp_directory *d,
		     const struct ocsp_file_id *id)
{
	return same_file(id, &d->file) &&
	       (!d->failed || d->checked_at - d->read_at < REREAD);
}

/* Without the lock: look at the file, and read it if it is another one. */
static void look_at_file(struct ocsp_handle *h, struct ocsp_directory *d)
{
	struct ocsp_context *file = NULL;
	struct ocsp_error error;
	struct ocsp_file_id id;
	char path[PATH_MAX];
	bool known;

	if (!find_file(d, path, &id)) {
		ocsp_error_set(&error, ERROR_FILENAME_EXCED_RANGE, "%s: %s",
			       d->path, strerror(ENAMETOOLONG));
		id.ino = 1;
	} else if (!h->config->issuer) {
		ocsp_error_set(&error, CRYPT_E_REVOCATION_OFFLINE,
			       "%s: without the certificate's issuer nothing in it can be verified",
			       d->path);
		id.ino = 1;
	} else {
		ocsp_lock();
		known = is_known(d, &id);
		if (!known) {
			d->file = id;
			d->read_at = d->checked_at;
		}
		ocsp_unlock();
		if (known)
			return;
		if (id.ino)
			file = read_file(h->config, path, &error);
	}
	ocsp_lock();
	if (id.ino) {
		take_file(h, d, path, file, &error);
	} else {
		/* Somebody took it away. */
		d->failed = false;
		ocsp_context_put(d->last);
		d->last = NULL;
	}
	ocsp_unlock();
	ocsp_context_put(file);
}

static void look_if_due(struct ocsp_handle *h, struct ocsp_directory *d)
{
	bool due;

	ocsp_lock();
	due = is_due(d);
	ocsp_unlock();
	if (due)
		look_at_file(h, d);
}

/* With the lock held: what the store has, or had, keeps older files out. */
static void note_store(struct ocsp_directory *d,
		       const struct ocsp_context *store,
		       const struct ocsp_entry *told)
{
	struct ocsp_terms terms = { .next_update = 0 };

	if (store) {
		terms = ocsp_context_terms(store);
	} else if (told->generation) {
		terms.status = told->status;
		terms.this_update = told->this_update;
		terms.next_update = told->next_update;
	}
	/* Somebody with authority took it away. */
	if (told->state == KTLS_OCSP_STATE_WITHDRAWN)
		memset(&d->store, 0, sizeof(d->store));
	if (terms.next_update && terms.this_update >= d->store.this_update)
		d->store = terms;
}

/* With the lock held: is the file's to be served, and not the store's? */
static bool is_file_better(const struct ocsp_directory *d,
			   const struct ocsp_context *store)
{
	struct ocsp_terms terms;

	if (!d->last)
		return false;
	terms = ocsp_context_terms(d->last);
	if (ocsp_worse(&d->store, &terms, ocsp_now()))
		return false;
	return !store || terms.this_update > store->this_update;
}

struct ocsp_context *ocsp_directory_choose(struct ocsp_handle *h,
					   struct ocsp_context *store,
					   const struct ocsp_entry *told,
					   struct ocsp_error *error)
{
	struct ocsp_directory *d = ocsp_handle_config_read(h->config);
	struct ocsp_context *file = NULL;

	if (!d)
		return store;
	ocsp_lock();
	note_store(d, store, told);
	ocsp_unlock();
	look_if_due(h, d);
	ocsp_lock();
	if (is_file_better(d, store))
		file = ocsp_context_get(d->last);
	if (!file && !store && d->failed)
		*error = d->failure;
	ocsp_unlock();
	if (!file)
		return store;
	ocsp_context_put(store);
	return file;
}

bool ocsp_handle_has_file(struct ocsp_handle *h)
{
	struct ocsp_directory *d = ocsp_handle_config_read(h->config);
	bool has;

	if (!d)
		return false;
	look_if_due(h, d);
	ocsp_lock();
	has = d->last && ocsp_context_is_valid(d->last, ocsp_now(), 0);
	ocsp_unlock();
	return has;
}
