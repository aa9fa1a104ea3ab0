// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The configuration file. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "export.h"
#include "ini.h"
#include "text.h"

#define INTERVAL	60
#define INTERVAL_MAX	86400

struct reader {
	const char *path;
	unsigned int line;
	bool failed;
	unsigned int seen;		/* bits: settings since the section began */
	char *section;			/* that settings are of; NULL: none */
	struct settings settings;
	struct target *targets;
};

__attribute__((format(printf, 2, 3)))
static void fault(struct reader *r, const char *fmt, ...)
{
	char text[256];
	va_list args;

	if (r->failed)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (r->line)
		log_text(LOG_ERR, "%s:%u: %s", r->path, r->line, text);
	else
		log_text(LOG_ERR, "%s: %s", r->path, text);
	r->failed = true;
}

/* Settings */

static void set_text(char **to, const char *value)
{
	free(*to);
	*to = must(strdup(value));
}

static bool set_interval(struct reader *r, const char *value)
{
	char *end;
	long seconds;

	errno = 0;
	seconds = strtol(value, &end, 10);
	if (errno || end == value || *end || seconds < 0 ||
	    seconds > INTERVAL_MAX) {
		fault(r, "interval = %s: not a number of seconds up to %d",
		      value, INTERVAL_MAX);
		return false;
	}
	r->settings.interval = seconds;
	return true;
}

static const struct {
	const char *kind, *name;
	size_t offset;			/* of a text in the settings; 0: interval */
} all_settings[] = {
	{ "directory", "path", offsetof(struct settings, path) },
	{ "directory", "names", offsetof(struct settings, names) },
	{ "directory", "command", offsetof(struct settings, command) },
	{ "directory", "interval", 0 },
	{ "haproxy", "socket", offsetof(struct settings, path) },
	{ "responder", "listen", offsetof(struct settings, listen) },
};

static void set(struct reader *r, const char *name, const char *value)
{
	struct settings *s = &r->settings;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_settings); i++) {
		if (strcmp(all_settings[i].kind, s->kind) ||
		    strcmp(all_settings[i].name, name))
			continue;
		if (!*value)
			fault(r, "%s has no value", name);
		else if (r->seen & 1u << i)
			fault(r, "%s was given before in this section", name);
		else if (all_settings[i].offset)
			set_text((char **)((char *)s + all_settings[i].offset),
				 value);
		else
			set_interval(r, value);
		r->seen |= 1u << i;
		return;
	}
	fault(r, "[%s] has no setting \"%s\"", s->kind, name);
}

/* Sections */

static void clear_settings(struct settings *s)
{
	free(s->kind);
	free(s->name);
	free(s->path);
	free(s->names);
	free(s->command);
	free(s->listen);
	memset(s, 0, sizeof(*s));
	s->interval = INTERVAL;
}

static void add(struct reader *r, struct target *target)
{
	struct target **end = &r->targets;

	if (!target) {
		r->failed = true;
		return;
	}
	while (*end)
		end = &(*end)->next;
	*end = target;
}

static void end_section(struct reader *r)
{
	struct settings *s = &r->settings;

	if (!s->kind || r->failed)
		return;
	if (!strcmp(s->kind, "responder")) {
		if (!s->listen)
			fault(r, "[%s] has no \"listen\"", r->section);
		else
			add(r, responder_new(s));
	} else if (!s->path || *s->path != '/') {
		fault(r, "[%s]: %s", r->section, s->path ?
		      "its path is not absolute" : "its path is missing");
	} else if (!strcmp(s->kind, "haproxy")) {
		add(r, haproxy_new(s));
	} else if (s->names && strcmp(s->names, "sha256") &&
		   strcmp(s->names, "sha1")) {
		fault(r, "[%s]: names are sha256 or sha1", r->section);
	} else {
		add(r, directory_new(s));
	}
	clear_settings(s);
}

static void begin_section(struct reader *r, const char *section)
{
	static const char *const kinds[] = { "directory", "haproxy",
					     "responder" };
	size_t len = strcspn(section, " \t"), i;
	const char *name = section + len + strspn(section + len, " \t");

	set_text(&r->section, section);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strlen(kinds[i]) != len || strncmp(kinds[i], section, len))
			continue;
		set_text(&r->settings.kind, kinds[i]);
		set_text(&r->settings.name, name);
		return;
	}
	fault(r, "[%s]: neither [directory NAME] nor [haproxy NAME] nor [responder NAME]",
	      section);
}

static void on_section(void *arg, unsigned int line, const char *name)
{
	struct reader *r = arg;

	end_section(r);
	if (r->failed)
		return;
	r->line = line;
	r->seen = 0;
	begin_section(r, name);
}

static void on_setting(void *arg, unsigned int line, unsigned int last,
		       const char *name, const char *value)
{
	struct reader *r = arg;

	r->line = line;
	if (last != line)
		fault(r, "%s: it takes one value, but goes on in line %u", name,
		      last);
	else if (!r->section)
		fault(r, "%s is in no section, like [haproxy NAME]", name);
	if (!r->failed)
		set(r, name, value);
}

static void on_fault(void *arg, unsigned int line, const char *why)
{
	struct reader *r = arg;

	r->line = line;
	fault(r, "%s", why);
}

void config_free(struct target *targets)
{
	struct target *next;

	for (; targets; targets = next) {
		next = targets->next;
		targets->ops->stop(targets);
	}
}

struct target *config_read(const char *path)
{
	static const struct ini_calls calls = {
		.section = on_section,
		.setting = on_setting,
		.fault = on_fault,
	};
	struct reader r = { .path = path };
	int err;

	r.settings.interval = INTERVAL;
	err = ini_read(path, &calls, &r);
	end_section(&r);
	clear_settings(&r.settings);
	r.line = 0;
	if (err)
		fault(&r, "%s", strerror(-err));
	else if (!r.targets)
		fault(&r, "it names no target");
	free(r.section);
	if (!r.failed)
		return r.targets;
	config_free(r.targets);
	return NULL;
}
