// SPDX-License-Identifier: GPL-2.0-or-later
/* What ocspd tells, see log.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

/* Bytes of a line; what is longer is cut. */
#define LINE_SIZE	2048

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

/* One line in one write, so that lines of two processes do not mix. */
static void put_line(int level, char *line)
{
	char out[LINE_SIZE + 64], stamp[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	char *p;
	int n;

	for (p = line; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
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

/* As logfmt has it: quoted where a reader could not find its end. */
static void add_value(char *line, const char *value)
{
	const char *p;

	if (*value && !strpbrk(value, " \"=\\")) {
		add(line, "%s", value);
		return;
	}
	add(line, "\"");
	for (p = value; *p; p++)
		add(line, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
	add(line, "\"");
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

void log_text(int level, const char *fmt, ...)
{
	char text[LINE_SIZE / 2], line[LINE_SIZE] = "";
	va_list args;

	if (level == LOG_DEBUG && !verbose)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (style == STYLE_JOURNAL) {
		add(line, "message=");
		add_value(line, text);
	} else {
		add(line, "%s", text);
	}
	put_line(level, line);
}

void log_event(int level, const char *event, ...)
{
	const char *name, *value;
	char line[LINE_SIZE] = "";
	va_list args;

	if (level == LOG_DEBUG && !verbose)
		return;
	if (style == STYLE_JOURNAL)
		add(line, "event=%s", event);
	else
		add_words(line, event);
	va_start(args, event);
	while ((name = va_arg(args, const char *))) {
		value = va_arg(args, const char *);
		if (!value)
			continue;
		if (style == STYLE_JOURNAL) {
			add(line, " %s=", name);
			add_value(line, value);
		} else {
			add(line, ", ");
			add_words(line, name);
			add(line, " %s", value);
		}
	}
	va_end(args);
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
