/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Messages between the stand-in's clients and the program "standin". */
#ifndef STANDIN_WIRE_H
#define STANDIN_WIRE_H

#include <sys/socket.h>
#include <sys/un.h>

#include "standin.h"

/* The abstract name, which starts with a NUL. */
static inline socklen_t standin_address(struct sockaddr_un *address)
{
	*address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	__builtin_memcpy(address->sun_path + 1, STANDIN_SOCKET,
			 sizeof(STANDIN_SOCKET) - 1);
	return offsetof(struct sockaddr_un, sun_path) + sizeof(STANDIN_SOCKET);
}

/*
 * One message: a head, what follows it, and a descriptor where fd is not -1.
 * Without one it is a send(), so that a test that stops a program at each of
 * its send() calls stops it here, too. 0 or a negative errno.
 */
int standin_send(int socket, const void *head, size_t head_len,
		 const void *bytes, size_t len, int fd, int flags);
/* Bytes of the message, its head included; a negative errno; 0: the end. */
ssize_t standin_receive(int socket, void *head, size_t head_len,
			void *bytes, size_t len, int *fd, int flags);

#endif /* STANDIN_WIRE_H */
