// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Report failed attempts to get a response to the store, as a refresher does.
 * For tests.
 */
#include <stdio.h>
#include <stdlib.h>

#include "client.h"

static int read_key(const char *text, uint8_t key[KTLS_OCSP_KEY_LEN])
{
	int i, used;

	for (i = 0; i < KTLS_OCSP_KEY_LEN; i++, text += 2)
		if (sscanf(text, "%2hhx%n", &key[i], &used) != 1 || used != 2)
			return -1;
	return *text ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_update update = { 0 };
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct ocsp_client *client;
	long times;
	int err;

	if (argc < 3 || argc > 4 || read_key(argv[1], key)) {
		fputs("usage: ocsp_report KEY REASON [TIMES]\n", stderr);
		return 2;
	}
	name.key = key;
	update.failure = argv[2];
	times = argc == 4 ? strtol(argv[3], NULL, 10) : 1;
	err = ocsp_client_new(&client);
	while (!err && times-- > 0)
		err = ocsp_client_set(client, &name, &update, NULL);
	if (err)
		fprintf(stderr, "ocsp_report: %s\n", ocsp_client_error(client));
	ocsp_client_free(client);
	return !!err;
}
