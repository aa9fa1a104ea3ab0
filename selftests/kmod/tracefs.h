/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What the tests that read tracepoints share: an instance of the kernel's
 * tracer that is theirs alone. Files are named from its directory on.
 */
#ifndef TRACEFS_H
#define TRACEFS_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ktest.h"

#define TRACEFS		"/sys/kernel/tracing"
#define TRACE_INSTANCE	TRACEFS "/instances/ktls_ocsp_test"

static inline int tracefs_open(const char *name, int flags)
{
	char path[256];

	snprintf(path, sizeof(path), TRACE_INSTANCE "/%s", name);
	return open(path, flags | O_CLOEXEC);
}

static inline bool tracefs_write(const char *name, const char *text)
{
	int fd = tracefs_open(name, O_WRONLY | O_TRUNC);
	ssize_t len = strlen(text);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, len) == len;
	close(fd);
	return done;
}

/* As much as fits. */
static inline bool tracefs_read(const char *name, char *text, size_t size)
{
	int fd = tracefs_open(name, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	close(fd);
	return n >= 0;
}

static inline bool tracefs_clear(void)
{
	return tracefs_write("trace", "");
}

/* Make the instance and let it take these events; false: it cannot. */
static inline bool tracefs_start(const char *events)
{
	char path[128];

	if (access(TRACEFS "/instances", F_OK) &&
	    mount("tracefs", TRACEFS, "tracefs", 0, NULL))
		return false;
	if (mkdir(TRACE_INSTANCE, 0700) && errno != EEXIST)
		return false;
	snprintf(path, sizeof(path), "%s/enable", events);
	return tracefs_write(path, "1") && tracefs_clear();
}

static inline void tracefs_stop(void)
{
	tracefs_write("events/enable", "0");
	rmdir(TRACE_INSTANCE);
}

#endif /* TRACEFS_H */
