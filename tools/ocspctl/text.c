// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Words, times and foreign text, for people. */
#include <langinfo.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

#include "ocspctl.h"

#define MINUTE		60
#define HOUR		(60 * MINUTE)
#define DAY		(24 * HOUR)

const char *revocation_reason_name(int reason)
{
	static const char *const names[] = {
		"unspecified", "keyCompromise", "cACompromise",
		"affiliationChanged", "superseded", "cessationOfOperation",
		"certificateHold", NULL, "removeFromCRL", "privilegeWithdrawn",
		"aACompromise",
	};

	return reason >= 0 && (size_t)reason < ARRAY_SIZE(names) ?
	       names[reason] : NULL;
}

const char *span_text(int64_t seconds, char text[SPAN_TEXT_SIZE])
{
	long long s = seconds;

	if (s >= DAY)
		snprintf(text, SPAN_TEXT_SIZE, "%lld d %lld h", s / DAY,
			 s % DAY / HOUR);
	else if (s >= HOUR)
		snprintf(text, SPAN_TEXT_SIZE, "%lld h %lld min", s / HOUR,
			 s % HOUR / MINUTE);
	else if (s >= MINUTE)
		snprintf(text, SPAN_TEXT_SIZE, "%lld min %lld s", s / MINUTE,
			 s % MINUTE);
	else
		snprintf(text, SPAN_TEXT_SIZE, "%lld s", s);
	return text;
}

const char *distance_text(int64_t when, int64_t now,
			  char text[SPAN_TEXT_SIZE])
{
	char span[SPAN_TEXT_SIZE];

	if (when > now)
		snprintf(text, SPAN_TEXT_SIZE, "in %.30s",
			 span_text(when - now, span));
	else
		snprintf(text, SPAN_TEXT_SIZE, "%.30s ago",
			 span_text(now - when, span));
	return text;
}

/* Characters that are printable by name, but move or hide others. */
static bool is_sly(wchar_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0x061c ||
	       c == 0x00ad || c == 0x034f || c == 0x180e ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

/*
 * The next character of text as it is printed; returns how many bytes of text
 * that was, and sets how many columns it takes.
 */
static size_t next_char(const char *text, char out[MB_LEN_MAX + 5],
			int *columns, mbstate_t *state)
{
	static int utf8 = -1;
	wchar_t c;
	size_t n;

	if (utf8 < 0)
		utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (utf8) {
		n = mbrtowc(&c, text, strlen(text), state);
		if (n && n <= MB_LEN_MAX && iswprint(c) && !is_sly(c)) {
			memcpy(out, text, n);
			out[n] = '\0';
			*columns = wcwidth(c);
			return n;
		}
		memset(state, 0, sizeof(*state));
	} else if (*text >= ' ' && *text <= '~') {
		sprintf(out, "%c", *text);
		*columns = 1;
		return 1;
	}
	*columns = sprintf(out, "\\x%02X", (unsigned char)*text);
	return 1;
}

static int text_columns(const char *text)
{
	mbstate_t state = { 0 };
	char out[MB_LEN_MAX + 5];
	int columns, total = 0;

	while (*text) {
		text += next_char(text, out, &columns, &state);
		total += columns;
	}
	return total;
}

void print_text(FILE *to, const char *text, int columns)
{
	bool cut = columns && text_columns(text) > columns;
	int width, used = cut ? 3 : 0;
	mbstate_t state = { 0 };
	char out[MB_LEN_MAX + 5];

	while (*text) {
		text += next_char(text, out, &width, &state);
		used += width;
		if (cut && used > columns)
			break;
		fputs(out, to);
	}
	if (cut)
		fputs("...", to);
}
