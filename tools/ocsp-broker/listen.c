// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The socket that the broker listens on. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listen.h"
#include "unix_socket.h"

#define PASSED		3		/* SD_LISTEN_FDS_START */
#define BACKLOG		128
#define MODE		0660

static int fail(const char *what, int err)
{
	fprintf(stderr, "ocsp-broker: %s: %s\n", what, strerror(err));
	return -1;
}

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) ? -1 : value;
}

static long number_of(const char *variable)
{
	const char *value = getenv(variable);

	return value ? strtol(value, NULL, 10) : -1;
}

int listen_passed(void)
{
	long n = number_of("LISTEN_FDS");

	if (number_of("LISTEN_PID") != getpid() || n < 1) {
		fputs("ocsp-broker: no socket was passed: start ocsp-broker.socket, or use --listen\n",
		      stderr);
		return -1;
	}
	if (n > 1 || option(PASSED, SO_DOMAIN) != AF_UNIX ||
	    option(PASSED, SO_TYPE) != SOCK_SEQPACKET ||
	    option(PASSED, SO_ACCEPTCONN) != 1) {
		fputs("ocsp-broker: what was passed is not one Unix socket of type SOCK_SEQPACKET that listens\n",
		      stderr);
		return -1;
	}
	if (fcntl(PASSED, F_SETFD, FD_CLOEXEC) ||
	    fcntl(PASSED, F_SETFL, O_NONBLOCK))
		return fail("the socket", errno);
	return PASSED;
}

/* -1: there is no such group. */
static gid_t group_id(const char *name)
{
	const struct group *group = name ? getgrnam(name) : NULL;

	return group ? group->gr_gid : (gid_t)-1;
}

int listen_at(const char *path, const char *group)
{
	gid_t gid = group_id(group);
	int fd;

	if (group && gid == (gid_t)-1) {
		fprintf(stderr, "ocsp-broker: there is no group \"%s\"\n", group);
		return -1;
	}
	fd = unix_listen(path, SOCK_SEQPACKET, MODE, gid, BACKLOG);
	return fd < 0 ? fail(path, -fd) : fd;
}
