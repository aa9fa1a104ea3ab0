// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What ocspd tells monitoring systems, see metrics.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "counters.h"
#include "describe.h"
#include "keep.h"
#include "metrics.h"
#include "responder.h"
#include "store.h"
#include "tally.h"
#include "text.h"

#define PREFIX	"ocspd_"

#define NO_VALUE	UINT64_MAX	/* as the kernel has it, too */

static uint64_t started;		/* wall clock */
static uint64_t config_time;		/* wall clock; when the last one was taken */
static uint64_t config_ok;		/* 1: the configuration that was read last is in use */
static uint64_t is_ready;		/* 1: see metrics_ready() */

/* What is looked up anew for each text */
static struct {
	struct tally tally;
	uint64_t responders, responders_held, kept;
	uint64_t first_end, last_success;	/* wall clock, or NO_VALUE */
	struct ocsp_stats stats;
	bool has_stats;			/* the store is open */
} now;

struct page {
	FILE *file;
	enum metrics_format format;
};

enum type {
	GAUGE,
	COUNTER,
	HISTOGRAM,
};

struct family {
	const char *name;		/* without PREFIX, and "_total" */
	const char *unit;		/* the end of the name, or NULL */
	enum type type;
	const char *help;
	/* Its only figure; NULL: write() knows them. */
	const uint64_t *value;
	void (*write)(const struct page *page, const struct family *family);
	bool is_of_store;		/* in now.stats */
};

void metrics_config(bool taken)
{
	if (!started)
		started = clock_wall();
	config_ok = taken;
	if (taken)
		config_time = clock_wall();
}

void metrics_ready(void)
{
	is_ready = true;
}

/* Samples */

static void start_sample(const struct page *page, const struct family *family,
			 const char *suffix)
{
	fprintf(page->file, PREFIX "%s%s", family->name, suffix);
}

static void put(const struct page *page, const struct family *family,
		uint64_t value)
{
	start_sample(page, family, family->type == COUNTER ? "_total" : "");
	fprintf(page->file, " %" PRIu64 "\n", value);
}

static void put_labelled(const struct page *page, const struct family *family,
			 const char *label, const char *name, uint64_t value)
{
	start_sample(page, family, family->type == COUNTER ? "_total" : "");
	fprintf(page->file, "{%s=\"%s\"} %" PRIu64 "\n", label, name, value);
}

static void put_build(const struct page *page, const struct family *family)
{
	put_labelled(page, family, "version", VERSION, 1);
}

static void put_states(const struct page *page, const struct family *family)
{
	const size_t *states = now.tally.states;
	size_t new = states[CERT_NEW];
	int i;

	for (i = CERT_LOOK; i <= CERT_HELD; i++)
		put_labelled(page, family, "state", describe_state(i),
			     states[i] + (i == CERT_LOOK ? new : 0));
}

static void put_faults(const struct page *page, const struct family *family)
{
	static const char *const names[FETCH_FAULTS] = {
		[FAULT_NAME] = "name",
		[FAULT_ADDRESS] = "address",
		[FAULT_CONNECT] = "connection",
		[FAULT_TLS] = "tls",
		[FAULT_TIMEOUT] = "timeout",
		[FAULT_HTTP] = "http",
		[FAULT_RESPONSE] = "response",
		[FAULT_OTHER] = "other",
	};
	int i;

	for (i = 0; i < FETCH_FAULTS; i++)
		put_labelled(page, family, "reason", names[i],
			     counters.faults[i]);
}

static void put_durations(const struct page *page, const struct family *family)
{
	uint64_t count = 0;
	int i;

	for (i = 0; i < DURATIONS; i++) {
		count += counters.durations[i];
		start_sample(page, family, "_bucket");
		if (i < DURATIONS - 1)
			fprintf(page->file, "{le=\"%g%s\"}",
				counters_durations[i] / 1000.,
				counters_durations[i] % 1000 ? "" : ".0");
		else
			fputs("{le=\"+Inf\"}", page->file);
		fprintf(page->file, " %" PRIu64 "\n", count);
	}
	start_sample(page, family, "_sum");
	fprintf(page->file, " %" PRIu64 ".%03" PRIu64 "\n",
		counters.duration / 1000, counters.duration % 1000);
	start_sample(page, family, "_count");
	fprintf(page->file, " %" PRIu64 "\n", count);
}

static void put_results(const struct page *page, const struct family *family)
{
	int i;

	for (i = 0; i < PLAN_RESULTS; i++)
		put_labelled(page, family, "result", describe_result(i),
			     counters.results[i]);
}

/* Families */

#define STAT(field)	.value = &now.stats.field, .is_of_store = true
#define USED(what)	STAT(usage[KTLS_OCSP_RESOURCE_ ## what].used)
#define LIMIT(what)	STAT(usage[KTLS_OCSP_RESOURCE_ ## what].limit)

