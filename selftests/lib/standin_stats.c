// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The stand-in's command stats. There is one user namespace. */
#include <string.h>

#include "standin_store.h"

static void set_limits(const struct standin_store *store, int kind,
		       enum standin_limit all, enum standin_limit of_user,
		       struct ocsp_stats *stats)
{
	stats->usage[kind].limit = store->limits[all];
	stats->usage[kind].user_limit = store->limits[of_user];
}

/* Entries and bytes, all of them and what a user pays for. */
static void count_entries(const struct standin_store *store, uid_t uid,
			  struct ocsp_stats *stats)
{
	struct ocsp_usage *entries = &stats->usage[KTLS_OCSP_RESOURCE_ENTRIES];
	struct ocsp_usage *bytes = &stats->usage[KTLS_OCSP_RESOURCE_BYTES];
	const struct standin_entry *entry;
	uint32_t slot;

	for (slot = 0; slot < store->slot_count; slot++) {
		entry = store->slots[slot];
		if (!entry || entry->gone)
			continue;
		entries->used++;
		bytes->used += standin_bytes(entry);
		if (!entry->paid || entry->payer != uid)
			continue;
		entries->user_used++;
		bytes->user_used += entry->paid_bytes;
	}
}

static void count_sessions(const struct standin_store *store,
			   const struct standin_request *rq,
			   struct ocsp_stats *stats)
{
	struct ocsp_usage *sessions = &stats->usage[KTLS_OCSP_RESOURCE_SESSIONS];
	struct ocsp_usage *handles = &stats->usage[KTLS_OCSP_RESOURCE_HANDLES];
	size_t n, held;

	standin_session_count(store, -1, &n, &held);
	sessions->used = rq->privileged ? n : UINT64_MAX;
	handles->used = held;
	standin_session_count(store, rq->uid, &n, &held);
	sessions->user_used = n;
	handles->user_used = held;
}

void standin_command_stats(struct standin_call *c)
{
	struct ocsp_stats *stats = &c->reply->stats;
	int i;

	*stats = c->store->counts;
	set_limits(c->store, KTLS_OCSP_RESOURCE_ENTRIES, STANDIN_MAX_ENTRIES,
		   STANDIN_MAX_ENTRIES_OF_USER, stats);
	set_limits(c->store, KTLS_OCSP_RESOURCE_BYTES, STANDIN_MAX_BYTES,
		   STANDIN_MAX_BYTES_OF_USER, stats);
	set_limits(c->store, KTLS_OCSP_RESOURCE_SESSIONS, STANDIN_MAX_SESSIONS,
		   STANDIN_MAX_SESSIONS_OF_USER, stats);
	set_limits(c->store, KTLS_OCSP_RESOURCE_HANDLES, STANDIN_MAX_HANDLES,
		   STANDIN_MAX_HANDLES_OF_USER, stats);
	count_entries(c->store, c->rq->uid, stats);
	count_sessions(c->store, c->rq, stats);
	for (i = 0; i <= KTLS_OCSP_RESOURCE_MAX; i++) {
		stats->usage[i].userns_used = c->rq->privileged ? 0 : UINT64_MAX;
		stats->usage[i].userns_limit = c->rq->privileged ? 0 : UINT64_MAX;
	}
}
