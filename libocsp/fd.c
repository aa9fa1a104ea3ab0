// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Is a descriptor still ours? A socket has an inode of its own. All anonymous
 * inode files, such as a session, share one: what /proc calls them tells them
 * apart, and where there is no /proc, the mode they were opened with tells a
 * session from the likes of epoll.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"

static void read_link(const struct ocsp_fd_id *id, char *link, size_t size)
{
	ssize_t n = readlink(id->proc, link, size - 1);

	link[n > 0 ? n : 0] = '\0';
}

void ocsp_fd_remember(struct ocsp_fd_id *id, int fd)
{
	struct stat st;

	memset(id, 0, sizeof(*id));
	id->fd = -1;
	if (fstat(fd, &st))
		return;
	id->fd = fd;
	id->dev = st.st_dev;
	id->ino = st.st_ino;
	id->flags = fcntl(fd, F_GETFL);
	snprintf(id->proc, sizeof(id->proc), "/proc/self/fd/%d", fd);
	read_link(id, id->link, sizeof(id->link));
}

bool ocsp_fd_is_ours(const struct ocsp_fd_id *id)
{
	char link[sizeof(id->link)];
	struct stat st;

	if (id->fd == -1 || fstat(id->fd, &st) || st.st_dev != id->dev ||
	    st.st_ino != id->ino)
		return false;
	if (st.st_mode & S_IFMT)
		return true;
	if (fcntl(id->fd, F_GETFL) != id->flags)
		return false;
	read_link(id, link, sizeof(link));
	return !link[0] || !id->link[0] || !strcmp(link, id->link);
}

void ocsp_fd_close(struct ocsp_fd_id *id)
{
	if (ocsp_fd_is_ours(id))
		close(id->fd);
	id->fd = -1;
}

int ocsp_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= n;
	}
	return 0;
}
