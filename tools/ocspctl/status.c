// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl status */
#include <inttypes.h>
#include <string.h>

#include "control.h"
#include "summary.h"

/* So many of each list, so that all is one screen */
#define REASONS_SHOWN		5
#define ENDANGERED_SHOWN	5
#define NEXT_SHOWN		3
#define TEXT_COLUMNS		56

static const char * const span_names[SUMMARY_SPANS] = {
	"1 h", "6 h", "24 h", "7 d",
};

static void print_states(FILE *out, const struct summary *s)
{
	uint32_t state;

	fprintf(out, "entries      %zu", s->list.count);
	for (state = 0; state < ARRAY_SIZE(s->states); state++)
		if (s->states[state])
			fprintf(out, ", %zu %s", s->states[state],
				state_name(state));
	fprintf(out, "\nresponses    %zu good, %zu revoked, %zu unknown; %zu served\n",
		s->statuses[KTLS_OCSP_CERT_STATUS_GOOD],
		s->statuses[KTLS_OCSP_CERT_STATUS_REVOKED],
		s->statuses[KTLS_OCSP_CERT_STATUS_UNKNOWN], s->served);
}

static void print_ending(FILE *out, const struct summary *s)
{
	size_t i;

	fputs("ending       ", out);
	for (i = 0; i < SUMMARY_SPANS; i++)
		fprintf(out, "%s%zu within %s", i ? ", " : "", s->ending[i],
			span_names[i]);
	fprintf(out, "\nin use       %zu by servers, %zu of them not served\n",
		s->held, s->held_unserved);
}

static void print_usage(FILE *out, const char *name, const struct ocsp_usage *usage)
{
	fprintf(out, "%s ", name);
	if (usage->used == UINT64_MAX)
		fputs("not told", out);
	else if (!usage->limit || usage->limit == UINT64_MAX)
		fprintf(out, "%" PRIu64, usage->used);
	else
		fprintf(out, "%.0f %%", 100.0 * usage->used / usage->limit);
}

static void print_store(FILE *out, const struct summary *s)
{
	const struct ocsp_usage *usage = s->stats.usage;

	fputs("limits       ", out);
	print_usage(out, "entries", &usage[KTLS_OCSP_RESOURCE_ENTRIES]);
	print_usage(out, ", bytes", &usage[KTLS_OCSP_RESOURCE_BYTES]);
	print_usage(out, ", sessions", &usage[KTLS_OCSP_RESOURCE_SESSIONS]);
	print_usage(out, ", handles", &usage[KTLS_OCSP_RESOURCE_HANDLES]);
	fprintf(out, "\nso far       %" PRIu64 " stored, %" PRIu64 " refused, %" PRIu64
		" expired, %" PRIu64 " evicted, %" PRIu64 " events lost\n",
		s->stats.blobs_set, s->stats.blobs_refused,
		s->stats.blobs_expired, s->stats.entries_evicted,
		s->stats.events_lost);
}

static void print_more(FILE *out, size_t count, size_t shown)
{
	if (count > shown)
		fprintf(out, "  and %zu more\n", count - shown);
}

static void print_reasons(FILE *out, const struct summary *s)
{
	size_t i;

	fprintf(out, "failing      %zu\n", s->failing);
	for (i = 0; i < s->reason_count && i < REASONS_SHOWN; i++) {
		fprintf(out, "  %8zu   ", s->reasons[i].count);
		print_text(out, s->reasons[i].text, TEXT_COLUMNS);
		fputc('\n', out);
	}
	print_more(out, s->reason_count, REASONS_SHOWN);
}

static void print_entry(FILE *out, const struct summary *s,
			const struct summary_entry *e)
{
	char key[KEY_TEXT_SIZE], left[SPAN_TEXT_SIZE];

	fprintf(out, "  %.*s   ", KEY_SHORT, key_text(e->entry->key, key));
	print_text(out, e->subject ? e->subject : "(no certificate known)",
		   TEXT_COLUMNS - 18);
	if (e->entry->generation)
		fprintf(out, "  %s", distance_text(e->entry->next_update, s->now,
						   left));
	fputc('\n', out);
}

static int64_t number_in(json_t *record, const char *object, const char *name)
{
	return record_number(json_object_get(record, object), name);
}

