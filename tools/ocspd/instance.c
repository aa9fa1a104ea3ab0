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
 * The number of blobs that the store was given, which starts from 0 with each
 * store and never goes back; and which boot of the machine that was, where the
 * directory does outlive it.
 */
#define FILE_NAME	"blobs-set"
#define BOOT_ID		"/proc/sys/kernel/random/boot_id"
#define BOOT_ID_SIZE	40

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

/* "-" where it is not to be seen, as in the sandbox of the unit. */
static void read_boot_id(char id[BOOT_ID_SIZE])
{
	FILE *f = fopen(BOOT_ID, "re");

	if (!f || fscanf(f, "%39s", id) != 1)
		strcpy(id, "-");
	if (f)
		fclose(f);
}

/* Of a store that was given nothing, nothing can have been deleted. */
bool instance_is_known(void)
{
	char boot[BOOT_ID_SIZE], this_boot[BOOT_ID_SIZE];
	uint64_t then, now;
	char *name = path();
	FILE *f = name ? fopen(name, "re") : NULL;
	bool known = false;

	read_boot_id(this_boot);
	if (f) {
		known = fscanf(f, "%" SCNu64 " %39s", &then, boot) == 2 &&
			then && !strcmp(boot, this_boot) &&
			!store_blobs_set(&now) && now >= then;
		fclose(f);
	}
	free(name);
	return known;
}

/* Where it cannot be written, the next one takes the store for another. */
void instance_remember(void)
{
	char *name = path(), boot[BOOT_ID_SIZE], text[32 + BOOT_ID_SIZE];
	uint64_t now;

	if (name && !store_blobs_set(&now)) {
		read_boot_id(boot);
		snprintf(text, sizeof(text), "%" PRIu64 " %s\n", now, boot);
		mkdir(directory(), 0755);
		write_file(name, (unsigned char *)text, strlen(text), false);
	}
	free(name);
}
