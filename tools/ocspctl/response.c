// SPDX-License-Identifier: GPL-2.0-or-later
/* What a response and its certificates say, for people and as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ocspctl.h"

/* A line of a terminal, less the indentation. */
#define LINE_COLUMNS	76

int64_t min_validity(void)
{
	static long long seconds = -1;
	FILE *f;

	if (seconds >= 0)
		return seconds;
	seconds = 0;
	f = fopen("/proc/sys/net/ktls_ocsp/min_validity", "re");
	if (!f)
		return seconds;
	if (fscanf(f, "%lld", &seconds) != 1 || seconds < 0)
		seconds = 0;
	fclose(f);
	return seconds;
}

bool entry_is_served(const struct ocsp_entry *entry, int64_t now)
{
	return entry->state == KTLS_OCSP_STATE_VALID &&
	       entry->status != KTLS_OCSP_CERT_STATUS_UNKNOWN &&
	       entry->next_update - now >= min_validity();
}

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
	memset(view, 0, sizeof(*view));
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
	if (r->failures)
		print_failure(r, full, now);
	print_alarm(view);
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
	return o;
}
