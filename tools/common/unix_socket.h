/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Unix sockets by their paths. */
#ifndef COMMON_UNIX_SOCKET_H
#define COMMON_UNIX_SOCKET_H

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* Returns 0, or -ENAMETOOLONG. */
int unix_address(struct sockaddr_un *address, const char *path);

/*
 * A socket of a server, non-blocking, that listens at path. type: such as
 * SOCK_STREAM. It has that mode and group from the first moment in which anybody
 * may connect; group (gid_t)-1: ours. A socket that was left behind is replaced,
 * nothing else is, and the directory is made where it is missing. Or a negative
 * errno.
 */
int unix_listen(const char *path, int type, mode_t mode, gid_t group,
		int backlog);

#endif /* COMMON_UNIX_SOCKET_H */