static void print_refresher(FILE *out, json_t *r)
{
	char up[SPAN_TEXT_SIZE];

	if (!r) {
		fputs("refresher    not asked: its control socket cannot be reached\n",
		      out);
		return;
	}
	fprintf(out, "refresher    ocspd for %s; %" PRId64 " waiting, %" PRId64
		" running; %" PRId64 " of %" PRId64 " responders held\n",
		span_text(record_number(r, "uptime"), up),
		number_in(r, "queue", "waiting"),
		number_in(r, "queue", "running"),
		number_in(r, "responders", "held"),
		number_in(r, "responders", "known"));
}

void summary_print(FILE *out, const struct summary *s)
{
	size_t i;

	print_states(out, s);
	print_ending(out, s);
	print_store(out, s);
	print_refresher(out, s->refresher);
	print_reasons(out, s);
	fprintf(out, "must-staple  %zu %s\n", s->endangered_count,
		s->endangered_count ? "NOT SERVED: strict clients refuse them" :
		"not served");
	for (i = 0; i < s->endangered_count && i < ENDANGERED_SHOWN; i++)
		print_entry(out, s, &s->endangered[i]);
	print_more(out, s->endangered_count, ENDANGERED_SHOWN);
	if (s->next_count)
		fputs("ends first\n", out);
	for (i = 0; i < s->next_count; i++)
		print_entry(out, s, &s->next[i]);
}

static json_t *entries_json(const struct summary_entry *entries, size_t count)
{
	json_t *array = json_new_array(), *o;
	char key[KEY_TEXT_SIZE];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct ocsp_entry *r = entries[i].entry;

		o = json_new();
		json_add(o, "key", json_text(key_text(r->key, key)));
		json_add(o, "subject", json_text(entries[i].subject));
		json_add(o, "state", json_text(state_name(r->state)));
		json_add(o, "next_update", r->generation ?
			 json_integer(r->next_update) : json_null());
		if (json_array_append_new(array, o))
			no_memory();
	}
	return array;
}

static json_t *reasons_json(const struct summary *s)
{
	json_t *array = json_new_array(), *o;
	size_t i;

	for (i = 0; i < s->reason_count; i++) {
		o = json_new();
		json_add(o, "failure", json_text(s->reasons[i].text));
		json_add(o, "count", json_integer(s->reasons[i].count));
		if (json_array_append_new(array, o))
			no_memory();
	}
	return array;
}

static json_t *ending_json(const struct summary *s)
{
	json_t *array = json_new_array(), *o;
	size_t i;

	for (i = 0; i < SUMMARY_SPANS; i++) {
		o = json_new();
		json_add(o, "within", json_integer(summary_spans[i]));
		json_add(o, "count", json_integer(s->ending[i]));
		if (json_array_append_new(array, o))
			no_memory();
	}
	return array;
}

static json_t *states_json(const struct summary *s)
{
	json_t *o = json_new();
	uint32_t state;

	for (state = 0; state < ARRAY_SIZE(s->states); state++)
		json_add(o, state_name(state), json_integer(s->states[state]));
	return o;
}

static json_t *statuses_json(const struct summary *s)
{
	json_t *o = json_new();
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(s->statuses); i++)
		json_add(o, status_name(i), json_integer(s->statuses[i]));
	return o;
}

static json_t *summary_json(const struct summary *s)
{
	json_t *o = json_new();

	json_add(o, "entries", json_integer(s->list.count));
	json_add(o, "states", states_json(s));
	json_add(o, "statuses", statuses_json(s));
	json_add(o, "served", json_integer(s->served));
	json_add(o, "held", json_integer(s->held));
	json_add(o, "held_not_served", json_integer(s->held_unserved));
	json_add(o, "ending", ending_json(s));
	json_add(o, "failing", json_integer(s->failing));
	json_add(o, "failures", reasons_json(s));
	json_add(o, "must_staple_not_served",
		 entries_json(s->endangered, s->endangered_count));
	json_add(o, "ends_first", entries_json(s->next, s->next_count));
	json_add(o, "stats", stats_json(&s->stats));
	json_add(o, "refresher", s->refresher ? json_incref(s->refresher) :
		 json_null());
	return o;
}

int cmd_status(const struct args *args)
{
	struct ocsp_client *client = connect_store();
	int status = EXIT_ERROR;
	struct summary s;

	if (!client)
		return EXIT_ERROR;
	if (summary_read(&s, client, NEXT_SHOWN)) {
		status = EXIT_OK;
		if (args->json)
			json_print(summary_json(&s), false);
		else
			summary_print(stdout, &s);
	}
	summary_clear(&s);
	ocsp_client_free(client);
	return status;
}
