// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl get */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "ocspctl.h"

static int to_file(const char *path, const struct ocsp_entry *r)
{
	int err = write_file(path, r->blob, r->blob_len, true);

	if (!err)
		return EXIT_OK;
	return error("%s: %s", path,
		     err == -EINVAL ? "is not a regular file" : strerror(-err));
}

static json_t *base64(const uint8_t *data, size_t len)
{
	unsigned char *text = OPENSSL_malloc(len / 3 * 4 + 5);
	json_t *value = NULL;

	if (text) {
		EVP_EncodeBlock(text, data, len);
		value = json_text((char *)text);
	}
	OPENSSL_free(text);
	return value;
}

static void to_json(const struct ocsp_entry *r, bool with_blob)
{
	struct view view;
	json_t *o;

	view_make(&view, r, r, time(NULL));
	o = view_json(&view);
	if (with_blob)
		json_add(o, "blob", base64(r->blob, r->blob_len));
	json_print(o, false);
	view_clear(&view);
}

static int put_out(const struct args *args, const struct ocsp_entry *r)
{
	int status = EXIT_OK;

	if (args->out)
		status = to_file(args->out, r);
	if (status)
		return status;
	if (args->json)
		to_json(r, !args->out);
	else if (!args->out)
		fwrite(r->blob, 1, r->blob_len, stdout);
	return EXIT_OK;
}

int cmd_get(const struct args *args)
{
	const uint32_t parts = KTLS_OCSP_PART_BLOB |
			       KTLS_OCSP_PART_CERTIFICATES;
	struct ocsp_client *client;
	struct ocsp_entry r;
	struct target target;
	int status;

	if (!args->out && !args->json && isatty(STDOUT_FILENO))
		return error("get: DER is not for a terminal, use -o FILE or redirect the output");
	if (!target_read(&target, args->argv[0], NULL))
		return EXIT_ERROR;
	client = connect_store();
	if (!client) {
		status = EXIT_ERROR;
	} else if (ocsp_client_get(client, &target.name, parts, &r)) {
		status = client_error(client, target.text);
	} else {
		status = put_out(args, &r);
		ocsp_entry_clear(&r);
	}
	ocsp_client_free(client);
	target_clear(&target);
	return status;
}
