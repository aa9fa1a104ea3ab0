// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Reading ocspd.conf(5). */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "config.h"
#include "control_protocol.h"
#include "log.h"
#include "text.h"
#include "url.h"

#define CACHE_DIRECTORY	"/var/cache/ocspd"
#define STATE_DIRECTORY	"/var/lib/ocspd"
#define NONE		"none"

/* inih cuts longer lines without a word: this is its buffer, less a NUL. */
#define LINE_MAX_BYTES	(INI_MAX_LINE - 1)

struct reader {
	const char *path;
	FILE *file;
	struct config *config;
	int line;
	int faults;
};

__attribute__((format(printf, 2, 3)))
static void fault(struct reader *r, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_text(LOG_ERR, "%s:%d: %s", r->path, r->line, text);
	r->faults++;
}

/* The analyzer of gcc 12 does not see that what *where is in lives on. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
static void set_string(struct reader *r, char **where, const char *value)
{
	/* A line that is continued comes as another one. */
	if (*where)
		fault(r, "'%s' is one value too many", value);
	free(*where);
	*where = strdup(value);
	if (!*where)
		fault(r, "no memory");
}

#pragma GCC diagnostic pop

/* A path, or "none" */
static void set_path_or_none(struct reader *r, char **where, const char *name,
			     const char *value)
{
	if (strcmp(value, NONE) && *value != '/')
		fault(r, "%s: '%s' is no absolute path, and not \"" NONE "\"",
		      name, value);
	set_string(r, where, value);
}

static void set_cache(struct reader *r, const char *value)
{
	set_path_or_none(r, &r->config->cache, "cache", value);
}

static void set_control(struct reader *r, const char *value)
{
	set_path_or_none(r, &r->config->control, "control", value);
}

static void set_state(struct reader *r, const char *value)
{
	set_path_or_none(r, &r->config->state, "state", value);
}

static void set_proxy(struct reader *r, const char *value)
{
	struct url url = { 0 };

	if (strcmp(value, NONE) && url_parse_proxy(&url, value))
		fault(r, "proxy: '%s' is no URL of an HTTP or SOCKS proxy, and not \"" NONE "\"",
		      value);
	url_clear(&url);
	set_string(r, &r->config->proxy, strcmp(value, NONE) ? value : "");
}

/* A list: each line adds to it, in a line of its own or continued. */
static void set_no_proxy(struct reader *r, const char *value)
{
	char **where = &r->config->no_proxy, *joined;

	if (!strcmp(value, NONE))
		value = "";
	if (!*where) {
		set_string(r, where, value);
	} else if (asprintf(&joined, "%s %s", *where, value) < 0) {
		fault(r, "no memory");
	} else {
		free(*where);
		*where = joined;
	}
}

/* Words between blanks and commas, each a prefix. */
static void add_prefixes(struct reader *r, const char *value, bool allow)
{
	char *copy = strdup(value), *save, *word;

	if (!copy) {
		fault(r, "no memory");
		return;
	}
	for (word = strtok_r(copy, " \t,", &save); word;
	     word = strtok_r(NULL, " \t,", &save))
		if (!address_add(&r->config->addresses, word, allow))
			fault(r, errno == ENOMEM ? "no memory for '%s'" : "'%s' is no address and no prefix like 10.0.0.0/8",
			      word);
	free(copy);
}

static void set_allow(struct reader *r, const char *value)
{
	add_prefixes(r, value, true);
}

static void set_deny(struct reader *r, const char *value)
{
	add_prefixes(r, value, false);
}

static const struct {
	const char *name;
	void (*set)(struct reader *r, const char *value);
} settings[] = {
	{ "cache", set_cache },
	{ "control", set_control },
	{ "state", set_state },
	{ "proxy", set_proxy },
	{ "no_proxy", set_no_proxy },
	{ "allow", set_allow },
	{ "deny", set_deny },
};

static const struct {
	const char *name;
	size_t offset;
	long initial;
	long min;
	long max;
} numbers[] = {
	{ "connect_timeout", offsetof(struct config, connect_timeout),
	  5, 1, 300 },
	{ "idle_timeout", offsetof(struct config, idle_timeout), 10, 1, 300 },
	{ "timeout", offsetof(struct config, timeout), 15, 1, 300 },
	{ "transfers", offsetof(struct config, transfers), 64, 1, 1024 },
	{ "transfers_per_host", offsetof(struct config, transfers_per_host),
	  8, 1, 1024 },
	{ "retry", offsetof(struct config, retry), 30, 1, 86400 },
	{ "retry_max", offsetof(struct config, retry_max), 3600, 1, 86400 },
	/*
	 * Four days: as old as the CA/Browser Forum lets a responder's newest
	 * answer become. So a revocation shows no later than there, however
	 * long the responses are valid.
	 */
	{ "refresh_max", offsetof(struct config, refresh_max), 345600, 3600,
	  31536000 },
};

static long *number_of(struct config *config, size_t i)
{
	return (long *)((char *)config + numbers[i].offset);
}

static void set_number(struct reader *r, size_t i, const char *value)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (errno || end == value || *end || n < numbers[i].min ||
	    n > numbers[i].max)
		fault(r, "%s: '%s' is no number from %ld to %ld",
		      numbers[i].name, value, numbers[i].min, numbers[i].max);
	else
		*number_of(r->config, i) = n;
}

static void set_global(struct reader *r, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (strcmp(name, settings[i].name))
			continue;
		settings[i].set(r, value);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strcmp(name, numbers[i].name))
			continue;
		set_number(r, i, value);
		return;
	}
	fault(r, "unknown setting '%s'", name);
}

