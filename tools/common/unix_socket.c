// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Unix sockets by their paths, see unix_socket.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "unix_socket.h"

int unix_address(struct sockaddr_un *address, const char *path)
{
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strcpy(address->sun_path, path);
	return 0;
}

bool unix_is_left_behind(const struct sockaddr_un *address, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool left;

	if (fd < 0)
		return false;
	left = connect(fd, (const void *)address, sizeof(*address)) &&
	       errno == ECONNREFUSED;
	close(fd);
	return left;
}
