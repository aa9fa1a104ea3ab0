// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Messages, on standard error as the journal takes them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "export.h"

void log_text(int priority, const char *fmt, ...)
{
	char line[1024], *p;
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	/* Text of others is among it. */
	for (p = line; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	/* sd-daemon(3) */
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>", priority);
	fprintf(stderr, "ocsp-export: %s\n", line);
}

void no_memory(void)
{
	log_text(LOG_ERR, "no memory");
	exit(1);
}

void *must(void *memory)
{
	if (!memory)
		no_memory();
	return memory;
}
