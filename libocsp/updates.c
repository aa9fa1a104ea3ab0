// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Telling the application of new responses, see updates.h. */
#include <stddef.h>

#include "directory.h"
#include "handle_config.h"
#include "session.h"
#include "updates.h"

/* Some thread has told what there was; protected by the library's lock. */
static pthread_cond_t idle = PTHREAD_COND_INITIALIZER;

void ocsp_updates_add(struct ocsp_handle_config *c,
		      struct ocsp_context *context)
{
	struct ocsp_updates *u = &c->updates;

	if (!ocsp_handle_config_wants_updates(c))
		return;
	ocsp_context_put(u->pending);
	u->pending = ocsp_context_get(context);
}

static void tell(const struct ocsp_handle_config *c, struct ocsp_context *new,
		 struct ocsp_context *previous)
{
	struct ocsp_directory *write = ocsp_handle_config_write(c);
	struct ocsp_crl crl[2];
	DWORD written = 0;

	if (write)
		written = ocsp_directory_write(write, c->leaf, c->issuer, new);
	if (c->callback)
		c->callback(c->chain, &new->pub, ocsp_context_crl(new, &crl[0]),
			    ocsp_context_crl(previous, &crl[1]),
			    c->callback_arg, written);
}

/* With the lock held: who was telling before a fork() is not in its child. */
static bool is_busy(const struct ocsp_updates *u)
{
	return u->busy && u->forks == ocsp_fork_count();
}

/*
 * With the lock held, which is dropped while the application is called. What it
 * is called with is referenced by pending or told until the next one's turn; a
 * child of fork() in the midst of it has references of its own on the same.
 */
static void tell_pending(struct ocsp_handle_config *c)
{
	struct ocsp_updates *u = &c->updates;
	struct ocsp_context *new, *previous;

	while (!u->finished && (new = u->pending)) {
		previous = u->told;
		u->pending = NULL;
		u->told = new;
		ocsp_unlock();
		tell(c, new, previous);
		ocsp_context_put(previous);
		ocsp_lock();
	}
}

void ocsp_updates_tell(struct ocsp_handle_config *c)
{
	struct ocsp_updates *u = &c->updates;

	if (!ocsp_handle_config_wants_updates(c))
		return;
	ocsp_lock();
	/* Whoever is telling will find what is pending, be it us. */
	if (u->pending && !is_busy(u)) {
		u->busy = true;
		u->teller = pthread_self();
		u->forks = ocsp_fork_count();
		tell_pending(c);
		u->busy = false;
		pthread_cond_broadcast(&idle);
	}
	ocsp_unlock();
}

void ocsp_updates_finish(struct ocsp_handle_config *c)
{
	struct ocsp_updates *u = &c->updates;

	if (!ocsp_handle_config_wants_updates(c))
		return;
	ocsp_lock();
	u->finished = true;
	while (is_busy(u) && !pthread_equal(u->teller, pthread_self()))
		ocsp_wait(&idle, NULL);
	ocsp_unlock();
}

void ocsp_updates_forked(void)
{
	pthread_cond_init(&idle, NULL);
}

void ocsp_updates_clear(struct ocsp_updates *u)
{
	ocsp_context_put(u->pending);
	ocsp_context_put(u->told);
	u->pending = NULL;
	u->told = NULL;
}
