// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl refresh, test-fetch, unkeep: what ocspd is asked to do */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "control.h"

/* What came of it */
struct outcome {
	bool json;
	bool failed;
	bool waits;			/* for a result of each */
	json_t *records;		/* with json */
	int64_t now;
};

static void keep_json(struct outcome *o, json_t *record)
{
	if (json_array_append(o->records, record))
		no_memory();
}

static int ask(json_t *request,
	       void (*fn)(json_t *record, void *arg), struct outcome *o)
{
	o->now = time(NULL);
	o->records = o->json ? json_new_array() : NULL;
	if (!control_ask(request, fn, o, true, false)) {
		json_decref(o->records);
		return EXIT_ERROR;
	}
	if (o->records)
		json_print(o->records, false);
	return o->failed ? EXIT_NOT_YET : EXIT_OK;
}

/* refresh */

static void print_result(json_t *record)
{
	const char *reason = record_text(record, "reason");

	printf("%.*s %s", KEY_SHORT, record_text(record, "key"),
	       record_text(record, "result") ?: "?");
	if (reason) {
		fputs(": ", stdout);
		print_text(stdout, reason, 0);
	}
	putchar('\n');
	/* One after the other, as they come */
	fflush(stdout);
}

static bool is_fresh(const char *result)
{
	return result && (!strcmp(result, "stored") ||
			  !strcmp(result, "unchanged") ||
			  !strcmp(result, "not_applicable") ||
			  !strcmp(result, "gone"));
}

static void on_refresh(json_t *record, void *arg)
{
	struct outcome *o = arg;

	if (!record_text(record, "key")) {
		if (!o->json && !o->waits)
			printf("asked for %" PRId64 "\n",
			       record_number(record, "count"));
		return;
	}
	if (!is_fresh(record_text(record, "result")))
		o->failed = true;
	if (o->json)
		keep_json(o, record);
	else
		print_result(record);
}

static int run_refresh(const struct args *args, json_t *request)
{
	struct outcome o = { .json = args->json, .waits = !args->no_wait };

	if (args->no_cache)
		json_add(request, "no_cache", json_true());
	if (!args->no_wait)
		json_add(request, "wait", json_true());
	return ask(request, on_refresh, &o);
}

int cmd_refresh(const struct args *args)
{
	struct target target;
	json_t *request;
	int status;

	if (args->argc == args->all)
		return error("refresh: needs either CERT or --all (see ocspctl refresh --help)");
	if (args->all) {
		request = control_request("refresh");
		json_add(request, "all", json_true());
		return run_refresh(args, request);
	}
	if (!target_read(&target, args->argv[0], NULL))
		return EXIT_ERROR;
	status = run_refresh(args, control_request_for("refresh", target.key));
	target_clear(&target);
	return status;
}

/* test-fetch */

static void print_fetch_result(const struct outcome *o, json_t *record)
{
	const char *reason = record_text(record, "reason");
	const char *status = record_text(record, "status");
	char distance[SPAN_TEXT_SIZE];

	fputs("  ", stdout);
	if (reason)
		print_text(stdout, reason, 0);
	else
		printf("%s, next update %s", status ? status : "?",
		       distance_text(record_number(record, "next_update"),
				     o->now, distance));
	putchar('\n');
}

static void print_fetch(const struct outcome *o, json_t *record)
{
	const char *type = record_text(record, "content_type");
	int64_t http = record_number(record, "http_status");

	printf("%s ", record_text(record, "method") ?: "?");
	print_text(stdout, record_text(record, "url"), 0);
	printf("\n  CertID by %s%s", record_text(record, "digest") ?: "?",
	       json_is_true(json_object_get(record, "no_cache")) ?
	       ", past caches" : "");
	if (http)
		printf("; HTTP %" PRId64, http);
	printf(", %" PRId64 " bytes in %" PRId64 " ms",
	       record_number(record, "bytes"),
	       record_number(record, "milliseconds"));
	if (type) {
		fputs(", ", stdout);
		print_text(stdout, type, 40);
	}
	putchar('\n');
	print_fetch_result(o, record);
	fflush(stdout);
}

static void on_fetch(json_t *record, void *arg)
{
	struct outcome *o = arg;
	const char *result = record_text(record, "result");

	if (record_text(record, "url") && !o->json)
		print_fetch(o, record);
	if (o->json)
		keep_json(o, record);
	if (json_is_true(json_object_get(record, "done")))
		o->failed = !result || strcmp(result, "ok");
}

int cmd_test_fetch(const struct args *args)
{
	struct outcome o = { .json = args->json };
	struct target target;
	json_t *request;
	int status;

	if (!target_read(&target, args->argv[0], NULL))
		return EXIT_ERROR;
	request = control_request_for("test-fetch", target.key);
	if (args->no_cache)
		json_add(request, "no_cache", json_true());
	status = ask(request, on_fetch, &o);
	target_clear(&target);
	return status;
}

/* keep */

static void on_nothing(json_t *record, void *arg)
{
	(void)record;
	(void)arg;
}

int control_keep(const uint8_t key[KTLS_OCSP_KEY_LEN], bool keep)
{
	return control_ask(control_request_for(keep ? "keep" : "unkeep", key),
			   on_nothing, NULL, false, false) ? EXIT_OK :
							     EXIT_ERROR;
}

int cmd_unkeep(const struct args *args)
{
	struct target target;
	int status;

	if (!target_read(&target, args->argv[0], NULL))
		return EXIT_ERROR;
	status = control_keep(target.key, false);
	target_clear(&target);
	return status;
}
