// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl set */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ocspctl.h"
#include "precedence.h"

/* Against what the store has: as ocspd does it. NULL: it may be stored. */
static const char *worse(struct ocsp_client *client,
			 const struct target *target,
			 const struct ocsp_update *update, int64_t now)
{
	const struct ocsp_terms new = {
		.status = update->status,
		.this_update = update->this_update,
		.next_update = update->next_update,
	};
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_terms old = { 0 };
	struct ocsp_entry r;

	name.key = target->key;
	if (!ocsp_client_get(client, &name, 0, &r) && r.generation) {
		old.status = r.status;
		old.this_update = r.this_update;
		old.next_update = r.next_update;
	}
	return ocsp_worse(&old, &new, now);
}

static int store(struct ocsp_client *client, const struct target *target,
		 const struct ocsp_update *update, uint64_t *generation)
{
	struct ocsp_name name = target->name;

	name.cert = target->cert_der;
	name.issuer = target->issuer_der;
	if (ocsp_client_set(client, &name, update, generation))
		return client_error(client, target->text);
	return EXIT_OK;
}

static void tell(const struct args *args, const struct target *target,
		 const struct ocsp_verdict *verdict, uint64_t generation,
		 int64_t now)
{
	char key[KEY_TEXT_SIZE];
	json_t *o;

	if (!args->json) {
		verdict_print(args->argv[1], verdict, now);
		return;
	}
	o = verdict_json(verdict, true);
	json_add(o, "key", json_text(key_text(target->key, key)));
	json_add(o, "generation", json_integer(generation));
	json_print(o, false);
}

static int verify_and_store(struct ocsp_client *client,
			    const struct target *target,
			    const struct args *args,
			    const unsigned char *data, size_t len)
{
	struct ocsp_update update = { .blob = data, .blob_len = len };
	struct ocsp_verdict verdict;
	int64_t now = time(NULL);
	uint64_t generation;
	const char *why;
	int status;

	if (ocsp_verify(data, len, target->cert, target->issuer, now,
			&verdict)) {
		if (args->json)
			json_print(verdict_json(&verdict, false), false);
		return refused(args->argv[1], &verdict);
	}
	update.status = verdict.status;
	update.this_update = verdict.this_update;
	update.next_update = verdict.next_update;
	why = worse(client, target, &update, now);
	if (why) {
		snprintf(verdict.reason, sizeof(verdict.reason), "%s", why);
		if (args->json)
			json_print(verdict_json(&verdict, false), false);
		return refused(args->argv[1], &verdict);
	}
	status = store(client, target, &update, &generation);
	if (!status)
		tell(args, target, &verdict, generation, now);
	return status;
}

static int set(struct target *target, const struct args *args,
	       const unsigned char *data, size_t len)
{
	struct ocsp_client *client = connect_store();
	int status = EXIT_ERROR;

	if (!client)
		return EXIT_ERROR;
	if (target->cert ? target_needs_issuer(target) :
			   target_from_store(target, client))
		status = verify_and_store(client, target, args, data, len);
	ocsp_client_free(client);
	return status;
}

int cmd_set(const struct args *args)
{
	struct target target;
	unsigned char *data;
	int status = EXIT_ERROR;
	char why[512];
	size_t len;

	if (!target_read(&target, args->argv[0], args->issuer))
		return EXIT_ERROR;
	data = ocsp_read_file(args->argv[1], &len, why, sizeof(why));
	if (data)
		status = set(&target, args, data, len);
	else
		error("%s", why);
	free(data);
	target_clear(&target);
	return status;
}
