// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A list of the store's entries. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ocspctl.h"

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

bool list_read(struct list *list, struct ocsp_client *client,
	       const struct ocsp_filter *filter)
{
	bool settled;
	int err;

	memset(list, 0, sizeof(*list));
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

void list_free(struct list *list)
{
	free(list->all);
	memset(list, 0, sizeof(*list));
}

int list_certs(struct ocsp_client *client, const struct ocsp_entry *entry,
	       struct ocsp_entry *certs)
{
	struct ocsp_name name = OCSP_NAME_INIT;

	name.key = entry->key;
	return ocsp_client_get(client, &name, KTLS_OCSP_PART_CERTIFICATES,
			       certs);
}
