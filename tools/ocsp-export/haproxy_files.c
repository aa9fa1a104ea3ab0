// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* HAProxy's files of certificates, see haproxy_files.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "export.h"
#include "haproxy_files.h"

/* Bytes of a line of commands: a quarter of tune.bufsize' default */
#define LINE_SIZE	4096

static int compare_names(const void *a, const void *b)
{
	const struct haproxy_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int compare_sha1(const void *a, const void *b)
{
	const struct haproxy_file *x = a, *y = b;

	return memcmp(x->sha1, y->sha1, SHA1_LEN);
}

static void sort(struct haproxy_files *files,
		 int (*compare)(const void *a, const void *b))
{
	if (files->count)
		qsort(files->all, files->count, sizeof(*files->all), compare);
}

void haproxy_files_init(struct haproxy_files *files)
{
	*files = (struct haproxy_files){ };
	STAILQ_INIT(&files->queue);
}

void haproxy_files_clear(struct haproxy_files *files)
{
	size_t i;

	for (i = 0; i < files->count; i++)
		free(files->all[i].name);
	free(files->all);
	haproxy_files_init(files);
}

/* The list */

/*
 * Lines of comment begin with "#", those of transactions with "*". Names that
 * are no one word for HAProxy cannot be asked for.
 */
static bool is_name(const char *line)
{
	return *line && *line != '#' && *line != '*' &&
	       !strpbrk(line, " \t;\\");
}

static void add(struct haproxy_files *files, size_t *room, const char *name)
{
	if (files->count == *room) {
		*room = *room ? 2 * *room : 64;
		files->all = must(reallocarray(files->all, *room,
					       sizeof(*files->all)));
	}
	files->all[files->count++] = (struct haproxy_file){
		.name = must(strdup(name)),
	};
}

/* Both are sorted by name. */
static void remember_sent(struct haproxy_files *files,
			  const struct haproxy_files *old)
{
	size_t i, j = 0;

	for (i = 0; i < files->count; i++) {
		while (j < old->count &&
		       compare_names(&old->all[j], &files->all[i]) < 0)
			j++;
		if (j < old->count &&
		    !compare_names(&old->all[j], &files->all[i])) {
			files->all[i].sent = old->all[j].sent;
			files->all[i].refused = old->all[j].refused;
		}
	}
}

bool haproxy_files_list(struct haproxy_files *files, char *reply)
{
	struct haproxy_files new;
	size_t room = 0;
	char *line;

	/* What it says of a level that is too low is another thing in each version. */
	if (reply[strspn(reply, "\n")] && *reply != '#')
		return false;
	haproxy_files_init(&new);
	while ((line = strsep(&reply, "\n")))
		if (is_name(line))
			add(&new, &room, line);
	sort(&new, compare_names);
	sort(files, compare_names);
	remember_sent(&new, files);
	haproxy_files_clear(files);
	files->all = new.all;
	files->count = new.count;
	return true;
}

/* Their certificates */

static void enqueue(struct haproxy_files *files, struct haproxy_file *file)
{
	if (file->queued)
		return;
	file->queued = true;
	STAILQ_INSERT_TAIL(&files->queue, file, link);
}

char *haproxy_files_ask(struct haproxy_files *files)
{
	size_t len, i = files->asked;
	char *text = NULL;
	FILE *line;

	if (i == files->count) {
		sort(files, compare_sha1);
		files->known = true;
		/* What it has already is passed over later. */
		for (i = 0; i < files->count; i++)
			enqueue(files, &files->all[i]);
		return NULL;
	}
	line = must(open_memstream(&text, &len));
	do {
		fprintf(line, "show ssl cert %s;", files->all[i++].name);
		if (fflush(line))
			no_memory();
	} while (i < files->count && len < LINE_SIZE);
	files->asking = i;
	fputc('\n', line);
	if (fclose(line))
		no_memory();
	return text;
}

/* NULL: it was not asked for */
static struct haproxy_file *asked_for(struct haproxy_files *files,
				      const char *name)
{
	size_t i;

	for (i = files->asked; i < files->asking; i++)
		if (!strcmp(files->all[i].name, name))
			return &files->all[i];
	return NULL;
}

static const char *value_of(const char *line, const char *label)
{
	size_t len = strlen(label);

	return strncmp(line, label, len) ? NULL : line + len;
}

/* One answer after the other; of a file that is gone it is an error. */
void haproxy_files_answer(struct haproxy_files *files, char *reply)
{
	struct haproxy_file *file = NULL;
	const char *value;
	char *line;
	size_t len;

	while ((line = strsep(&reply, "\n"))) {
		value = value_of(line, "Filename: ");
		if (value)
			file = asked_for(files, value);
		value = value_of(line, "SHA1 FingerPrint: ");
		if (value && file &&
		    !OPENSSL_hexstr2buf_ex(file->sha1, SHA1_LEN, &len, value,
					   '\0'))
			memset(file->sha1, 0, SHA1_LEN);
	}
	files->asked = files->asking;
}

/* Responses */

static bool is_of(const struct haproxy_file *file, const struct item *item)
{
	return !memcmp(file->sha1, item->sha1, SHA1_LEN);
}

void haproxy_files_update(struct haproxy_files *files, const struct item *item)
{
	size_t low = 0, high = files->count, middle;

	if (!files->known)
		return;
	/* Several files may have one certificate: the first of them */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (memcmp(files->all[middle].sha1, item->sha1, SHA1_LEN) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low < files->count && is_of(&files->all[low], item))
		enqueue(files, &files->all[low++]);
}

bool haproxy_files_is_copy(const struct haproxy_files *files,
			   const struct haproxy_file *file)
{
	const struct haproxy_file *last = files->all + files->count - 1;

	return (file > files->all && !compare_sha1(file - 1, file)) ||
	       (file < last && !compare_sha1(file + 1, file));
}

struct haproxy_file *haproxy_files_next(struct haproxy_files *files,
					const struct item **item)
{
	struct haproxy_file *file;

	while ((file = STAILQ_FIRST(&files->queue))) {
		STAILQ_REMOVE_HEAD(&files->queue, link);
		file->queued = false;
		*item = items_by_sha1(file->sha1);
		if (*item && (*item)->generation != file->sent)
			return file;
	}
	return NULL;
}
