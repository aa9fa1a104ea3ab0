// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * An SSL_CTX gets our callback when it is in use, and not before: a server may
 * still be setting it up, and look at what is set.
 *
 * It is in use when an SSL is made from it, or freed. Those that SNI switches
 * an SSL to have to have it earlier: they get it at the next SSL_new() of the
 * process, if they were finished then. That is taken for granted of those that
 * were made before the process served anybody, or by the thread that calls
 * SSL_new(), or SETTLE ago.
 *
 * One that a thread makes which serves may be for the handshake that is under
 * way: Dovecot makes it when it knows the name, and no SSL is made from it. It
 * gets the callback from the beginning, unless the program is one of those that
 * would take it for their own.
 *
 * From libssl 3.2 on an SSL that is being made does not tell its SSL_CTX yet.
 * Where one of those that wait may be it, the SSL is asked when a session is
 * made next, which every full handshake does before it looks for a callback.
 *
 * Workers share the memory of what their parent loaded until they write to it.
 * So those that wait get the callback before a process forks that serves nobody.
 *
 * The server may set a callback of its own later. It is found, and remembered,
 * when an SSL is made from the SSL_CTX or freed; and, of those that a parent
 * prepared, at the first SSL_new() of each process.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/queue.h>

#include <openssl/crypto.h>

#include "callback.h"
#include "clock.h"
#include "contexts.h"
#include "libssl_find.h"
#include "log.h"
#include "programs.h"
#include "staples.h"

#define SETTLE		1000	/* ms */
#define LIBOCSP_SSL	"libocsp-ssl.so"

struct context {
	/* Constant */
	SSL_CTX *ctx;
	pthread_t maker;
	uint64_t made;			/* now_ms() */
	bool early;			/* before the process served */

	/* Protected by the lock */
	LIST_ENTRY(context) link;	/* in waiting or prepared */
	bool listed;
};

LIST_HEAD(context_list, context);

/* An SSL whose SSL_CTX is not known yet */
struct newborn {
	/* Constant */
	SSL *ssl;

	/* Protected by the lock */
	LIST_ENTRY(newborn) newborns;
	bool listed;
};

/*
 * Protects the lists of those that wait for the callback, of those that got it
 * before a fork, and of newborn SSLs, and setting the callback. Held for a few
 * instructions, or a few for each on a list; never across a call that waits.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct context_list waiting = LIST_HEAD_INITIALIZER(waiting);
static struct context_list prepared = LIST_HEAD_INITIALIZER(prepared);
static bool recheck;			/* those that are prepared */
static LIST_HEAD(, newborn) newborns = LIST_HEAD_INITIALIZER(newborns);

/*
 * Is there one? Written with the lock held. Read without one when a session is
 * made: whoever makes one for an SSL was told of that by the thread that made
 * it, and so sees what that one wrote here.
 */
static atomic_bool any_newborn;

/*
 * When the lists are worth a look; UINT64_MAX: not at all. Written with the lock
 * held. Read without one at each SSL_new(): a thread that knows of an SSL_CTX
 * was told of it by the one that made it, and so sees what that one wrote
 * here.
 */
static _Atomic uint64_t due = UINT64_MAX;

/* The process has made an SSL. Never taken back. */
static atomic_bool serves;

/* The thread has made an SSL. */
static __thread bool thread_serves;

static pthread_once_t journal = PTHREAD_ONCE_INIT;

/* Constant after contexts_init() */
static int ctx_index = -1;
static status_callback our_callback;
static bool looks;			/* the program does, at what is set */

static void contexts_lock(void)
{
	pthread_mutex_lock(&lock);
}

void contexts_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/*
 * The callback of libocsp-ssl does the same. Each of the two would take the other
 * one for the server's.
 */
static bool is_of_libocsp_ssl(status_callback callback)
{
	static status_callback _Atomic known;
	const char *slash;
	Dl_info info;

	if (!callback)
		return false;
	if (callback == atomic_load_explicit(&known, memory_order_relaxed))
		return true;
	if (!dladdr((void *)callback, &info) || !info.dli_fname)
		return false;
	slash = strrchr(info.dli_fname, '/');
	if (strncmp(slash ? slash + 1 : info.dli_fname, LIBOCSP_SSL,
		    strlen(LIBOCSP_SSL)))
		return false;
	atomic_store_explicit(&known, callback, memory_order_relaxed);
	return true;
}

