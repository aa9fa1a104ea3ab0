// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Responses into files. Several threads, processes and hosts may write the same
 * one: who has locked the directory compares, and replaces what is older. So the
 * file never goes back, whoever is late.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cert.h"
#include "clock.h"
#include "directory.h"
#include "fd.h"

/* Who holds the lock for longer is not one of us: in ms. */
#define LOCK_STEP	10
#define LOCK_STEPS	100

#define ERROR_LOCK_FAILED	167	/* winerror.h */

static DWORD write_error(int err)
{
	switch (err) {
	case 0:
		return 0;
	case ENOENT:
	case ENOTDIR:
		return ERROR_PATH_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERROR_ACCESS_DENIED;
	case EROFS:
		return ERROR_WRITE_PROTECT;
	case ENOSPC:
	case EDQUOT:
		return ERROR_DISK_FULL;
	case EMFILE:
	case ENFILE:
		return ERROR_TOO_MANY_OPEN_FILES;
	case ENOMEM:
		return ERROR_NOT_ENOUGH_MEMORY;
	case ENAMETOOLONG:
		return ERROR_FILENAME_EXCED_RANGE;
	case EWOULDBLOCK:
	case ENOLCK:
	case EOPNOTSUPP:
		return ERROR_LOCK_FAILED;
	default:
		return ERROR_WRITE_FAULT;
	}
}

/* A descriptor of the directory, locked until it is closed; or -1 and errno. */
static int lock_directory(const char *path)
{
	const struct timespec step = { .tv_nsec = LOCK_STEP * 1000000 };
	int fd, i, err = 0;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	for (i = 0; i < LOCK_STEPS; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return fd;
		err = errno;
		if (err != EWOULDBLOCK && err != EINTR)
			break;
		nanosleep(&step, NULL);
	}
	close(fd);
	errno = err;
	return -1;
}

/* Is what the file has newer than context? What does not verify is nothing. */
static bool is_newer(const char *path, PCCERT_CONTEXT leaf,
		     PCCERT_CONTEXT issuer, const struct ocsp_context *context)
{
	struct ocsp_terms have, terms = ocsp_context_terms(context);
	struct ocsp_context *file;
	struct ocsp_error error;
	unsigned char *der;
	char why[256];
	size_t len;

	/* Without it, there is no telling. */
	if (!issuer)
		return false;
	der = ocsp_read_file(path, &len, why, sizeof(why));
	file = der ? ocsp_file_context(der, len, leaf, issuer, &error) : NULL;
	if (!file)
		return false;
	have = ocsp_context_terms(file);
	ocsp_context_put(file);
	return ocsp_worse(&have, &terms, ocsp_now());
}

/*
 * With the directory locked, so the temporary file is ours, or was left by
 * somebody who died.
 */
static int replace(const char *path, const char *temp,
		   const struct ocsp_context *context)
{
	int fd, err;

	unlink(temp);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		  0644);
	if (fd < 0)
		return errno;
	err = -ocsp_write_all(fd, context->pub.pbEncodedOcspResponse,
			      context->pub.cbEncodedOcspResponse);
	if (close(fd) && !err)
		err = errno;
	if (!err && rename(temp, path))
		err = errno;
	if (err)
		unlink(temp);
	return err;
}

DWORD ocsp_directory_write(const struct ocsp_directory *d, PCCERT_CONTEXT leaf,
			   PCCERT_CONTEXT issuer,
			   const struct ocsp_context *context)
{
	char path[PATH_MAX], temp[PATH_MAX];
	int dir, err = 0;

	if (!ocsp_directory_join(d, d->upper, path) ||
	    snprintf(temp, sizeof(temp), "%s.tmp", path) >= (int)sizeof(temp))
		return write_error(ENAMETOOLONG);
	dir = lock_directory(d->path);
	if (dir < 0)
		return write_error(errno);
	if (!is_newer(path, leaf, issuer, context))
		err = replace(path, temp, context);
	close(dir);
	return write_error(err);
}
