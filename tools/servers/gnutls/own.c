// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "own.h"

/* One thing that was set; idx is OWN_RETRIEVES for a function that chooses. */
#define OWN_RETRIEVES	(UINT_MAX - 1)

struct own {
	LIST_ENTRY(own) list;
	gnutls_certificate_credentials_t cred;
	unsigned int idx;
	gnutls_status_request_ocsp_func func;
	void *ptr;
};

/* Protects the list and what is in it. Held for a few instructions. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(, own) list = LIST_HEAD_INITIALIZER(list);

/* GnuTLS', by the same way as preload.c has its functions; constant */
static typeof(gnutls_certificate_get_ours) *get_ours;
static typeof(gnutls_certificate_get_crt_raw) *get_crt_raw;

static void take_lock(void)
{
	pthread_mutex_lock(&lock);
}

static void drop_lock(void)
{
	pthread_mutex_unlock(&lock);
}

bool own_init(void)
{
	void *lib = dlopen("libgnutls.so.30", RTLD_NOLOAD | RTLD_LAZY);

	if (!lib)
		return false;
	get_ours = (typeof(get_ours))dlsym(lib, "gnutls_certificate_get_ours");
	get_crt_raw = (typeof(get_crt_raw))dlsym(lib, "gnutls_certificate_get_crt_raw");
	return get_ours && get_crt_raw &&
	       !pthread_atfork(take_lock, drop_lock, drop_lock);
}

/* With the lock held */
static struct own *find(gnutls_certificate_credentials_t cred, unsigned int idx)
{
	struct own *o;

	LIST_FOREACH(o, &list, list)
		if (o->cred == cred && o->idx == idx)
			return o;
	return NULL;
}

static void forget(struct own *o)
{
	LIST_REMOVE(o, list);
	free(o);
}

/* With the lock held. NULL: there is not enough memory. */
static struct own *find_or_make(gnutls_certificate_credentials_t cred,
				unsigned int idx)
{
	struct own *o = find(cred, idx);

	if (o)
		return o;
	o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->cred = cred;
	o->idx = idx;
	LIST_INSERT_HEAD(&list, o, list);
	return o;
}

/* exists false: forget it. */
static bool set(gnutls_certificate_credentials_t cred, unsigned int idx,
		bool exists, gnutls_status_request_ocsp_func func, void *ptr)
{
	struct own *o;

	take_lock();
	o = exists ? find_or_make(cred, idx) : find(cred, idx);
	if (o && exists) {
		o->func = func;
		o->ptr = ptr;
	} else if (o) {
		forget(o);
	}
	drop_lock();
	return o || !exists;
}

bool own_set_status(gnutls_certificate_credentials_t cred, unsigned int idx,
		    gnutls_status_request_ocsp_func func, void *ptr)
{
	return set(cred, idx, func, func, ptr);
}

void own_set_retrieves(gnutls_certificate_credentials_t cred, const void *func)
{
	set(cred, OWN_RETRIEVES, func, NULL, NULL);
}

bool own_retrieves(gnutls_certificate_credentials_t cred)
{
	bool retrieves;

	take_lock();
	retrieves = find(cred, OWN_RETRIEVES);
	drop_lock();
	return retrieves;
}

void own_forget(gnutls_certificate_credentials_t cred)
{
	struct own *o, *following;

	take_lock();
	for (o = LIST_FIRST(&list); o; o = following) {
		following = LIST_NEXT(o, list);
		if (o->cred == cred)
			forget(o);
	}
	drop_lock();
}

/* Which of the credentials' certificates the session uses, or OWN_ANY */
static unsigned int index_of_ours(gnutls_session_t session,
				  gnutls_certificate_credentials_t cred)
{
	const gnutls_datum_t *ours = get_ours(session);
	gnutls_datum_t der;

	for (unsigned int i = 0; ours && get_crt_raw(cred, i, 0, &der) >= 0; i++)
		if (der.size == ours->size &&
		    !memcmp(der.data, ours->data, der.size))
			return i;
	return OWN_ANY;
}

/* The one for all comes first, as GnuTLS has it. */
int own_status(gnutls_session_t session, void *cred, gnutls_datum_t *response)
{
	unsigned int idx = index_of_ours(session, cred);
	struct own *o, found = { .func = NULL };

	take_lock();
	o = find(cred, OWN_ANY);
	if (!o)
		o = find(cred, idx);
	if (o)
		found = *o;
	drop_lock();
	return found.func ? found.func(session, found.ptr, response) :
			    GNUTLS_E_NO_CERTIFICATE_STATUS;
}
