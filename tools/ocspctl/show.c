// SPDX-License-Identifier: GPL-2.0-or-later
/* ocspctl show */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "ocspctl.h"

/* What the dump found. */
struct list {
	struct ocsp_entry *all;
	size_t count;
	size_t room;
};

static int collect(const struct ocsp_entry *r, void *arg)
{
	struct list *list = arg;
	struct ocsp_entry *more;

	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 64;
		more = reallocarray(list->all, list->room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		list->all = more;
	}
	/* A dump has metadata only, so nothing in it is somebody's memory. */
	list->all[list->count++] = *r;
	return 0;
}

static bool dump(struct ocsp_client *client, struct list *list)
{
	bool settled;
	int err;

	err = ocsp_client_dump(client, -1, collect, list, &settled);
	if (err == -ENOMEM) {
		error("no memory");
		return false;
	}
	if (err) {
		client_error(client, NULL);
		return false;
	}
	if (!settled)
		fputs("ocspctl: note: the store changed while it was read\n",
		      stderr);
	return true;
}

/* The certificates of one; -ENOENT when it is gone already. */
static int get_certs(struct ocsp_client *client, const struct ocsp_entry *r,
		     struct ocsp_entry *certs)
{
	struct ocsp_name name = OCSP_NAME_INIT;

	name.key = r->key;
	return ocsp_client_get(client, &name, KTLS_OCSP_PART_CERTIFICATES,
			       certs);
}

static void put_out(const struct ocsp_entry *r,
		    const struct ocsp_entry *certs, bool full,
		    json_t *array)
{
	int64_t now = time(NULL);
	struct view view;

	view_make(&view, r, certs, now);
	if (!array)
		view_print(&view, full, now);
	else if (json_array_append_new(array, view_json(&view)))
		no_memory();
	view_clear(&view);
}

static int show_all(struct ocsp_client *client, bool full, json_t *array)
{
	struct ocsp_entry certs;
	struct list list = { 0 };
	int status = EXIT_OK;
	size_t i;
	int err;

	if (!dump(client, &list)) {
		free(list.all);
		return EXIT_ERROR;
	}
	/* As long as somebody reads. */
	for (i = 0; i < list.count && !ferror(stdout); i++) {
		err = get_certs(client, &list.all[i], &certs);
		if (err && err != -ENOENT) {
			status = client_error(client, NULL);
			break;
		}
		put_out(&list.all[i], err ? NULL : &certs, full, array);
		if (!err)
			ocsp_entry_clear(&certs);
	}
	free(list.all);
	return status;
}

static int show_one(struct ocsp_client *client, const char *text,
		    json_t *array)
{
	struct ocsp_entry r;
	struct target target;
	int status = EXIT_OK;

	if (!target_read(&target, text))
		return EXIT_ERROR;
	if (ocsp_client_get(client, &target.name, KTLS_OCSP_PART_CERTIFICATES,
			    &r)) {
		status = client_error(client, text);
	} else {
		put_out(&r, &r, true, array);
		ocsp_entry_clear(&r);
	}
	target_clear(&target);
	return status;
}

int cmd_show(const struct args *args)
{
	json_t *array = args->json ? json_new_array() : NULL;
	struct ocsp_client *client = connect_store();
	int status = EXIT_ERROR;

	if (client && args->argc)
		status = show_one(client, args->argv[0], array);
	else if (client)
		status = show_all(client, args->verbose, array);
	if (!status && array)
		json_print(array, false);
	else
		json_decref(array);
	ocsp_client_free(client);
	return status;
}
