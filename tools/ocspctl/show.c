// SPDX-License-Identifier: GPL-2.0-or-later
/* ocspctl show */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

/* What the options ask for, in terms of the client. */
struct choice {
	struct ocsp_filter filter;	/* points to the next two */
	int64_t expires_before;
	uint64_t newer_than;
};

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
	error("show: '%.*s' is no state (see ocspctl show --help)", (int)len,
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

static bool read_choice(const struct args *args, struct choice *choice)
{
	memset(choice, 0, sizeof(*choice));
	if (args->argc && (args->states || args->expires_within ||
			   args->newer_than)) {
		error("show: a certificate and a filter exclude each other");
		return false;
	}
	if (args->states && !read_states(args->states, &choice->filter.states))
		return false;
	if (args->expires_within) {
		if (!parse_span(args->expires_within, &choice->expires_before)) {
			error("show: '%s' is no span of time (see ocspctl show --help)",
			      args->expires_within);
			return false;
		}
		if (__builtin_add_overflow(choice->expires_before, time(NULL),
					   &choice->expires_before))
			choice->expires_before = INT64_MAX;
		choice->filter.expires_before = &choice->expires_before;
	}
	if (args->newer_than) {
		if (!parse_number(args->newer_than, &choice->newer_than)) {
			error("show: '%s' is no generation (see ocspctl show --help)",
			      args->newer_than);
			return false;
		}
		choice->filter.newer_than = &choice->newer_than;
	}
	return true;
}

static bool dump(struct ocsp_client *client, const struct ocsp_filter *filter,
		 struct list *list)
{
	bool settled;
	int err;

	err = ocsp_client_dump_some(client, -1, filter, collect, list,
				    &settled);
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

static int show_all(struct ocsp_client *client,
		    const struct ocsp_filter *filter, bool full, json_t *array)
{
	struct ocsp_entry certs;
	struct list list = { 0 };
	int status = EXIT_OK;
	size_t i;
	int err;

	if (!dump(client, filter, &list)) {
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
	struct ocsp_client *client;
	int status = EXIT_ERROR;
	struct choice choice;
	json_t *array;

	if (!read_choice(args, &choice))
		return EXIT_ERROR;
	array = args->json ? json_new_array() : NULL;
	client = connect_store();
	if (client && args->argc)
		status = show_one(client, args->argv[0], array);
	else if (client)
		status = show_all(client, &choice.filter, args->verbose,
				  array);
	if (!status && array)
		json_print(array, false);
	else
		json_decref(array);
	ocsp_client_free(client);
	return status;
}
