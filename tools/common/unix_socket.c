// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Unix sockets by their paths, see unix_socket.h. */
#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
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

/* A socket on which nobody listens any more */
static bool is_left_behind(const struct sockaddr_un *address, int type)
{
	struct stat st;
	bool left;
	int fd;

	/* connect() says the same of a file. */
	if (lstat(address->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
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

/* Nobody may connect before it is as it has to be. */
static int bind_and_listen(int fd, const struct sockaddr_un *address,
			   mode_t mode, gid_t group, int backlog)
{
	const char *path = address->sun_path;
	mode_t mask = umask(0777);
	int err = bind(fd, (const void *)address, sizeof(*address));

	umask(mask);
	if (err || (group != (gid_t)-1 && lchown(path, -1, group)) ||
	    chmod(path, mode) || listen(fd, backlog))
		return -errno;
	return 0;
}

int unix_listen(const char *path, int type, mode_t mode, gid_t group,
		int backlog)
{
	struct sockaddr_un address;
	int fd, err;

	err = unix_address(&address, path);
	if (err)
		return err;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = make_directory_of(path);
	if (!err && is_left_behind(&address, type))
		unlink(path);
	if (!err)
		err = bind_and_listen(fd, &address, mode, group, backlog);
	if (!err)
		return fd;
	close(fd);
	return err;
}
