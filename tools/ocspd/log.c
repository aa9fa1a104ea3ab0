// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What ocspd tells, see log.h. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The place in the source says nothing to an operator. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "log.h"
#include "text.h"

/* Bytes of a line; what is longer is cut. */
#define LINE_SIZE	2048
/* Of an entry in the journal */
#define FIELDS_MAX	16

enum style {
	STYLE_PEOPLE,
	STYLE_TERMINAL,		/* for people too, with the time of day */
	STYLE_JOURNAL,
};

static enum style style;
static bool verbose;
static bool progress;		/* a progress line is on the terminal */

/* Is standard error what systemd said it connected to its journal? */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == dev &&
	       st.st_ino == ino;
}

void log_init(bool be_verbose)
{
	verbose = be_verbose;
	if (is_journal())
		style = STYLE_JOURNAL;
	else if (isatty(STDERR_FILENO))
		style = STYLE_TERMINAL;
}

bool log_is_verbose(void)
{
	return verbose;
}

static void end_progress(void)
{
	if (progress)
		fputs("\r\033[K", stderr);
	progress = false;
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* One line in one write, so that lines of two processes do not mix. */
static void put_line(int level, char *line)
{
	char out[LINE_SIZE + 64], stamp[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	int n;

	make_printable(line);
	/* A journal that its own socket does not reach reads this, too. */
	if (style == STYLE_JOURNAL)
		snprintf(stamp, sizeof(stamp), "<%d>", level);
	else if (style == STYLE_TERMINAL && localtime_r(&now, &tm))
		strftime(stamp, sizeof(stamp), "%H:%M:%S ", &tm);
	else
		strcpy(stamp, "ocspd: ");
	end_progress();
	n = snprintf(out, sizeof(out), "%s%s\n", stamp, line);
	fwrite(out, 1, n, stderr);
	fflush(stderr);
}

/* Appends to line, which holds LINE_SIZE bytes. */
__attribute__((format(printf, 2, 3)))
static void add(char *line, const char *fmt, ...)
{
	size_t used = strlen(line);
	va_list args;

	va_start(args, fmt);
	vsnprintf(line + used, LINE_SIZE - used, fmt, args);
	va_end(args);
}

/* "next_update" is two words for people. */
static void add_words(char *line, const char *name)
{
	char *p = line + strlen(line);

	add(line, "%s", name);
	for (; *p; p++)
		if (*p == '_')
			*p = ' ';
}

/* The journal's fields of one entry */
struct fields {
	char text[2 * LINE_SIZE];
	size_t used;
	struct iovec iov[FIELDS_MAX];
	int count;
};

/* NAME=value. What there is no room for is cut, or left out. */
static void add_field(struct fields *f, const char *name, const char *value)
{
	char *at = f->text + f->used, *p;
	size_t room = sizeof(f->text) - f->used;
	int n;

	if (f->count == FIELDS_MAX || room < 2)
		return;
	n = snprintf(at, room, "%s=%s", name, value);
	if (n < 0 || (size_t)n >= room)
		n = room - 1;
	for (p = at; *p && *p != '='; p++)
		*p = toupper((unsigned char)*p);
	make_printable(at);
	f->iov[f->count].iov_base = at;
	f->iov[f->count++].iov_len = n;
	f->used += n + 1;
}

static void begin_fields(struct fields *f, int level)
{
	char priority[12];

	f->used = 0;
	f->count = 0;
	snprintf(priority, sizeof(priority), "%d", level);
	add_field(f, "PRIORITY", priority);
	add_field(f, "SYSLOG_IDENTIFIER", "ocspd");
}

/* False: it did not get there. */
static bool send_fields(struct fields *f, const char *message)
{
	add_field(f, "MESSAGE", message);
	return !sd_journal_sendv(f->iov, f->count);
}

void log_text(int level, const char *fmt, ...)
{
	char line[LINE_SIZE];
	struct fields fields;
	va_list args;

	if (level == LOG_DEBUG && !verbose)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (style == STYLE_JOURNAL) {
		begin_fields(&fields, level);
		if (send_fields(&fields, line))
			return;
	}
	put_line(level, line);
}

/* See ocspd.catalog, which says what to do about them. */
static const struct {
	const char *event;
	const char *id;
} message_ids[] = {
	{ "stored", "15427a7facd74cea9fc82f3a9fcd1980" },
	{ "failed", "db47e2aa516249719b16ee2748f3c798" },
	{ "no_response", "288600782c694ac6b0aaa6725536bd62" },
	{ "not_applicable", "6e9b57b166824b4cb96523e2db736421" },
	{ "cached_response_refused", "4704c4c00bb04336a3188f15c05cbc40" },
	{ "done", "9a348a0005464380ad808025578037a9" },
};

static void add_id(struct fields *f, const char *event)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(message_ids); i++)
		if (!strcmp(event, message_ids[i].event))
			add_field(f, "MESSAGE_ID", message_ids[i].id);
}

void log_event(int level, const char *event, ...)
{
	const char *name, *value;
	char line[LINE_SIZE] = "";
	struct fields fields;
	va_list args;

	if (level == LOG_DEBUG && !verbose)
		return;
	begin_fields(&fields, level);
	add_id(&fields, event);
	add_words(line, event);
	va_start(args, event);
	while ((name = va_arg(args, const char *))) {
		value = va_arg(args, const char *);
		if (!value)
			continue;
		add_field(&fields, name, value);
		add(line, ", ");
		add_words(line, name);
		add(line, " %s", value);
	}
	va_end(args);
	if (style != STYLE_JOURNAL || !send_fields(&fields, line))
		put_line(level, line);
}

void log_progress(const char *fmt, ...)
{
	char text[80];
	va_list args;

	if (style != STYLE_TERMINAL)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	end_progress();
	fputs(text, stderr);
	fflush(stderr);
	progress = *text;
}
