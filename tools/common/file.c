// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Writing a file: at once, or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"

/* A new file beside path; its name replaces temp. */
static int fill_temp(char *temp, const unsigned char *data, size_t len,
		     bool sync)
{
	mode_t mask = umask(0);
	int fd, err;

	umask(mask);
	fd = mkstemp(temp);
	if (fd < 0)
		return -errno;
	err = ocsp_write_all(fd, data, len);
	if (!err && (fchmod(fd, 0666 & ~mask) || (sync && fsync(fd))))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (err)
		unlink(temp);
	return err;
}

/* So that the new name is there after a crash. */
static int sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd, err = 0;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)	/* one may write to a directory that one cannot list */
		return errno == EACCES ? 0 : -errno;
	if (fsync(fd) && errno != EINVAL)	/* a file system without it */
		err = -errno;
	close(fd);
	return err;
}

static int replace(const char *path, const unsigned char *data, size_t len,
		   bool sync)
{
	char *temp;
	int err;

	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	err = fill_temp(temp, data, len, sync);
	if (!err && rename(temp, path)) {
		err = -errno;
		unlink(temp);
	}
	free(temp);
	return err || !sync ? err : sync_directory(path);
}

int write_file(const char *path, const unsigned char *data, size_t len,
	       bool sync)
{
	struct stat st;
	char *real;
	int err;

	/* What a symbolic link points at is replaced, not the link. */
	real = realpath(path, NULL);
	if (!real)
		return errno == ENOENT ? replace(path, data, len, sync) :
					 -errno;
	if (stat(real, &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;	/* a device must not be renamed over */
	else
		err = replace(real, data, len, sync);
	free(real);
	return err;
}
