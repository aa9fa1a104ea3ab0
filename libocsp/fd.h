/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Is a descriptor still ours? A program that becomes a daemon may close all
 * descriptors there are, and get our numbers again for files of its own. Private
 * to libocsp.
 */
#ifndef OCSP_FD_H
#define OCSP_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ocsp_fd_id {
	int fd;
	dev_t dev;
	ino_t ino;
	int flags;
	char proc[32];			/* /proc/self/fd/N */
	char link[48];			/* what it says; "": no /proc */
};

void ocsp_fd_remember(struct ocsp_fd_id *id, int fd);

/* Both are async-signal-safe. */
bool ocsp_fd_is_ours(const struct ocsp_fd_id *id);
/* Close it unless it is somebody else's now; then it is nobody's. */
void ocsp_fd_close(struct ocsp_fd_id *id);

/* All of it, whatever comes between. 0, or a negative errno. */
int ocsp_write_all(int fd, const void *data, size_t len);

#endif /* OCSP_FD_H */
