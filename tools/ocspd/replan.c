// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The plans of all certificates anew, see replan.h. */
#include <stdlib.h>

#include "certs.h"
#include "clock.h"
#include "log.h"
#include "plan.h"
#include "replan.h"
#include "store.h"

/* Certificates of one turn of the loop; the store may be asked for each. */
#define BATCH	32

static struct {
	uint8_t *keys;			/* as of the start; NULL: it is done */
	size_t count;
	size_t next;
} work;

static void on_turn(struct timer *timer);
static struct timer turn = { .fn = on_turn };

/* One that was forgotten, since it had no responder to ask */
static void take_unknown(const struct ocsp_entry *entry)
{
	if (!certs_find(entry->key))
		plan_entry(entry);
}

static void end(void)
{
	replan_stop();
	if (store_read(take_unknown))
		log_text(LOG_WARNING, "reading the store: %s", store_error());
}

static void on_turn(struct timer *timer)
{
	struct cert *cert;
	int i;

	for (i = 0; i < BATCH && work.next < work.count; i++) {
		cert = certs_find(work.keys + work.next++ * KTLS_OCSP_KEY_LEN);
		if (cert)
			plan_sooner(cert);
	}
	if (work.next < work.count)
		timer_set(timer, clock_ms() + 1);
	else
		end();
}

void replan_all(void)
{
	replan_stop();
	plan_retry_all();
	work.keys = certs_keys();
	work.count = certs_count();
	if (work.keys)
		timer_set(&turn, clock_ms());
	else
		log_text(LOG_ERR, "no memory; what is fresh is refreshed as it was planned");
}

void replan_stop(void)
{
	timer_stop(&turn);
	free(work.keys);
	work.keys = NULL;
	work.next = 0;
}
