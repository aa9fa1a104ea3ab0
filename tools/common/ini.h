/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Configuration files: lines of "[section]", "name = value" and comments. A
 * line is a comment from "#" or ";" at its start, or from a ";" after a blank.
 * An indented line continues the setting before it.
 */
#ifndef TOOLS_INI_H
#define TOOLS_INI_H

/* What a file has, in its order; line: where it begins, from 1. */
struct ini_calls {
	void (*section)(void *arg, unsigned int line, const char *name);
	/*
	 * A setting of that section; of none where section() was not called
	 * yet. What continues it is part of the value, after a blank; last is
	 * the line of the end of it.
	 */
	void (*setting)(void *arg, unsigned int line, unsigned int last,
			const char *name, const char *value);
	/* A line that is neither; the reading goes on. */
	void (*fault)(void *arg, unsigned int line, const char *why);
};

/* Read a file. 0, or a negative errno: it cannot be read, or not to its end. */
int ini_read(const char *path, const struct ini_calls *calls, void *arg);

#endif /* TOOLS_INI_H */
