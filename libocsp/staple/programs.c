// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "programs.h"

#define SEPARATORS	", \t"
#define DELETED		" (deleted)"

/*
 * The name of the file, not argv[0], which a server overwrites with a title.
 * Read once, by program_is_excluded(), while the module is loaded.
 */
static char exe[256];

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void read_exe(void)
{
	size_t end = strlen(DELETED);
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 0)
		n = 0;
	exe[n] = '\0';
	/* A package upgrade replaced the file under the running program. */
	if ((size_t)n > end && !strcmp(exe + n - end, DELETED))
		exe[n - end] = '\0';
}

const char *program_name(void)
{
	return exe[0] ? base(exe) : program_invocation_short_name;
}

static bool list_has(const char *list, const char *name)
{
	size_t len;

	while (*(list += strspn(list, SEPARATORS))) {
		len = strcspn(list, SEPARATORS);
		if (len == strlen(name) && !strncmp(list, name, len))
			return true;
		list += len;
	}
	return false;
}

bool program_is_excluded(const char *list)
{
	read_exe();
	return getauxval(AT_SECURE) || list_has(list, program_name()) ||
	       list_has(list, program_invocation_short_name);
}
