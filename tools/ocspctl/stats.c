// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl stats */
#include <inttypes.h>

#include "ocspctl.h"

static const char * const resources[] = {
	[KTLS_OCSP_RESOURCE_ENTRIES] = "entries",
	[KTLS_OCSP_RESOURCE_BYTES] = "bytes",
	[KTLS_OCSP_RESOURCE_SESSIONS] = "sessions",
	[KTLS_OCSP_RESOURCE_HANDLES] = "handles",
};

static void print_number(uint64_t number)
{
	if (number == UINT64_MAX)
		printf(" %12s", "-");
	else
		printf(" %12" PRIu64, number);
}

static void print_stats(const struct ocsp_stats *stats)
{
	bool userns = stats->usage[0].userns_used != UINT64_MAX;
	size_t i;

	printf("%-8s %12s %12s %12s %12s", "", "used", "limit", "user",
	       "user limit");
	if (userns)
		printf(" %12s %12s", "userns", "userns limit");
	for (i = 0; i < ARRAY_SIZE(resources); i++) {
		const struct ocsp_usage *usage = &stats->usage[i];

		printf("\n%-8s", resources[i]);
		print_number(usage->used);
		print_number(usage->limit);
		print_number(usage->user_used);
		print_number(usage->user_limit);
		if (userns) {
			print_number(usage->userns_used);
			print_number(usage->userns_limit);
		}
	}
	printf("\nblobs set %" PRIu64 " refused %" PRIu64 " expired %" PRIu64
	       "\nentries evicted %" PRIu64 "\nevents lost %" PRIu64 "\n",
	       stats->blobs_set, stats->blobs_refused, stats->blobs_expired,
	       stats->entries_evicted, stats->events_lost);
}

static json_t *json_number(uint64_t number)
{
	return number == UINT64_MAX ? json_null() :
	       json_integer((json_int_t)number);
}

json_t *stats_json(const struct ocsp_stats *stats)
{
	json_t *o = json_new(), *resource;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(resources); i++) {
		const struct ocsp_usage *usage = &stats->usage[i];

		resource = json_new();
		json_add(resource, "used", json_number(usage->used));
		json_add(resource, "limit", json_number(usage->limit));
		json_add(resource, "user_used", json_number(usage->user_used));
		json_add(resource, "user_limit",
			 json_number(usage->user_limit));
		json_add(resource, "userns_used",
			 json_number(usage->userns_used));
		json_add(resource, "userns_limit",
			 json_number(usage->userns_limit));
		json_add(o, resources[i], resource);
	}
	json_add(o, "blobs_set", json_number(stats->blobs_set));
	json_add(o, "blobs_refused", json_number(stats->blobs_refused));
	json_add(o, "blobs_expired", json_number(stats->blobs_expired));
	json_add(o, "entries_evicted", json_number(stats->entries_evicted));
	json_add(o, "events_lost", json_number(stats->events_lost));
	return o;
}

int cmd_stats(const struct args *args)
{
	struct ocsp_client *client = connect_store();
	struct ocsp_stats stats;
	int status = EXIT_OK;

	if (!client)
		return EXIT_ERROR;
	if (ocsp_client_stats(client, -1, &stats))
		status = client_error(client, NULL);
	else if (args->json)
		json_print(stats_json(&stats), false);
	else
		print_stats(&stats);
	ocsp_client_free(client);
	return status;
}
