// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* JSON, without looking for memory at every step. */
#include <stdlib.h>

#include "json_text.h"
#include "ocspctl.h"

void no_memory(void)
{
	error("no memory");
	exit(EXIT_ERROR);
}

static json_t *must(json_t *value)
{
	if (!value)
		no_memory();
	return value;
}

json_t *json_new(void)
{
	return must(json_object());
}

json_t *json_new_array(void)
{
	return must(json_array());
}

void json_add(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, must(value)))
		no_memory();
}

json_t *json_text(const char *text)
{
	return must(json_of_text(text));
}

/* In ASCII, so that no terminal sees what a certificate's author chose. */
void json_print(json_t *value, bool compact)
{
	const size_t flags = JSON_ENSURE_ASCII |
			     (compact ? JSON_COMPACT : JSON_INDENT(2));

	if (json_dumpf(value, stdout, flags) && !ferror(stdout))
		no_memory();
	putchar('\n');
	json_decref(value);
}
