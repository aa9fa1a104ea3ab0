// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Responses without nextUpdate, see validity.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cert.h"
#include "validity.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR	"/etc"
#endif

#define LINE_SIZE	256
#define KEY_TEXT	(2 * KTLS_OCSP_KEY_LEN)

const char *ocsp_validity_file = SYSCONFDIR "/ktls-ocsp/validity";

static bool key_text(X509 *issuer, char text[KEY_TEXT + 1])
{
	uint8_t key[KTLS_OCSP_KEY_LEN];

	if (ocsp_cert_key(issuer, key))
		return false;
	for (size_t i = 0; i < sizeof(key); i++)
		sprintf(text + 2 * i, "%02x", key[i]);
	return true;
}

/* One line: of all issuers, of that one, or of none. False: it is malformed. */
static bool read_line(char *line, const char *issuer, int64_t *all,
		      int64_t *own)
{
	char *whom, *number, *end, *rest;
	long seconds;

	line[strcspn(line, "#\n")] = '\0';
	whom = strtok_r(line, " \t", &rest);
	if (!whom)
		return true;
	number = strtok_r(NULL, " \t", &rest);
	if (!number || strtok_r(NULL, " \t", &rest))
		return false;
	errno = 0;
	seconds = strtol(number, &end, 10);
	if (errno || *end || end == number || seconds < 0 ||
	    seconds > OCSP_VALIDITY_MAX)
		return false;
	if (!strcmp(whom, "*"))
		*all = seconds;
	else if (strlen(whom) != KEY_TEXT ||
		 strspn(whom, "0123456789abcdefABCDEF") != KEY_TEXT)
		return false;
	else if (!strcasecmp(whom, issuer))
		*own = seconds;
	return true;
}

int64_t ocsp_validity(X509 *issuer, char *why, size_t size)
{
	char line[LINE_SIZE], key[KEY_TEXT + 1];
	int64_t all = 0, own = -1;
	int number = 0;
	bool ok = true;
	FILE *f;

	*why = '\0';
	f = fopen(ocsp_validity_file, "re");
	if (!f && errno != ENOENT)
		snprintf(why, size, "%s: %s", ocsp_validity_file,
			 strerror(errno));
	if (!f || !key_text(issuer, key)) {
		if (f)
			fclose(f);
		return 0;
	}
	while (ok && fgets(line, sizeof(line), f)) {
		number++;
		ok = read_line(line, key, &all, &own);
	}
	fclose(f);
	if (!ok) {
		snprintf(why, size, "%s:%d is not \"* SECONDS\" or \"SHA-256 SECONDS\", up to %d",
			 ocsp_validity_file, number, OCSP_VALIDITY_MAX);
		return 0;
	}
	return own < 0 ? all : own;
}
