// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What api.c needs: on Linux. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api_os.h"
#include "ktest.h"
#include "pki.h"

#define KSFT_SKIP	4

static struct pki certs[2];
static struct ocsp_client *client;
static char directory[32];

static void end(void)
{
	kt_remove_tree(directory);
}

int api_start(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (geteuid()) {
		printf("1..0 # SKIP needs root\n");
		return KSFT_SKIP;
	}
	kt_new_netns();
	if (ocsp_client_new(&client)) {
		printf("1..0 # SKIP %s\n", ocsp_client_error(client));
		return KSFT_SKIP;
	}
	pki_new(&certs[API_CERT], 0x10, PKI_URL, 0);
	pki_new(&certs[API_CERT_NO_URL], 0x11, NULL, 0);
	strcpy(directory, "/tmp/ocsp-api-XXXXXX");
	if (!mkdtemp(directory)) {
		perror(directory);
		return 1;
	}
	atexit(end);
	return 0;
}

PCCERT_CHAIN_CONTEXT api_chain(enum api_cert which)
{
	return pki_chain(&certs[which]);
}

BOOL api_respond(const void *bytes, DWORD len)
{
	int rc = pki_set(client, &certs[API_CERT], bytes, len,
			 KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY);

	if (rc)
		printf("# %s\n", ocsp_client_error(client));
	return !rc;
}

void api_sleep(DWORD ms)
{
	kt_sleep_ms(ms);
}

PWSTR api_directory(void)
{
	static WCHAR wide[sizeof(directory)];
	size_t i;

	for (i = 0; i < sizeof(directory); i++)
		wide[i] = (unsigned char)directory[i];
	return wide;
}
