/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Writing a file: at once, or not at all. */
#ifndef TOOLS_FILE_H
#define TOOLS_FILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Make path a file of these bytes: whoever reads it meets the old ones or the
 * new ones, all of them; with sync also after a crash of the machine, for which
 * it waits for the disk. What a symbolic link points at is replaced, not the
 * link; nothing but a regular file is. 0 or a negative errno.
 */
int write_file(const char *path, const unsigned char *data, size_t len,
	       bool sync);

#endif /* TOOLS_FILE_H */
