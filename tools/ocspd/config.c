// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Reading ocspd.conf(5): its files and their sections. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "config_reader.h"
#include "ini.h"
#include "log.h"

void config_fault(struct reader *r, const char *fmt, ...)
{
	char text[512], line[16] = "";
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (r->line)
		snprintf(line, sizeof(line), "%u:", r->line);
	log_text(LOG_ERR, "%s:%s %s", r->path, line, text);
	if (!r->faults++)
		snprintf(r->why, r->why_size, "%s:%s %s", r->path, line, text);
}

void config_set_text(struct reader *r, char **where, char *text)
{
	free(*where);
	*where = text;
	if (!text)
		config_fault(r, "no memory");
}

/* Sections */

static int compare_sections(const void *a, const void *b)
{
	const struct section *left = a, *right = b;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return strcmp(left->name, right->name);
}

static struct section *new_section(struct reader *r,
				   const struct section_kind *kind,
				   const char *name)
{
	struct section *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->kind = kind;
	s->name = strdup(name);
	s->path = r->path;
	s->line = r->line;
	if (s->name && settings_begin(r, s) &&
	    tsearch(s, &r->by_name, compare_sections)) {
		s->next = r->sections;
		r->sections = s;
		return s;
	}
	free(s->name);
	free(s);
	return NULL;
}

static void on_section(void *arg, unsigned int line, const char *text)
{
	struct section wanted, **known;
	struct reader *r = arg;
	const char *name;

	r->line = line;
	r->section = NULL;
	r->skip = true;
	wanted.kind = settings_kind(text, &name);
	if (!wanted.kind) {
		config_fault(r, "unknown section [%s]", text);
		return;
	}
	wanted.name = (char *)name;
	known = tfind(&wanted, &r->by_name, compare_sections);
	r->section = known ? *known : new_section(r, wanted.kind, name);
	if (!r->section)
		config_fault(r, "no memory");
}

static void on_setting(void *arg, unsigned int line, unsigned int last,
		       const char *name, const char *value)
{
	struct reader *r = arg;

	r->line = line;
	r->last = last;
	if (r->section)
		settings_set(r, name, value);
	else if (!r->skip)
		config_fault(r, "'%s' is in no section, like [ocspd]", name);
}

static void on_fault(void *arg, unsigned int line, const char *why)
{
	struct reader *r = arg;

	r->line = line;
	config_fault(r, "%s", why);
}

static void ignore(void *node)
{
	(void)node;
}

static void free_sections(struct reader *r)
{
	struct section *s;

	tdestroy(r->by_name, ignore);
	while ((s = r->sections)) {
		r->sections = s->next;
		free(s->name);
		free(s);
	}
}

/* Files */

/* The file's path stays as long as sections refer to it. */
static bool keep_path(struct reader *r, const char *path)
{
	char **longer = reallocarray(r->paths, r->paths_count + 1,
				     sizeof(*longer));
	char *copy = strdup(path);

	if (longer)
		r->paths = longer;
	if (!longer || !copy) {
		free(copy);
		return false;
	}
	r->paths[r->paths_count++] = copy;
	r->path = copy;
	return true;
}

static void read_file(struct reader *r, const char *path, bool must_exist)
{
	static const struct ini_calls calls = {
		.section = on_section,
		.setting = on_setting,
		.fault = on_fault,
	};
	int err;

	r->line = 0;
	r->file++;
	r->section = NULL;
	r->skip = false;
	if (!keep_path(r, path)) {
		config_fault(r, "no memory");
		return;
	}
	err = ini_read(path, &calls, r);
	if (!err)
		r->config->read = true;
	r->line = 0;
	if (err && (must_exist || err != -ENOENT))
		config_fault(r, "%s", strerror(-err));
}

static int is_conf(const struct dirent *entry)
{
	return !fnmatch("*.conf", entry->d_name, FNM_PERIOD);
}

static void read_directory(struct reader *r, const char *main_path)
{
	struct dirent **entries;
	char *dir, *path;
	int i, n;

	if (asprintf(&dir, "%s" CONFIG_D, main_path) < 0) {
		config_fault(r, "no memory");
		return;
	}
	n = scandir(dir, &entries, is_conf, alphasort);
	if (n < 0 && errno != ENOENT && errno != ENOTDIR)
		config_fault(r, CONFIG_D ": %s", strerror(errno));
	for (i = 0; i < n; i++) {
		if (asprintf(&path, "%s/%s", dir, entries[i]->d_name) < 0) {
			config_fault(r, "no memory");
		} else {
			read_file(r, path, true);
			free(path);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	free(dir);
}

static void check_sections(struct reader *r)
{
	const struct section *s;

	for (s = r->sections; s; s = s->next) {
		r->path = s->path;
		r->line = s->line;
		settings_check(r, s);
	}
}

struct config *config_read(const char *path, bool must_exist, char *why,
			   size_t size)
{
	struct reader r = { .path = path, .why = why, .why_size = size };
	size_t i;

	*why = '\0';
	r.config = calloc(1, sizeof(*r.config));
	if (!r.config) {
		config_fault(&r, "no memory");
		return NULL;
	}
	r.config->refs = 1;
	r.last_cert = &r.config->certs;
	r.last_issuer = &r.config->issuers;
	settings_initial(r.config);
	read_file(&r, path, must_exist);
	read_directory(&r, path);
	check_sections(&r);
	r.path = path;
	r.line = 0;
	if (!r.faults)
		settings_complete(&r);
	free_sections(&r);
	for (i = 0; i < r.paths_count; i++)
		free(r.paths[i]);
	free(r.paths);
	if (!r.faults)
		return r.config;
	config_put(r.config);
	return NULL;
}

static void clear_policy(struct config_policy *policy)
{
	free(policy->responder);
	free(policy->ca_file);
}

static void free_certs(struct config_cert *cert)
{
	struct config_cert *next;

	for (; cert; cert = next) {
		next = cert->next;
		free(cert->name);
		free(cert->file);
		free(cert->files);
		free(cert->issuer);
		clear_policy(&cert->policy);
		free(cert);
	}
}

static void free_issuers(struct config_issuer *issuer)
{
	struct config_issuer *next;

	for (; issuer; issuer = next) {
		next = issuer->next;
		free(issuer->name);
		free(issuer->file);
		clear_policy(&issuer->policy);
		free(issuer);
	}
}

static void free_config(struct config *config)
{
	free_certs(config->certs);
	free_issuers(config->issuers);
	clear_policy(&config->policy);
	address_clear(&config->addresses);
	free(config->cache);
	free(config->control);
	free(config->state);
	free(config->metrics_file);
	free(config->metrics_listen);
	free(config->proxy);
	free(config->no_proxy);
	/* A password is not left behind in memory. */
	if (config->proxy_login)
		explicit_bzero(config->proxy_login, strlen(config->proxy_login));
	free(config->proxy_login);
	free(config->proxy_credentials);
	free(config);
}

struct config *config_get(struct config *config)
{
	config->refs++;
	return config;
}

void config_put(struct config *config)
{
	if (config && !--config->refs)
		free_config(config);
}
