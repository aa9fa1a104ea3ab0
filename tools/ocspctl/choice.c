// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Which entries "show" shows, and in which order. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ocspctl.h"

/* Adds the state to *states. */
static bool read_state(const char *text, size_t len, uint32_t *states)
{
	uint32_t state;

	for (state = 0; state <= KTLS_OCSP_STATE_WITHDRAWN; state++) {
		const char *name = state_name(state);

		if (strlen(name) != len || strncmp(name, text, len))
			continue;
		*states |= 1U << state;
		return true;
	}
	error("show: '%.*s' is not a state (see ocspctl show --help)", (int)len,
	      text);
	return false;
}

static bool read_states(const char *text, uint32_t *states)
{
	size_t len;

	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (!read_state(text, len, states))
			return false;
		if (!text[len])
			return true;
	}
}

static bool read_order(const char *text, enum order *order)
{
	static const char *const names[] = {
		[ORDER_KEY] = "key",
		[ORDER_EXPIRES] = "expires",
		[ORDER_FAILURES] = "failures",
		[ORDER_STORED] = "stored",
		[ORDER_SUBJECT] = "subject",
	};
	size_t i;

	for (i = ORDER_KEY; i < ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i]))
			continue;
		*order = i;
		return true;
	}
	error("show: '%s' is not an order (see ocspctl show --help)", text);
	return false;
}

static bool read_span(const char *text, int64_t *before)
{
	if (!parse_span(text, before)) {
		error("show: '%s' is not a time span (see ocspctl show --help)",
		      text);
		return false;
	}
	if (__builtin_add_overflow(*before, time(NULL), before))
		*before = INT64_MAX;
	return true;
}

bool choice_filters(const struct args *args)
{
	return args->states || args->expires_within || args->newer_than ||
	       args->count;
}

bool choice_read(const struct args *args, struct choice *choice)
{
	struct ocsp_filter *filter = &choice->filter;

	memset(choice, 0, sizeof(*choice));
	if (args->argc && !target_is_name(args->argv[0]) &&
	    (choice_filters(args) || args->sort)) {
		error("show: one certificate and a filter exclude each other");
		return false;
	}
	choice->name = args->argc ? args->argv[0] : NULL;
	if (args->states && !read_states(args->states, &filter->states))
		return false;
	if (args->expires_within) {
		if (!read_span(args->expires_within, &choice->expires_before))
			return false;
		filter->expires_before = &choice->expires_before;
	}
	if (args->newer_than) {
		if (!parse_number(args->newer_than, &choice->newer_than)) {
			error("show: '%s' is not a generation (see ocspctl show --help)",
			      args->newer_than);
			return false;
		}
		filter->newer_than = &choice->newer_than;
	}
	return !args->sort || read_order(args->sort, &choice->order);
}

bool choice_needs_certs(const struct choice *choice)
{
	return choice->name || choice->order == ORDER_SUBJECT;
}

/* Orders */

static int compare(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_key(const struct row *a, const struct row *b)
{
	return memcmp(a->entry->key, b->entry->key, sizeof(a->entry->key));
}

/* What has no response ended long ago. */
static int by_end(const struct row *a, const struct row *b)
{
	return compare(a->entry->generation ? a->entry->next_update : 0,
		       b->entry->generation ? b->entry->next_update : 0);
}

/* The worst first */
static int by_failures(const struct row *a, const struct row *b)
{
	return compare(b->entry->failures, a->entry->failures);
}

/* The newest first */
static int by_stored(const struct row *a, const struct row *b)
{
	return compare(b->entry->generation ? b->entry->stored : 0,
		       a->entry->generation ? a->entry->stored : 0);
}

static int by_subject(const struct row *a, const struct row *b)
{
	return strcmp(a->subject ? a->subject : "",
		      b->subject ? b->subject : "");
}

static int in_order(const void *a, const void *b, void *arg)
{
	static int (*const orders[])(const struct row *, const struct row *) = {
		[ORDER_KEY] = by_key,
		[ORDER_EXPIRES] = by_end,
		[ORDER_FAILURES] = by_failures,
		[ORDER_STORED] = by_stored,
		[ORDER_SUBJECT] = by_subject,
	};
	const enum order *order = arg;
	int result = orders[*order](a, b);

	return result ? result : by_key(a, b);
}

void choice_sort(const struct choice *choice, struct row *rows, size_t count)
{
	enum order order = choice->order;

	if (order != ORDER_STORE)
		qsort_r(rows, count, sizeof(*rows), in_order, &order);
}
