// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What went wrong, in one line each. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "ocspctl.h"

int error(const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fflush(stdout);
	fputs("ocspctl: ", stderr);
	/* One line, whatever a file is called. */
	print_text(stderr, line, 0);
	fputc('\n', stderr);
	return EXIT_ERROR;
}

int client_error(const struct ocsp_client *client, const char *what)
{
	if (what)
		return error("%s: %s", what, ocsp_client_error(client));
	return error("%s", ocsp_client_error(client));
}

int finish_output(void)
{
	static bool said;

	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_OK;
	if (!said)
		error("standard output: %s",
		      errno ? strerror(errno) : "cannot be written");
	said = true;
	return EXIT_ERROR;
}

struct ocsp_client *connect_store(void)
{
	struct ocsp_client *client;

	if (!ocsp_client_new(&client))
		return client;
	client_error(client, NULL);
	ocsp_client_free(client);
	return NULL;
}
