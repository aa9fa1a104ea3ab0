// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The configuration module that libcrypto loads: ktls-ocsp-openssl(7). It makes
 * servers that know nothing of it staple from the store of the kernel.
 *
 * Nothing happens before there is a handshake: a server that tests its
 * configuration, or that has no TLS, asks the kernel for nothing.
 *
 * Here is what makes it a module: "contexts" sees each SSL_CTX and gives it the
 * status callback; "libssl" finds the functions of libssl. The callback, and
 * what it staples, are those of libocsp/ssl and libocsp/staple.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <openssl/conf.h>
#include <openssl/err.h>

#include "callback.h"
#include "certs.h"
#include "contexts.h"
#include "init.h"
#include "log.h"
#include "programs.h"
#include "status.h"

/* libcrypto looks for a symbol that its own header has otherwise. */
#define EXPORT __attribute__((visibility("default")))

EXPORT int module_init(CONF_IMODULE *module, const CONF *conf)
	__asm__("OPENSSL_init");
EXPORT void module_finish(CONF_IMODULE *module) __asm__("OPENSSL_finish");

/*
 * A configuration can be loaded more than once, and is unloaded at the end of
 * the process, while other threads may still be at work. So what was set up
 * stays: unloading switches the callback off.
 */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready;
static atomic_int loads;

/* The lock of contexts.c is taken before those of staple_init(). */
static void set_up(void)
{
	ready = staple_init() && certs_init() && callback_init() &&
		contexts_init(status_callback_of_store) &&
		!pthread_atfork(contexts_before_fork, contexts_unlock,
				contexts_unlock);
	if (!ready)
		log_line(LOG_LEVEL_WARNING,
			 "ktls_ocsp: not enough memory: nothing is stapled from the store");
}

static bool is_excluded(const CONF *conf, const char *section)
{
	char *list;

	ERR_set_mark();
	list = NCONF_get_string(conf, section, "exclude");
	ERR_pop_to_mark();
	return program_is_excluded(list ? list : PROGRAMS_EXCLUDED);
}

/* A failure would be the server's: there is none. */
int module_init(CONF_IMODULE *module, const CONF *conf)
{
	if (is_excluded(conf, CONF_imodule_get_value(module)))
		return 1;
	pthread_once(&once, set_up);
	if (ready && atomic_fetch_add(&loads, 1) == 0)
		status_enable(true);
	return 1;
}

void module_finish(CONF_IMODULE *module)
{
	(void)module;
	if (ready && atomic_fetch_sub(&loads, 1) == 1)
		status_enable(false);
}
