// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Configuration files, see ini.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ini.h"

#define BLANKS		" \t\r\n\v\f"

struct reader {
	const struct ini_calls *calls;
	void *arg;
	unsigned int line;
	/* The setting that the next line may continue; NULL: there is none. */
	char *name;
	char *value;
	unsigned int begin;
	unsigned int last;
	int err;
};

static void fault(struct reader *r, const char *why)
{
	r->calls->fault(r->arg, r->line, why);
}

static char *strip(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len && strchr(BLANKS, text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

/* From a ";" after a blank on. A "#" may be part of a URL. */
static void cut_comment(char *text)
{
	char *p;

	for (p = text; (p = strchr(p, ';')); p++)
		if (p > text && strchr(BLANKS, p[-1])) {
			*p = '\0';
			return;
		}
}

/* The setting is complete. */
static void flush(struct reader *r)
{
	if (r->name)
		r->calls->setting(r->arg, r->begin, r->last, r->name, r->value);
	free(r->name);
	free(r->value);
	r->name = NULL;
	r->value = NULL;
}

static void take_section(struct reader *r, char *text)
{
	size_t len = strlen(text);

	flush(r);
	if (text[len - 1] != ']') {
		fault(r, "']' is missing at the end of the section's name");
		return;
	}
	text[len - 1] = '\0';
	text = strip(text + 1);
	if (*text)
		r->calls->section(r->arg, r->line, text);
	else
		fault(r, "the section has no name");
}

static void take_setting(struct reader *r, char *text)
{
	char *equals = strchr(text, '=');

	flush(r);
	if (!equals || equals == text) {
		fault(r, "neither [section] nor name = value");
		return;
	}
	*equals = '\0';
	r->name = strdup(strip(text));
	r->value = strdup(strip(equals + 1));
	r->begin = r->line;
	r->last = r->line;
	if (!r->name || !r->value)
		r->err = -ENOMEM;
}

static void take_more(struct reader *r, const char *text)
{
	char *longer;

	if (!r->name) {
		fault(r, "the line is indented, but continues no setting");
		return;
	}
	if (asprintf(&longer, "%s%s%s", r->value, *r->value ? " " : "",
		     text) < 0) {
		r->err = -ENOMEM;
		return;
	}
	free(r->value);
	r->value = longer;
	r->last = r->line;
}

static void take_line(struct reader *r, char *line, size_t len)
{
	bool indented = *line == ' ' || *line == '\t';
	char *text;

	if (memchr(line, '\0', len)) {
		fault(r, "there is a NUL byte in the line");
		return;
	}
	text = strip(line);
	if (!*text || *text == '#' || *text == ';')
		return;
	cut_comment(text);
	text = strip(text);
	if (indented)
		take_more(r, text);
	else if (*text == '[')
		take_section(r, text);
	else
		take_setting(r, text);
}

int ini_read(const char *path, const struct ini_calls *calls, void *arg)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct reader r = { .calls = calls, .arg = arg };
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	bool marked;

	if (!file)
		return -errno;
	while (!r.err && (len = getline(&line, &size, file)) >= 0) {
		marked = !r.line++ && !strncmp(line, bom, strlen(bom));
		if (marked)	/* some editors' mark of UTF-8 */
			memmove(line, line + strlen(bom), len + 1 - strlen(bom));
		take_line(&r, line, len - (marked ? strlen(bom) : 0));
	}
	if (!r.err && !feof(file))
		r.err = -errno;
	if (!r.err)
		flush(&r);
	free(r.name);
	free(r.value);
	free(line);
	fclose(file);
	return r.err;
}
