/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Unix sockets by their paths. */
#ifndef COMMON_UNIX_SOCKET_H
#define COMMON_UNIX_SOCKET_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* Returns 0, or -ENAMETOOLONG. */
int unix_address(struct sockaddr_un *address, const char *path);

/*
 * A socket of a server, non-blocking: a stream socket that listens at path, with
 * that mode from its first moment. One that was left behind is replaced, and the
 * directory is made where it is missing. Or a negative errno.
 */
int unix_listen(const char *path, mode_t mode, int backlog);

/* Does nobody listen there any more? type: of the socket, e.g. SOCK_STREAM. */
bool unix_is_left_behind(const struct sockaddr_un *address, int type);

#endif /* COMMON_UNIX_SOCKET_H */
