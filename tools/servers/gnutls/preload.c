// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Preloaded into a server with GnuTLS, this makes it staple from the store of the
 * kernel: ktls-ocsp-gnutls(7). The functions of GnuTLS that tell what becomes of
 * credentials come here first, and go on to GnuTLS.
 *
 * It is loaded into all programs that the server starts, too: so it is linked with
 * libc alone, and loads libocsp-gnutls when GnuTLS is used.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/auxv.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include <libocsp/ocsp_gnutls.h>

#include "own.h"

#define GNUTLS	"libgnutls.so.30"
#define LIBRARY	"libocsp-gnutls.so.1"

#define EXPORT __attribute__((visibility("default")))

/* Those of GnuTLS, and of libocsp-gnutls; constant after load(). */
static struct {
	typeof(gnutls_certificate_allocate_credentials) *allocate;
	typeof(gnutls_certificate_free_credentials) *free;
	typeof(gnutls_credentials_set) *set;
	typeof(gnutls_certificate_set_ocsp_status_request_function) *set_status;
	typeof(gnutls_certificate_set_ocsp_status_request_function2) *set_status2;
	typeof(gnutls_certificate_set_retrieve_function) *set_retrieve;
	typeof(gnutls_certificate_set_retrieve_function2) *set_retrieve2;
	typeof(gnutls_certificate_set_retrieve_function3) *set_retrieve3;
} next;

/* NULL: nothing is stapled from the store. */
static typeof(OcspStapleGnutlsCredentials) *staple;
static typeof(OcspReleaseGnutlsCredentials) *release;

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The thread is in libocsp-gnutls, whose calls are not the server's. */
static __thread bool is_inside;

static const struct {
	const char *name;
	void *at;
} symbols[] = {
	{ "gnutls_certificate_allocate_credentials", &next.allocate },
	{ "gnutls_certificate_free_credentials", &next.free },
	{ "gnutls_credentials_set", &next.set },
	{ "gnutls_certificate_set_ocsp_status_request_function",
	  &next.set_status },
	{ "gnutls_certificate_set_ocsp_status_request_function2",
	  &next.set_status2 },
	{ "gnutls_certificate_set_retrieve_function", &next.set_retrieve },
	{ "gnutls_certificate_set_retrieve_function2", &next.set_retrieve2 },
	{ "gnutls_certificate_set_retrieve_function3", &next.set_retrieve3 },
};

/*
 * GnuTLS may have been loaded by a module of the server, for that alone: then it
 * is not where RTLD_NEXT looks. Who calls has loaded it.
 */
static void *find_gnutls(void)
{
	void *lib = dlopen(GNUTLS, RTLD_NOLOAD | RTLD_LAZY);

	return lib ? lib : RTLD_NEXT;
}

/* What a caller's environment asks for has no place in a setuid program. */
static void load_library(void)
{
	void *lib;

	if (getauxval(AT_SECURE) || !own_init())
		return;
	lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		return;
	release = (typeof(release))dlsym(lib, "OcspReleaseGnutlsCredentials");
	staple = (typeof(staple))dlsym(lib, "OcspStapleGnutlsCredentials");
	if (!release)
		staple = NULL;
}

static void load(void)
{
	void *gnutls = find_gnutls();

	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		*(void **)symbols[i].at = dlsym(gnutls, symbols[i].name);
	load_library();
}

/*
 * A program that is linked with GnuTLS may use it first in its children. They share
 * what the library makes when it is loaded.
 */
static void __attribute__((constructor)) load_early(void)
{
	if (dlopen(GNUTLS, RTLD_NOLOAD | RTLD_LAZY))
		pthread_once(&once, load);
}

/* Is there something to do beside what GnuTLS does? */
static bool is_ours(void)
{
	pthread_once(&once, load);
	return staple && !is_inside;
}

/* Early, before the server changes its root directory */
EXPORT int
gnutls_certificate_allocate_credentials(gnutls_certificate_credentials_t *cred)
{
	is_ours();
	return next.allocate ? next.allocate(cred) : GNUTLS_E_INTERNAL_ERROR;
}

EXPORT void
gnutls_certificate_free_credentials(gnutls_certificate_credentials_t cred)
{
	if (is_ours()) {
		is_inside = true;
		release(cred);
		is_inside = false;
		own_forget(cred);
	}
	if (next.free)
		next.free(cred);
}

/*
 * A session is given its credentials: they are complete. A client's make no
 * difference, since nothing is opened before a server's handshake.
 */
EXPORT int gnutls_credentials_set(gnutls_session_t session,
				  gnutls_credentials_type_t type, void *cred)
{
	if (type == GNUTLS_CRD_CERTIFICATE && cred && is_ours()) {
		is_inside = true;
		staple(cred, own_status, cred,
		       OCSP_STAPLE_DO_NOT_OPEN |
		       (own_retrieves(cred) ? 0 : OCSP_STAPLE_WHOLE_CHAIN));
		is_inside = false;
	}
	return next.set ? next.set(session, type, cred) : GNUTLS_E_INTERNAL_ERROR;
}

/* What the server sets itself is remembered. */

EXPORT void
gnutls_certificate_set_ocsp_status_request_function(gnutls_certificate_credentials_t cred,
						    gnutls_status_request_ocsp_func func,
						    void *ptr)
{
	if (is_ours() && own_set_status(cred, OWN_ANY, func, ptr))
		return;
	if (next.set_status)
		next.set_status(cred, func, ptr);
}

EXPORT int
gnutls_certificate_set_ocsp_status_request_function2(gnutls_certificate_credentials_t cred,
						     unsigned int idx,
						     gnutls_status_request_ocsp_func func,
						     void *ptr)
{
	if (is_ours())
		own_set_status(cred, idx, func, ptr);
	return next.set_status2 ? next.set_status2(cred, idx, func, ptr) :
				  GNUTLS_E_INTERNAL_ERROR;
}

EXPORT void
gnutls_certificate_set_retrieve_function(gnutls_certificate_credentials_t cred,
					 gnutls_certificate_retrieve_function *func)
{
	if (is_ours())
		own_set_retrieves(cred, func);
	if (next.set_retrieve)
		next.set_retrieve(cred, func);
}

EXPORT void
gnutls_certificate_set_retrieve_function2(gnutls_certificate_credentials_t cred,
					  gnutls_certificate_retrieve_function2 *func)
{
	if (is_ours())
		own_set_retrieves(cred, func);
	if (next.set_retrieve2)
		next.set_retrieve2(cred, func);
}

EXPORT void
gnutls_certificate_set_retrieve_function3(gnutls_certificate_credentials_t cred,
					  gnutls_certificate_retrieve_function3 *func)
{
	if (is_ours())
		own_set_retrieves(cred, func);
	if (next.set_retrieve3)
		next.set_retrieve3(cred, func);
}
