// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl show */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"

static void put_out(const struct ocsp_entry *r,
		    const struct ocsp_entry *certs, bool full,
		    json_t *refreshes, json_t *array)
{
	int64_t now = time(NULL);
	struct view view;

	view_make(&view, r, certs, now);
	view_set_refresh(&view, refreshes);
	if (!array)
		view_print(&view, full, now);
	else if (json_array_append_new(array, view_json(&view)))
		no_memory();
	view_clear(&view);
}

/* False where the name is another one, or the entry is gone. */
static bool fill_row(struct ocsp_client *client, const struct choice *choice,
		     struct row *row, int *status)
{
	struct ocsp_entry certs;
	int err = list_certs(client, row->entry, &certs);
	bool wanted;

	if (err && err != -ENOENT)
		*status = client_error(client, NULL);
	if (err)
		return false;
	wanted = !choice->name || entry_has_name(&certs, choice->name);
	if (wanted && choice->order == ORDER_SUBJECT)
		row->subject = entry_subject(&certs);
	ocsp_entry_clear(&certs);
	return wanted;
}

/* The rows of the entries that are wanted, in order; as many as returned. */
static size_t choose(struct ocsp_client *client, const struct choice *choice,
		     const struct list *list, struct row *rows, int *status)
{
	bool needs_certs = choice_needs_certs(choice);
	size_t i, count = 0;

	for (i = 0; i < list->count && !*status; i++) {
		rows[count] = (struct row){ .entry = &list->all[i] };
		if (!needs_certs || fill_row(client, choice, &rows[count],
					     status))
			count++;
	}
	choice_sort(choice, rows, count);
	return count;
}

static int show_rows(struct ocsp_client *client, const struct row *rows,
		     size_t count, bool full, json_t *array)
{
	json_t *refreshes = full || array ? control_list(NULL) : NULL;
	struct ocsp_entry certs;
	int status = EXIT_OK;
	size_t i;
	int err;

	/* As long as somebody reads. */
	for (i = 0; i < count && !ferror(stdout); i++) {
		err = list_certs(client, rows[i].entry, &certs);
		if (err && err != -ENOENT) {
			status = client_error(client, NULL);
			break;
		}
		put_out(rows[i].entry, err ? NULL : &certs, full, refreshes,
			array);
		if (!err)
			ocsp_entry_clear(&certs);
	}
	json_decref(refreshes);
	return status;
}

static void show_count(size_t count, bool json)
{
	json_t *o;

	if (!json) {
		printf("%zu\n", count);
		return;
	}
	o = json_new();
	json_add(o, "count", json_integer(count));
	json_print(o, false);
}

static int show_all(struct ocsp_client *client, const struct choice *choice,
		    const struct args *args)
{
	json_t *array = args->json && !args->count ? json_new_array() : NULL;
	struct row *rows = NULL;
	int status = EXIT_ERROR;
	struct list list;
	size_t i, count = 0;

	if (list_read(&list, client, &choice->filter)) {
		rows = calloc(list.count + 1, sizeof(*rows));
		if (!rows)
			no_memory();
		status = EXIT_OK;
		count = choose(client, choice, &list, rows, &status);
	}
	/* With a filter it may have the name and not pass. */
	if (!status && choice->name && !count && !choice_filters(args))
		status = error("%s: no such file, and no entry has this name",
			       choice->name);
	if (!status && args->count)
		show_count(count, args->json);
	else if (!status)
		status = show_rows(client, rows, count, args->verbose, array);
	if (!status && array)
		json_print(array, false);
	else
		json_decref(array);
	for (i = 0; i < count; i++)
		free(rows[i].subject);
	free(rows);
	list_free(&list);
	return status;
}

static int show_one(struct ocsp_client *client, const struct args *args)
{
	json_t *array = args->json ? json_new_array() : NULL;
	json_t *refreshes;
	struct ocsp_entry r;
	struct target target;
	int status = EXIT_OK;

	if (!target_read(&target, args->argv[0], NULL)) {
		status = EXIT_ERROR;
	} else if (ocsp_client_get(client, &target.name,
				   KTLS_OCSP_PART_CERTIFICATES, &r)) {
		status = client_error(client, target.text);
	} else {
		refreshes = control_list(r.key);
		put_out(&r, &r, true, refreshes, array);
		json_decref(refreshes);
		ocsp_entry_clear(&r);
	}
	if (!status && array)
		json_print(array, false);
	else
		json_decref(array);
	target_clear(&target);
	return status;
}

int cmd_show(const struct args *args)
{
	struct ocsp_client *client;
	int status = EXIT_ERROR;
	struct choice choice;

	if (!choice_read(args, &choice))
		return EXIT_ERROR;
	client = connect_store();
	if (client && args->argc && !target_is_name(args->argv[0]))
		status = show_one(client, args);
	else if (client)
		status = show_all(client, &choice, args);
	ocsp_client_free(client);
	return status;
}
