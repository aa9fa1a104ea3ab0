// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What a response and its certificates say, for people and as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"

/* A line of a terminal, less the indentation. */
#define LINE_COLUMNS	76

void view_make(struct view *view, const struct ocsp_entry *entry,
	       const struct ocsp_entry *certs, int64_t now)
{
	X509 *cert = NULL;

	memset(view, 0, sizeof(*view));
	view->entry = entry;
	view->served = entry_is_served(entry, now);
	if (certs)
		cert = ocsp_cert_decode(certs->cert, certs->cert_len);
	if (certs && !cert && errno == ENOMEM)
		no_memory();
	if (!cert)
		return;
	view->subject = ocsp_cert_subject(cert, false);
	view->url = ocsp_cert_url(cert);
	if (!view->subject || (!view->url && errno == ENOMEM))
		no_memory();
	view->must_staple = ocsp_cert_must_staple(cert);
	X509_free(cert);
}

void view_clear(struct view *view)
{
	free(view->subject);
	free(view->url);
	json_decref(view->refresh);
	memset(view, 0, sizeof(*view));
}

void view_set_refresh(struct view *view, json_t *all)
{
	char key[KEY_TEXT_SIZE];

	key_text(view->entry->key, key);
	view->refresh = json_incref(json_object_get(all, key));
}

static void print_time(const char *what, int64_t when, int64_t now)
{
	char text[TIME_TEXT_SIZE], distance[SPAN_TEXT_SIZE];

	printf("  %s %s, %s\n", what, time_text(when, text),
	       distance_text(when, now, distance));
}

static void print_failure(const struct ocsp_entry *r, bool full,
			  int64_t now)
{
	char distance[SPAN_TEXT_SIZE];
	int used;

	used = printf("  last failure %s, %u in a row: ",
		      distance_text(r->failure_time, now, distance),
		      r->failures);
	/* A reason that does not fit beside it gets a line of its own. */
	if (used + strlen(r->failure) > LINE_COLUMNS + 2)
		fputs("\n    ", stdout);
	print_text(stdout, r->failure, full ? 0 : LINE_COLUMNS - 2);
	putchar('\n');
}

/* What ocspd knows of it */
static void print_refresh(json_t *record, int64_t now)
{
	const char *state = record_text(record, "state");
	const char *responder = record_text(record, "responder");
	int64_t success = record_number(record, "last_success");
	int64_t next = record_number(record, "next_attempt");

	if (!state)
		return;
	printf("  refresh %s%s%s", state,
	       json_is_true(json_object_get(record, "pinned")) ? ", pinned" :
	       "",
	       json_is_true(json_object_get(record, "kept")) ? ", kept" : "");
	if (responder) {
		fputs(", from ", stdout);
		print_text(stdout, responder, 0);
	}
	putchar('\n');
	if (next)
		print_time("next attempt", next, now);
	if (success)
		print_time("last success", success, now);
}

static void print_alarm(const struct view *view)
{
	if (!view->must_staple)
		return;
	if (view->served)
		puts("  must-staple");
	else
		puts("  MUST-STAPLE, BUT NOTHING TO SERVE: strict clients refuse the certificate");
}

void view_print(const struct view *view, bool full, int64_t now)
{
	const struct ocsp_entry *r = view->entry;
	char key[KEY_TEXT_SIZE];

	print_text(stdout, view->subject ? view->subject : "(no certificate known)",
		   full ? 0 : LINE_COLUMNS);
	printf("\n  key %.*s%s", full ? KEY_TEXT_SIZE : KEY_SHORT,
	       key_text(r->key, key), full ? "\n " : "");
	printf(" state %s", state_name(r->state));
	if (r->generation)
		printf(" status %s size %u", status_name(r->status),
		       r->blob_len);
	printf(" handles %u\n", r->handles);
	if (r->generation) {
		print_time("this update", r->this_update, now);
		print_time("next update", r->next_update, now);
	}
	if (full && r->generation)
		print_time("stored     ", r->stored, now);
	if (full && view->url)
		printf("  responder %s\n", view->url);
	if (full)
		print_refresh(view->refresh, now);
	if (r->failures)
		print_failure(r, full, now);
	print_alarm(view);
}

/* Null where ocspd does not say */
static json_t *refresh_member(const struct view *view, const char *name)
{
	json_t *value = json_object_get(view->refresh, name);

	return value ? json_incref(value) : json_null();
}

json_t *view_json(const struct view *view)
{
	const struct ocsp_entry *r = view->entry;
	bool blob = r->generation;
	json_t *o = json_new();
	char key[KEY_TEXT_SIZE];

	json_add(o, "key", json_text(key_text(r->key, key)));
	json_add(o, "slot", json_integer(r->slot));
	json_add(o, "subject", json_text(view->subject));
	json_add(o, "url", json_text(view->url));
	json_add(o, "state", json_text(state_name(r->state)));
	json_add(o, "status", json_text(blob ? status_name(r->status) : NULL));
	json_add(o, "generation", json_integer(r->generation));
	json_add(o, "this_update", blob ? json_integer(r->this_update) :
		 json_null());
	json_add(o, "next_update", blob ? json_integer(r->next_update) :
		 json_null());
	json_add(o, "stored", blob ? json_integer(r->stored) : json_null());
	json_add(o, "blob_len", json_integer(blob ? r->blob_len : 0));
	json_add(o, "handles", json_integer(r->handles));
	json_add(o, "failures", json_integer(r->failures));
	json_add(o, "failure", json_text(r->failures ? r->failure : NULL));
	json_add(o, "failure_time", r->failures ?
		 json_integer(r->failure_time) : json_null());
	json_add(o, "must_staple", json_boolean(view->must_staple));
	json_add(o, "served", json_boolean(view->served));
	json_add(o, "refresh", refresh_member(view, "state"));
	json_add(o, "next_attempt", refresh_member(view, "next_attempt"));
	json_add(o, "last_success", refresh_member(view, "last_success"));
	json_add(o, "responder", refresh_member(view, "responder"));
	json_add(o, "pinned", refresh_member(view, "pinned"));
	json_add(o, "kept", refresh_member(view, "kept"));
	return o;
}
