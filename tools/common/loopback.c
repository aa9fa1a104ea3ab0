// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Addresses and ports on loopback, see loopback.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loopback.h"

/* In network byte order; 0: none. */
static in_port_t parse_port(const char *text)
{
	char *end;
	long port;

	if (*text < '0' || *text > '9')
		return 0;
	port = strtol(text, &end, 10);
	return *end || port > UINT16_MAX ? 0 : htons(port);
}

bool loopback_address(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	char host[INET6_ADDRSTRLEN];
	int port = 0;

	memset(address, 0, sizeof(*address));
	if (sscanf(text, "[%45[0-9a-fA-F:.]]:%n", host, &port) == 1 && port &&
	    inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = parse_port(text + port);
		return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) && v6->sin6_port;
	}
	if (sscanf(text, "%45[0-9.]:%n", host, &port) == 1 && port &&
	    inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = parse_port(text + port);
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127 && v4->sin_port;
	}
	return false;
}

int loopback_listen(const struct sockaddr_storage *address, int backlog)
{
	const int on = 1;
	int fd, err = 0;

	fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0);
	if (fd < 0)
		return -errno;
	/* What was closed a moment ago must not keep the port. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (const void *)address, sizeof(*address)) ||
	    listen(fd, backlog))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}
