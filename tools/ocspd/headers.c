// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The headers of an HTTP answer that say how old it is. */
#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "headers.h"

/* RFC 9111 1.2.2: what is larger means this. */
#define SECONDS_MAX	0x7fffffff

/* Digits, up to something else; false: there is none. */
static bool parse_seconds(const char *text, int64_t *seconds)
{
	int64_t n = 0;

	text += strspn(text, " \t\"");
	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++)
		n = n > SECONDS_MAX / 10 ? SECONDS_MAX :
					   10 * n + (*text - '0');
	*seconds = n;
	return true;
}

static void take_cache_control(struct headers *h, const char *value)
{
	static const char name[] = "max-age=";
	size_t len;

	for (; *value; value += len) {
		value += strspn(value, ", \t");
		len = strcspn(value, ",");
		if (!strncasecmp(value, name, strlen(name)) &&
		    parse_seconds(value + strlen(name), &h->max_age))
			h->has_max_age = true;
	}
}

static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(line, name, len) || line[len] != ':' ? NULL :
								  line + len + 1;
}

void headers_take(struct headers *h, const char *line, size_t len)
{
	const char *value;
	char text[512];

	if (len > 5 && !strncmp(line, "HTTP/", 5))
		memset(h, 0, offsetof(struct headers, bytes));
	h->bytes += len;
	if (len >= sizeof(text))
		return;
	memcpy(text, line, len);
	text[len] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	value = value_of(text, "Cache-Control");
	if (value)
		take_cache_control(h, value);
	value = value_of(text, "Age");
	if (value && parse_seconds(value, &h->age))
		h->aged = true;
}

int64_t headers_max_age(const struct headers *h)
{
	int64_t age = h->aged ? h->age : 0;

	if (!h->has_max_age)
		return -1;
	return h->max_age > age ? h->max_age - age : 0;
}
