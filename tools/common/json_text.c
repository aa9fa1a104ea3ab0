// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Text of any origin in JSON, see json_text.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_text.h"

#define ESCAPED_SIZE	4		/* "\xNN" */

static json_t *escaped(const char *text)
{
	char *ascii = malloc(ESCAPED_SIZE * strlen(text) + 1), *out = ascii;
	json_t *value;

	if (!ascii)
		return NULL;
	for (; *text; text++)
		out += sprintf(out, *text >= ' ' && *text <= '~' ? "%c" :
			       "\\x%02X", (unsigned char)*text);
	*out = '\0';
	value = json_string(ascii);
	free(ascii);
	return value;
}

json_t *json_of_text(const char *text)
{
	json_t *value;

	if (!text)
		return json_null();
	value = json_string(text);
	return value ? value : escaped(text);
}
