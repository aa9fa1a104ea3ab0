// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The result of a check, as monitoring systems read it. */
#include <inttypes.h>
#include <stdarg.h>

#include "check.h"

/*
 * Of the whole validity. A response is refreshed at half of it, so less than a
 * quarter is left where that has failed for some time.
 */
#define WARN_PART	4
#define CRIT_PART	8

static bool read_limit(const char *option, const char *text, int64_t *seconds)
{
	if (!text || parse_span(text, seconds))
		return true;
	error("%s %s: not a time span such as 90s, 15min, 2h or 3d", option,
	      text);
	return false;
}

bool check_limits_read(const struct args *args, struct check_limits *limits)
{
	if (!read_limit("--warn", args->warn, &limits->warn) ||
	    !read_limit("--crit", args->crit, &limits->crit))
		return false;
	if (limits->crit <= limits->warn)
		return true;
	error("--crit must not be longer than --warn");
	return false;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int check_left(const struct check_limits *limits, int64_t this_update,
	       int64_t next_update, int64_t now)
{
	int64_t whole = next_update - this_update;
	int64_t left = next_update - now;

	if (left < least(limits->crit, whole / CRIT_PART))
		return CHECK_CRITICAL;
	return left < least(limits->warn, whole / WARN_PART) ? CHECK_WARNING :
							       CHECK_OK;
}

void check_add(struct check *check, int status, const char *fmt, ...)
{
	struct check_finding *f = &check->findings[check->finding_count];
	va_list args;

	if (check->finding_count == CHECK_FINDINGS)
		return;
	check->finding_count++;
	f->status = status;
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
}

void check_value(struct check *check, const char *name, int64_t value,
		 const char *unit)
{
	if (check->value_count < CHECK_VALUES)
		check->values[check->value_count++] =
			(struct check_value){ name, value, unit };
}

int check_status(const struct check *check)
{
	int status = CHECK_OK;
	size_t i;

	for (i = 0; i < check->finding_count; i++)
		if (check->findings[i].status > status)
			status = check->findings[i].status;
	return status;
}

static const char * const names[] = {
	[CHECK_OK] = "OK",
	[CHECK_WARNING] = "WARNING",
	[CHECK_CRITICAL] = "CRITICAL",
	[CHECK_UNKNOWN] = "UNKNOWN",
};

/* A "|" would begin the values. */
static void print_finding(const char *text)
{
	char line[CHECK_TEXT], *p = line;

	for (; *text; text++)
		*p++ = *text == '|' ? '/' : *text;
	*p = '\0';
	print_text(stdout, line, 0);
}

static void print_line(const struct check *check, int worst)
{
	const char *between = ": ";
	int status;
	size_t i;

	printf("%s %s", check->what, names[worst]);
	for (status = worst; status >= CHECK_OK; status--) {
		for (i = 0; i < check->finding_count; i++) {
			if (check->findings[i].status != status)
				continue;
			fputs(between, stdout);
			print_finding(check->findings[i].text);
			between = ", ";
		}
	}
	for (i = 0; i < check->value_count; i++)
		printf("%s%s=%" PRId64 "%s", i ? " " : " | ",
		       check->values[i].name, check->values[i].value,
		       check->values[i].unit);
	putchar('\n');
}

static json_t *check_json(const struct check *check, int worst)
{
	json_t *o = json_new(), *array = json_new_array(), *finding;
	size_t i;

	json_add(o, "status", json_text(names[worst]));
	for (i = 0; i < check->finding_count; i++) {
		finding = json_new();
		json_add(finding, "status",
			 json_text(names[check->findings[i].status]));
		json_add(finding, "text", json_text(check->findings[i].text));
		if (json_array_append_new(array, finding))
			no_memory();
	}
	json_add(o, "findings", array);
	for (i = 0; i < check->value_count; i++)
		json_add(o, check->values[i].name,
			 json_integer(check->values[i].value));
	return o;
}

int check_print(const struct check *check, bool json)
{
	int worst = check_status(check);

	if (json)
		json_print(check_json(check, worst), false);
	else
		print_line(check, worst);
	return worst;
}