static bool is_client(SSL_CTX *ctx)
{
	return libssl.ctx_get_ssl_method(ctx) == libssl.client_method();
}

/*
 * With the lock held. A client has no staple to send: it keeps what it has.
 * Where ours is set already nothing is written.
 */
static void replace_callback(struct context *c)
{
	status_callback callback = libssl_get_callback(c->ctx);

	if (callback != our_callback && !is_client(c->ctx) &&
	    !is_of_libocsp_ssl(callback))
		callback_replace(c->ctx, our_callback);
}

/* With the lock held. */
static void set_callback(struct context *c)
{
	if (c->listed)
		LIST_REMOVE(c, link);
	c->listed = false;
	replace_callback(c);
}

static struct context *context_of(const SSL *ssl)
{
	SSL_CTX *ctx = libssl.get_ctx(ssl);

	return ctx ? libssl.ctx_get_ex_data(ctx, ctx_index) : NULL;
}

/* An SSL is made from it or freed: it is in use. */
static void check_context_of(const SSL *ssl)
{
	struct context *c = context_of(ssl);

	if (!c || libssl_get_callback(c->ctx) == our_callback)
		return;
	contexts_lock();
	set_callback(c);
	contexts_unlock();
}

static bool is_complete(const struct context *c, uint64_t now)
{
	return pthread_equal(c->maker, pthread_self()) || now >= c->made + SETTLE;
}

/* With the lock held. A worker shares them with its parent, as long as they are as they were. */
static void check_prepared(void)
{
	struct context *c;

	LIST_FOREACH(c, &prepared, link)
		replace_callback(c);
}

static void visit_waiting(void)
{
	struct context *c, *next;
	uint64_t now = now_ms(), again = UINT64_MAX;

	contexts_lock();
	if (recheck)
		check_prepared();
	recheck = false;
	for (c = LIST_FIRST(&waiting); c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->early || is_complete(c, now))
			set_callback(c);
		else if (c->made + SETTLE < again)
			again = c->made + SETTLE;
	}
	atomic_store(&due, again);
	contexts_unlock();
}

/* Of what other threads may still be at work on, nothing is touched. */
static void prepare_waiting(void)
{
	struct context *c, *next;
	uint64_t now = now_ms();

	for (c = LIST_FIRST(&waiting); c; c = next) {
		next = LIST_NEXT(c, link);
		if (!is_complete(c, now))
			continue;
		LIST_REMOVE(c, link);
		LIST_INSERT_HEAD(&prepared, c, link);
		replace_callback(c);
	}
}

void contexts_before_fork(void)
{
	contexts_lock();
	if (looks || atomic_load(&serves) ||
	    (LIST_EMPTY(&waiting) && LIST_EMPTY(&prepared)))
		return;
	check_prepared();
	prepare_waiting();
	recheck = true;
	atomic_store(&due, 0);
}

static void ctx_new(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
		    long argl, void *argp)
{
	struct context *c;

	(void)ptr, (void)argl, (void)argp;
	if (!libssl_find())
		return;
	/* It may have changed its root when it serves. */
	if (!is_client(parent))
		pthread_once(&journal, log_keep_journal);
	c = OPENSSL_zalloc(sizeof(*c));
	if (!c || !CRYPTO_set_ex_data(ad, idx, c)) {
		OPENSSL_free(c);
		return;
	}
	c->ctx = parent;
	c->maker = pthread_self();
	c->made = now_ms();
	c->early = !atomic_load(&serves);
	contexts_lock();
	c->listed = true;
	LIST_INSERT_HEAD(&waiting, c, link);
	atomic_store(&due, 0);
	/* It waits all the same: the server may set one of its own. */
	if (thread_serves && !looks)
		replace_callback(c);
	contexts_unlock();
}

