// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Is the store the one that the last ocspd left? See instance.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <systemd/sd-id128.h>

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

/* 0 where it is not to be seen, as in the sandbox of the unit. */
static void boot_id(char text[SD_ID128_STRING_MAX])
{
	sd_id128_t id;

	if (sd_id128_get_boot(&id) < 0)
		id = SD_ID128_NULL;
	sd_id128_to_string(id, text);
}

/* Of a store that was given nothing, nothing can have been deleted. */
bool instance_is_known(void)
{
	char boot[SD_ID128_STRING_MAX], this_boot[SD_ID128_STRING_MAX];
	struct ocsp_stats stats;
	uint64_t then;
	char *name = path();
	FILE *f = name ? fopen(name, "re") : NULL;
	bool known = false;

	boot_id(this_boot);
	if (f) {
		known = fscanf(f, "%" SCNu64 " %32s", &then, boot) == 2 &&
			then && !strcmp(boot, this_boot) &&
			!store_stats(&stats) && stats.blobs_set >= then;
		fclose(f);
	}
	free(name);
	return known;
}

/* Where it cannot be written, the next one takes the store for another. */
void instance_remember(void)
{
	char *name = path(), boot[SD_ID128_STRING_MAX];
	char text[32 + SD_ID128_STRING_MAX];
	struct ocsp_stats stats;

	if (name && !store_stats(&stats)) {
		boot_id(boot);
		snprintf(text, sizeof(text), "%" PRIu64 " %s\n",
			 stats.blobs_set, boot);
		mkdir(directory(), 0755);
		write_file(name, (unsigned char *)text, strlen(text), false);
	}
	free(name);
}