/* The section's, made when it is met first. */
static struct config_cert *find_cert(struct reader *r, const char *name)
{
	struct config_cert **at = &r->config->certs;

	for (; *at; at = &(*at)->next)
		if (!strcmp((*at)->name, name))
			return *at;
	*at = calloc(1, sizeof(**at));
	if (*at)
		(*at)->name = strdup(name);
	if (*at && (*at)->name)
		return *at;
	free(*at);
	*at = NULL;
	fault(r, "no memory");
	return NULL;
}

static void set_path(struct reader *r, char **where, const char *name,
		     const char *value)
{
	if (*value != '/')
		fault(r, "%s: '%s' is no absolute path", name, value);
	set_string(r, where, value);
}

static void set_responder(struct reader *r, struct config_cert *cert,
			  const char *value)
{
	struct url url;

	if (url_parse(&url, value) || url.has_user)
		fault(r, "responder: '%s' is no http or https URL without a user name",
		      value);
	url_clear(&url);
	set_string(r, &cert->responder, value);
}

static void set_cert(struct reader *r, const char *section, const char *name,
		     const char *value)
{
	struct config_cert *cert = find_cert(r, section);

	if (!cert)
		return;
	if (!strcmp(name, "file"))
		set_path(r, &cert->file, name, value);
	else if (!strcmp(name, "issuer"))
		set_path(r, &cert->issuer, name, value);
	else if (!strcmp(name, "responder"))
		set_responder(r, cert, value);
	else
		fault(r, "unknown setting '%s' of a certificate", name);
}

static int on_setting(void *arg, const char *section, const char *name,
		      const char *value)
{
	static const char cert[] = "certificate ";
	struct reader *r = arg;

	if (!*value)
		fault(r, "%s: nothing is set", name);
	else if (!strcmp(section, "ocspd"))
		set_global(r, name, value);
	else if (!strncmp(section, cert, strlen(cert)))
		set_cert(r, section + strlen(cert), name, value);
	else if (!*section)
		fault(r, "'%s' is in no section, like [ocspd]", name);
	else
		fault(r, "unknown section [%s]", section);
	return 1;
}

/* fgets() for inih, which counts lines, but does not tell. */
static char *next_line(char *line, int size, void *arg)
{
	struct reader *r = arg;
	size_t len;
	int c;

	if (!fgets(line, size, r->file))
		return NULL;
	r->line++;
	len = strlen(line);
	if (len && line[len - 1] == '\n')
		return line;
	c = getc(r->file);
	if (c == EOF)
		return line;
	fault(r, "longer than %d bytes", LINE_MAX_BYTES - 1);
	while (c != '\n' && c != EOF)
		c = getc(r->file);
	strcpy(line, "\n");
	return line;
}

static void check_certs(struct reader *r)
{
	struct config_cert *cert;

	for (cert = r->config->certs; cert; cert = cert->next) {
		if (cert->file)
			continue;
		log_text(LOG_ERR, "%s: [certificate %s] has no file", r->path,
			 cert->name);
		r->faults++;
	}
}

static void parse(struct reader *r)
{
	int bad = ini_parse_stream(next_line, r, on_setting, r);

	/* Its count is ours; -2 is no memory. */
	if (bad) {
		r->line = bad > 0 ? bad : r->line;
		fault(r, bad > 0 ? "neither [section] nor name = value" :
				   "no memory");
	}
	if (ferror(r->file))
		fault(r, "%s", strerror(errno));
	check_certs(r);
}

/* The initial value, where there was none; NULL for "none". */
static void complete_path(struct reader *r, char **where, const char *initial)
{
	if (!*where)
		set_string(r, where, initial);
	if (*where && !strcmp(*where, NONE)) {
		free(*where);
		*where = NULL;
	}
}

/* What the file left open. */
static void complete(struct reader *r)
{
	const char *cache = getenv("CACHE_DIRECTORY");	/* systemd sets it */
	const char *state = getenv("STATE_DIRECTORY");
	const char *control = getenv(CONTROL_SOCKET_VARIABLE);
	struct config *config = r->config;

	complete_path(r, &config->cache, cache ? cache : CACHE_DIRECTORY);
	complete_path(r, &config->state, state ? state : STATE_DIRECTORY);
	complete_path(r, &config->control, control ? control : CONTROL_SOCKET);
	if (config->retry_max < config->retry)
		config->retry_max = config->retry;
}

struct config *config_read(const char *path, bool must_exist)
{
	struct reader r = { .path = path };
	size_t i;

	r.config = calloc(1, sizeof(*r.config));
	if (!r.config) {
		log_text(LOG_ERR, "%s: no memory", path);
		return NULL;
	}
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		*number_of(r.config, i) = numbers[i].initial;
	r.file = fopen(path, "re");
	if (r.file) {
		r.config->read = true;
		parse(&r);
		fclose(r.file);
	} else if (must_exist || errno != ENOENT) {
		log_text(LOG_ERR, "%s: %s", path, strerror(errno));
		r.faults++;
	}
	if (!r.faults)
		complete(&r);
	if (!r.faults)
		return r.config;
	config_free(r.config);
	return NULL;
}

static void free_certs(struct config_cert *cert)
{
	struct config_cert *next;

	for (; cert; cert = next) {
		next = cert->next;
		free(cert->name);
		free(cert->file);
		free(cert->issuer);
		free(cert->responder);
		free(cert);
	}
}

void config_free(struct config *config)
{
	if (!config)
		return;
	free_certs(config->certs);
	address_clear(&config->addresses);
	free(config->cache);
	free(config->control);
	free(config->state);
	free(config->proxy);
	free(config->no_proxy);
	free(config);
}
