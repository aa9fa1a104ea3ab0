// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Notices that files of certificates change, see pin_watch.h. */
#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "pin_watch.h"

#define CHANGES		(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | \
			 IN_ATTRIB | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | \
			 IN_MOVE_SELF | IN_ONLYDIR)

static void on_readable(struct watch *watch, uint32_t events);
static struct watch notices = { .fn = on_readable, .fd = -1 };
static void (*on_change)(void);

static void on_readable(struct watch *watch, uint32_t events)
{
	char buf[4096];

	(void)events;
	while (read(watch->fd, buf, sizeof(buf)) > 0)
		;
	on_change();
}

void pin_watch_end(void)
{
	if (notices.fd == -1)
		return;
	loop_remove(&notices);
	close(notices.fd);
	notices.fd = -1;
}

void pin_watch_begin(void (*changed)(void))
{
	pin_watch_end();
	on_change = changed;
	notices.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (notices.fd == -1 || loop_add(&notices, EPOLLIN))
		log_text(LOG_WARNING, "certificates are not watched: %s",
			 strerror(errno));
}

static void watch_directory(const char *path)
{
	if (notices.fd != -1)
		inotify_add_watch(notices.fd, path, CHANGES);
}

/* Where there is none yet the check from time to time has to do. */
static void watch_directory_of(const char *path)
{
	char *copy = path ? strdup(path) : NULL;

	if (copy)
		watch_directory(dirname(copy));
	free(copy);
}

static void watch_file(const char *path)
{
	char *real = path ? realpath(path, NULL) : NULL;

	watch_directory_of(path);
	if (real && strcmp(real, path))
		watch_directory_of(real);
	free(real);
}

void pin_watch_file(const char *path, const char *issuer)
{
	watch_file(path);
	watch_file(issuer);
}

/* "/a/b?/c" looks in /a, in each /a/b?, and in these for c. */
static void watch_pattern(const char *pattern)
{
	char *copy = strdup(pattern), *parent = copy;
	glob_t matches;
	size_t i;

	while (copy && strpbrk(parent, "*?[")) {
		parent = dirname(parent);
		if (glob(parent, GLOB_NOSORT | GLOB_ONLYDIR, NULL, &matches))
			continue;
		for (i = 0; i < matches.gl_pathc; i++)
			watch_directory(matches.gl_pathv[i]);
		globfree(&matches);
	}
	free(copy);
	watch_directory(pattern);
}

void pin_watch_patterns(const struct config *config)
{
	const struct config_cert *section;

	for (section = config->certs; section; section = section->next)
		if (section->files)
			watch_pattern(section->files);
}