/* Nobody uses the SSL_CTX any more; but somebody may be at the list. */
static void ctx_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
		     long argl, void *argp)
{
	struct context *c = ptr;

	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	if (!c)
		return;
	contexts_lock();
	if (c->listed)
		LIST_REMOVE(c, link);
	contexts_unlock();
	OPENSSL_free(c);
}

/* Without memory it is found when it is freed. */
static void remember_newborn(SSL *ssl, CRYPTO_EX_DATA *ad, int idx)
{
	struct newborn *n = OPENSSL_zalloc(sizeof(*n));

	if (!n || !CRYPTO_set_ex_data(ad, idx, n)) {
		OPENSSL_free(n);
		return;
	}
	n->ssl = ssl;
	contexts_lock();
	n->listed = true;
	LIST_INSERT_HEAD(&newborns, n, newborns);
	atomic_store(&any_newborn, true);
	contexts_unlock();
}

/* With the lock held. */
static void forget_newborn(struct newborn *n)
{
	if (n->listed)
		LIST_REMOVE(n, newborns);
	n->listed = false;
	if (LIST_EMPTY(&newborns))
		atomic_store(&any_newborn, false);
}

/*
 * With the lock held. What the SSL says may have been freed by its own thread,
 * which switches it to another one: it is looked for among those that are
 * there, which ctx_free() takes away first.
 */
static void set_callback_of(const SSL_CTX *ctx)
{
	struct context *c;

	LIST_FOREACH(c, &waiting, link) {
		if (c->ctx == ctx) {
			set_callback(c);
			return;
		}
	}
}

/* In a handshake, before libssl looks for the callback. */
static void session_new(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
			long argl, void *argp)
{
	struct newborn *n, *next;
	SSL_CTX *ctx;

	(void)parent, (void)ptr, (void)ad, (void)idx, (void)argl, (void)argp;
	if (!atomic_load_explicit(&any_newborn, memory_order_acquire))
		return;
	contexts_lock();
	for (n = LIST_FIRST(&newborns); n; n = next) {
		next = LIST_NEXT(n, newborns);
		ctx = libssl.get_ctx(n->ssl);
		if (!ctx)
			continue;
		set_callback_of(ctx);
		forget_newborn(n);
	}
	contexts_unlock();
}

static void ssl_new(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
		    long argl, void *argp)
{
	uint64_t at;

	(void)ptr, (void)argl, (void)argp;
	if (!libssl_find())
		return;
	thread_serves = true;
	if (!atomic_load_explicit(&serves, memory_order_relaxed))
		atomic_store(&serves, true);
	at = atomic_load_explicit(&due, memory_order_acquire);
	if (at != UINT64_MAX && now_ms() >= at)
		visit_waiting();
	if (libssl.get_ctx(parent))
		check_context_of(parent);
	else if (atomic_load_explicit(&due, memory_order_acquire) != UINT64_MAX)
		remember_newborn(parent, ad, idx);
	staples_reap();
}

/* With the SSL_CTX that SNI has chosen */
static void ssl_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
		     long argl, void *argp)
{
	struct newborn *n = ptr;

	(void)ad, (void)idx, (void)argl, (void)argp;
	if (n) {
		contexts_lock();
		forget_newborn(n);
		contexts_unlock();
		OPENSSL_free(n);
	}
	if (libssl_find())
		check_context_of(parent);
}

/* SSL_dup(): the copy keeps what it has got itself. */
static int ssl_dup(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **from_d,
		   int idx, long argl, void *argp)
{
	(void)from, (void)argl, (void)argp;
	*from_d = CRYPTO_get_ex_data(to, idx);
	return 1;
}

bool contexts_init(status_callback callback)
{
	our_callback = callback;
	looks = program_is_excluded(PROGRAMS_EXCLUDED);
	ctx_index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, NULL,
					    ctx_new, NULL, ctx_free);
	return ctx_index >= 0 &&
	       CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, NULL, ssl_new,
				       ssl_dup, ssl_free) >= 0 &&
	       CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_SESSION, 0, NULL,
				       session_new, NULL, NULL) >= 0;
}
