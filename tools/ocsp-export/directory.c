// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A directory of files, one of each response. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "export.h"
#include "file.h"
#include "items.h"
#include "text.h"

#define SUFFIX		".der"

struct directory {
	struct target target;
	char *path;
	bool by_sha1;			/* how the files are named */
	bool changed;			/* since the last settle */
	struct run *run;		/* NULL: there is no command */
};

/* Long enough for both names */
#define FILE_NAME_SIZE	(KEY_TEXT_SIZE + sizeof(SUFFIX))

static const char *file_name(const struct directory *d,
			     const struct item *item,
			     char name[FILE_NAME_SIZE])
{
	int i;

	if (!d->by_sha1)
		key_text(item->key, name);
	for (i = 0; d->by_sha1 && i < SHA1_LEN; i++)
		sprintf(name + 2 * i, "%02x", item->sha1[i]);
	return strcat(name, SUFFIX);
}

static char *file_path(const struct directory *d, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", d->path, name) < 0)
		no_memory();
	return path;
}

/* A restart changes nothing, and need not start a command. */
static bool is_same(const char *path, const uint8_t *blob, size_t len)
{
	FILE *f = fopen(path, "re");
	uint8_t *have;
	size_t n;

	if (!f)
		return false;
	have = must(malloc(len + 1));
	n = fread(have, 1, len + 1, f);
	fclose(f);
	n = n == len && !memcmp(have, blob, len);
	free(have);
	return n;
}

static void update(struct target *target, const struct item *item,
		   const uint8_t *blob, size_t len)
{
	struct directory *d = (struct directory *)target;
	char name[FILE_NAME_SIZE], *path;
	int err;

	path = file_path(d, file_name(d, item, name));
	if (!is_same(path, blob, len)) {
		err = write_file(path, blob, len, false);
		if (err) {
			log_text(LOG_WARNING, "%s: %s", path, strerror(-err));
			/* Not the response of before in place of this one */
			unlink(path);
		}
		d->changed = true;
	}
	free(path);
}

static void remove_file(struct directory *d, const char *name)
{
	char *path = file_path(d, name);

	if (!unlink(path))
		d->changed = true;
	else if (errno != ENOENT)
		log_text(LOG_WARNING, "%s: %s", path, strerror(errno));
	free(path);
}

static void remove_item(struct target *target, const struct item *item)
{
	struct directory *d = (struct directory *)target;
	char name[FILE_NAME_SIZE];

	remove_file(d, file_name(d, item, name));
}

/* Is the file one that we write, or one that write_file() left behind? */
static bool is_ours(const struct directory *d, const char *name)
{
	size_t digits = d->by_sha1 ? 2 * SHA1_LEN : 2 * KTLS_OCSP_KEY_LEN;

	return strspn(name, "0123456789abcdef") == digits &&
	       !strncmp(name + digits, SUFFIX, strlen(SUFFIX)) &&
	       strchr(".", name[digits + strlen(SUFFIX)]);
}

/* Has the store what is_ours() in the file's name? */
static bool is_served(const struct directory *d, const char *name)
{
	size_t digits = strcspn(name, "."), len;
	uint8_t bytes[KTLS_OCSP_KEY_LEN];
	char hex[KEY_TEXT_SIZE];

	if (strlen(name) != digits + strlen(SUFFIX))
		return false;
	memcpy(hex, name, digits);
	hex[digits] = '\0';
	if (!OPENSSL_hexstr2buf_ex(bytes, sizeof(bytes), &len, hex, '\0'))
		return false;
	return d->by_sha1 ? items_by_sha1(bytes) : items_by_key(bytes);
}

/* What was written before this process began, and is served no longer */
static void clean(struct directory *d)
{
	DIR *dir = opendir(d->path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (is_ours(d, entry->d_name) &&
		    !is_served(d, entry->d_name))
			remove_file(d, entry->d_name);
	}
	if (dir)
		closedir(dir);
	else
		log_text(LOG_WARNING, "%s: %s", d->path, strerror(errno));
}

static void settle(struct target *target, bool complete)
{
	struct directory *d = (struct directory *)target;

	if (complete)
		clean(d);
	if (d->changed && d->run)
		run_request(d->run);
	d->changed = false;
}

static int start(struct target *target)
{
	struct directory *d = (struct directory *)target;
	struct stat st;

	if (stat(d->path, &st) || access(d->path, W_OK | X_OK))
		log_text(LOG_ERR, "%s: %s", d->path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		log_text(LOG_ERR, "%s: is not a directory", d->path);
	else
		return 0;
	return -EINVAL;
}

static void stop(struct target *target)
{
	struct directory *d = (struct directory *)target;

	run_free(d->run);
	free(d->path);
	free(d->target.name);
	free(d);
}

static const struct target_ops ops = {
	.start = start,
	.update = update,
	.remove = remove_item,
	.settle = settle,
	.stop = stop,
};

struct target *directory_new(const struct settings *settings)
{
	struct directory *d = must(calloc(1, sizeof(*d)));

	d->target.ops = &ops;
	d->target.name = must(strdup(settings->name));
	d->path = must(strdup(settings->path));
	d->by_sha1 = settings->names && !strcmp(settings->names, "sha1");
	if (settings->command)
		d->run = run_new(settings->command, settings->interval);
	return &d->target;
}
