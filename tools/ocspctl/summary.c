// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What can be said of all entries together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "summary.h"

const int64_t summary_spans[SUMMARY_SPANS] = {
	3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600,
};

static void count_entry(struct summary *s, const struct ocsp_entry *r)
{
	bool served = entry_is_served(r, s->now);
	size_t i;

	if (r->state < ARRAY_SIZE(s->states))
		s->states[r->state]++;
	if (r->state == KTLS_OCSP_STATE_VALID &&
	    r->status < ARRAY_SIZE(s->statuses))
		s->statuses[r->status]++;
	s->served += served;
	s->held += r->handles > 0;
	s->held_unserved += r->handles && !served;
	s->failing += r->failures > 0;
	for (i = 0; served && i < SUMMARY_SPANS; i++)
		s->ending[i] += r->next_update - s->now < summary_spans[i];
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	if (!memory)
		no_memory();
	return memory;
}

/* Reasons */

static int by_text(const void *a, const void *b)
{
	const struct summary_reason *x = a, *y = b;

	return strcmp(x->text, y->text);
}

static int by_count(const void *a, const void *b)
{
	const struct summary_reason *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return by_text(a, b);
}

static void count_reasons(struct summary *s)
{
	struct summary_reason *all = allocate(s->failing, sizeof(*all));
	size_t i, n = 0;

	for (i = 0; i < s->list.count; i++) {
		if (!s->list.all[i].failures)
			continue;
		all[n].text = s->list.all[i].failure;
		all[n++].count = 1;
	}
	qsort(all, n, sizeof(*all), by_text);
	/* Equal ones are side by side. */
	for (i = 0; i < n; i++) {
		if (s->reason_count &&
		    !by_text(&all[s->reason_count - 1], &all[i]))
			all[s->reason_count - 1].count++;
		else
			all[s->reason_count++] = all[i];
	}
	qsort(all, s->reason_count, sizeof(*all), by_count);
	s->reasons = all;
}

/* Those that end first */

static int by_end(const void *a, const void *b)
{
	const struct summary_entry *x = a, *y = b;

	if (x->entry->next_update == y->entry->next_update)
		return memcmp(x->entry->key, y->entry->key,
			      sizeof(x->entry->key));
	return x->entry->next_update < y->entry->next_update ? -1 : 1;
}

static bool read_subject(struct ocsp_client *client, struct summary_entry *e,
			 bool *must_staple)
{
	struct ocsp_entry certs;
	struct view view;
	int err = list_certs(client, e->entry, &certs);

	*must_staple = false;
	if (err == -ENOENT)
		return true;
	if (err) {
		client_error(client, NULL);
		return false;
	}
	view_make(&view, e->entry, &certs, time(NULL));
	*must_staple = view.must_staple;
	e->subject = view.subject;
	view.subject = NULL;
	view_clear(&view);
	ocsp_entry_clear(&certs);
	return true;
}

static bool find_next(struct summary *s, struct ocsp_client *client,
		      size_t wanted)
{
	struct summary_entry *all = allocate(s->served, sizeof(*all));
	bool must_staple;
	size_t i, n = 0;

	for (i = 0; i < s->list.count; i++)
		if (entry_is_served(&s->list.all[i], s->now))
			all[n++].entry = &s->list.all[i];
	qsort(all, n, sizeof(*all), by_end);
	s->next = all;
	for (i = 0; i < n && i < wanted; i++) {
		if (!read_subject(client, &all[i], &must_staple))
			return false;
		s->next_count++;
	}
	return true;
}

/* Only the certificates of those that are not served have to be looked at. */
static bool find_endangered(struct summary *s, struct ocsp_client *client)
{
	size_t unserved = s->list.count - s->served, i;
	struct summary_entry *all = allocate(unserved, sizeof(*all));
	struct summary_entry entry;
	bool must_staple;

	s->endangered = all;
	for (i = 0; i < s->list.count; i++) {
		entry = (struct summary_entry){ .entry = &s->list.all[i] };
		if (entry_is_served(entry.entry, s->now))
			continue;
		if (!read_subject(client, &entry, &must_staple))
			return false;
		if (must_staple)
			all[s->endangered_count++] = entry;
		else
			free(entry.subject);
	}
	return true;
}

static void keep_refresher(json_t *record, void *arg)
{
	struct summary *s = arg;

	json_decref(s->refresher);
	s->refresher = json_incref(record);
}

bool summary_read(struct summary *s, struct ocsp_client *client, size_t next)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	if (ocsp_client_stats(client, -1, &s->stats)) {
		client_error(client, NULL);
		return false;
	}
	if (!list_read(&s->list, client, NULL))
		return false;
	s->now = time(NULL);
	for (i = 0; i < s->list.count; i++)
		count_entry(s, &s->list.all[i]);
	count_reasons(s);
	control_ask(control_request("status"), keep_refresher, s, false, true);
	return find_next(s, client, next) && find_endangered(s, client);
}

static void free_entries(struct summary_entry *entries, size_t count)
{
	while (count)
		free(entries[--count].subject);
	free(entries);
}

void summary_clear(struct summary *s)
{
	free_entries(s->endangered, s->endangered_count);
	free_entries(s->next, s->next_count);
	free(s->reasons);
	json_decref(s->refresher);
	list_free(&s->list);
	memset(s, 0, sizeof(*s));
}
