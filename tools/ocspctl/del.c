// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl del */
#include "ocspctl.h"

static int del(const struct target *target, const struct args *args)
{
	struct ocsp_client *client = connect_store();
	struct ocsp_name name = OCSP_NAME_INIT;
	int status = EXIT_OK;
	char key[KEY_TEXT_SIZE];
	json_t *o;

	if (!client)
		return EXIT_ERROR;
	name.key = target->key;
	if (ocsp_client_del(client, &name)) {
		status = client_error(client, target->text);
	} else if (args->json) {
		o = json_new();
		json_add(o, "key", json_text(key_text(target->key, key)));
		json_print(o, false);
	}
	ocsp_client_free(client);
	return status;
}

int cmd_del(const struct args *args)
{
	struct target target;
	int status;

	if (!target_read(&target, args->argv[0], NULL))
		return EXIT_ERROR;
	status = del(&target, args);
	target_clear(&target);
	return status;
}
