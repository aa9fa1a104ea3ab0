// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Unix sockets by their paths, see unix_socket.h. */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static int make_directory_of(const char *path)
{
	char *copy = strdup(path);
	int err = 0;

	if (!copy)
		return -ENOMEM;
	if (mkdir(dirname(copy), 0755) && errno != EEXIST)
		err = -errno;
	free(copy);
	return err;
}

static int bind_socket(int fd, const struct sockaddr_un *address, mode_t mode)
{
	mode_t mask = umask(0777 & ~mode);
	int err = bind(fd, (const void *)address, sizeof(*address));

	if (err && errno == EADDRINUSE &&
	    unix_is_left_behind(address, SOCK_STREAM) &&
	    !unlink(address->sun_path))
		err = bind(fd, (const void *)address, sizeof(*address));
	err = err ? -errno : 0;
	umask(mask);
	return err;
}

int unix_listen(const char *path, mode_t mode, int backlog)
{
	struct sockaddr_un address;
	int fd, err;

	err = unix_address(&address, path);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = make_directory_of(path);
	if (!err)
		err = bind_socket(fd, &address, mode);
	if (!err && listen(fd, backlog))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}
