// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <pthread.h>

#include "init.h"
#include "log.h"
#include "records.h"
#include "response.h"
#include "staples.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready;

/*
 * The order in which the locks are taken; those of libocsp, whose handlers are
 * older than ours and so run later, come last.
 */
static void fork_prepare(void)
{
	responses_lock();
	staples_lock();
}

static void fork_done(void)
{
	staples_unlock();
	responses_unlock();
}

static void set_up(void)
{
	log_init();
	ready = records_init() &&
		!pthread_atfork(fork_prepare, fork_done, fork_done);
}

bool staple_init(void)
{
	pthread_once(&once, set_up);
	return ready;
}
