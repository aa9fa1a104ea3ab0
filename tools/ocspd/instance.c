// SPDX-License-Identifier: GPL-2.0-or-later
/* Is the store the one that the last ocspd left? See instance.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "instance.h"
#include "store.h"

/* A directory that does not outlive the kernel: systemd's, or that. */
#define DIRECTORY	"/run/ocspd"
/*
 * The number of blobs that the store was given: it starts from 0 with each
 * store, and never goes back.
 */
#define FILE_NAME	"blobs-set"

static const char *directory(void)
{
	const char *dir = getenv("RUNTIME_DIRECTORY");

	return dir ? dir : DIRECTORY;
}

static char *path(void)
{
	char *text;

	return asprintf(&text, "%s/" FILE_NAME, directory()) < 0 ? NULL : text;
}

bool instance_is_known(void)
{
	uint64_t then, now;
	char *name = path();
	FILE *f = name ? fopen(name, "re") : NULL;
	bool known = false;

	if (f) {
		known = fscanf(f, "%" SCNu64, &then) == 1 &&
			!store_blobs_set(&now) && now >= then;
		fclose(f);
	}
	free(name);
	return known;
}

/* Where it cannot be written, the next one takes the store for another. */
void instance_remember(void)
{
	char *name = path(), text[32];
	uint64_t now;

	if (name && !store_blobs_set(&now)) {
		snprintf(text, sizeof(text), "%" PRIu64 "\n", now);
		mkdir(directory(), 0755);
		write_file(name, (unsigned char *)text, strlen(text), false);
	}
	free(name);
}