static const struct family families[] = {
	{ "build_info", NULL, GAUGE,
	  "The version of ocspd; always 1.", .write = put_build },
	{ "start_time_seconds", "seconds", GAUGE,
	  "When ocspd started, in seconds since the epoch.", .value = &started },
	{ "ready", NULL, GAUGE,
	  "Whether the kernel's store is open and what it has is looked after.",
	  .value = &is_ready },
	{ "config_last_reload_successful", NULL, GAUGE,
	  "Whether the configuration that was read last is in use.",
	  .value = &config_ok },
	{ "config_last_reload_success_timestamp_seconds", "seconds", GAUGE,
	  "When the configuration in use was read, in seconds since the epoch.",
	  .value = &config_time },
	{ "certificates", NULL, GAUGE,
	  "Certificates that ocspd looks after, by what it waits for.",
	  .write = put_states },
	{ "certificates_failing", NULL, GAUGE,
	  "Certificates whose last attempt failed.", .value = &now.tally.failing },
	{ "certificates_unserved", NULL, GAUGE,
	  "Certificates without a response that servers can staple.",
	  .value = &now.tally.unserved },
	{ "certificates_pinned", NULL, GAUGE,
	  "Certificates that the configuration names.", .value = &now.tally.pinned },
	{ "certificates_kept", NULL, GAUGE,
	  "Certificates that are kept by \"ocspctl add --keep\".", .value = &now.kept },
	{ "first_next_update_timestamp_seconds", "seconds", GAUGE,
	  "The earliest nextUpdate of the responses that are served and refreshed, in seconds since the epoch.",
	  .value = &now.first_end },
	{ "last_success_timestamp_seconds", "seconds", GAUGE,
	  "When an attempt succeeded last, in seconds since the epoch.",
	  .value = &now.last_success },
	{ "responders", NULL, GAUGE,
	  "Responders that certificates are fetched from.", .value = &now.responders },
	{ "responders_held", NULL, GAUGE,
	  "Responders that asked not to be asked for a while.", .value = &now.responders_held },
	{ "requests", NULL, COUNTER,
	  "HTTP requests to responders, redirects not counted.",
	  .value = &counters.requests },
	{ "request_failures", NULL, COUNTER,
	  "Requests that brought no usable response, by reason.",
	  .write = put_faults },
	{ "request_duration_seconds", "seconds", HISTOGRAM,
	  "How long requests took, with names and redirects.",
	  .write = put_durations },
	{ "attempts", NULL, COUNTER,
	  "Attempts to get a new response, of one or more requests, by result.",
	  .write = put_results },
	{ "notices_lost", NULL, COUNTER,
	  "How often notices of the store were lost, and all of it was read again.",
	  .value = &counters.notices_lost },
	{ "cache_write_failures", NULL, COUNTER,
	  "Responses that could not be written to the cache.",
	  .value = &counters.cache_errors },
	{ "store_entries", NULL, GAUGE,
	  "Entries of the kernel's store.", USED(ENTRIES) },
	{ "store_entries_max", NULL, GAUGE,
	  "The limit of store_entries.", LIMIT(ENTRIES) },
	{ "store_bytes", "bytes", GAUGE,
	  "Memory of the kernel's store.", USED(BYTES) },
	{ "store_max_bytes", "bytes", GAUGE,
	  "The limit of store_bytes.", LIMIT(BYTES) },
	{ "store_sessions", NULL, GAUGE,
	  "Sessions of the kernel's store.", USED(SESSIONS) },
	{ "store_sessions_max", NULL, GAUGE,
	  "The limit of store_sessions.", LIMIT(SESSIONS) },
	{ "store_handles", NULL, GAUGE,
	  "Entries that sessions hold.", USED(HANDLES) },
	{ "store_handles_max", NULL, GAUGE,
	  "The limit of store_handles.", LIMIT(HANDLES) },
	{ "store_responses_set", NULL, COUNTER,
	  "Responses that the store took.", STAT(blobs_set) },
	{ "store_responses_refused", NULL, COUNTER,
	  "Responses that the store refused.", STAT(blobs_refused) },
	{ "store_responses_expired", NULL, COUNTER,
	  "Responses that expired in the store.", STAT(blobs_expired) },
	{ "store_entries_evicted", NULL, COUNTER,
	  "Entries that made room for others.", STAT(entries_evicted) },
	{ "store_events_lost", NULL, COUNTER,
	  "Events of the store that listeners lost.", STAT(events_lost) },
};

static void write_family(const struct page *page, const struct family *family)
{
	static const char *const types[] = {
		[GAUGE] = "gauge",
		[COUNTER] = "counter",
		[HISTOGRAM] = "histogram",
	};
	bool open = page->format == METRICS_OPENMETRICS;
	/* In OpenMetrics the family has the name without it. */
	const char *suffix = !open && family->type == COUNTER ? "_total" : "";

	if (family->is_of_store && !now.has_stats)
		return;
	fprintf(page->file, "# HELP " PREFIX "%s%s %s\n", family->name, suffix,
		family->help);
	fprintf(page->file, "# TYPE " PREFIX "%s%s %s\n", family->name, suffix,
		types[family->type]);
	if (open && family->unit)
		fprintf(page->file, "# UNIT " PREFIX "%s %s\n", family->name,
			family->unit);
	if (!family->value)
		family->write(page, family);
	/* What nobody tells us is left out. */
	else if (*family->value != NO_VALUE)
		put(page, family, *family->value);
}

/* 0 would look like an alarm. */
static uint64_t time_or_none(int64_t time)
{
	return time ? (uint64_t)time : NO_VALUE;
}

static void look(void)
{
	size_t known, held;

	tally_certs(&now.tally);
	responder_count(&known, &held);
	now.responders = known;
	now.responders_held = held;
	now.kept = keep_count();
	now.first_end = time_or_none(now.tally.first_end);
	now.last_success = time_or_none(counters.last_success);
	now.has_stats = store_is_open() && !store_stats(&now.stats);
}

static void write_page(const struct page *page)
{
	size_t i;

	look();
	for (i = 0; i < ARRAY_SIZE(families); i++)
		write_family(page, &families[i]);
	if (page->format == METRICS_OPENMETRICS)
		fputs("# EOF\n", page->file);
}

char *metrics_text(enum metrics_format format, size_t *len)
{
	struct page page = { .format = format };
	char *text = NULL;
	bool failed;

	page.file = open_memstream(&text, len);
	if (!page.file)
		return NULL;
	write_page(&page);
	failed = ferror(page.file);
	if (!fclose(page.file) && !failed)
		return text;
	free(text);
	return NULL;
}
