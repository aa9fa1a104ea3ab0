/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The files of the certificates that the configuration has held. */
#ifndef OCSPD_PIN_FILES_H
#define OCSPD_PIN_FILES_H

#include <glob.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/x509.h>

#include "config.h"

/*
 * A walk over all of them: first those that "file" names, then those that the
 * patterns match. Zeroed, but for the configuration: it is at the first.
 */
struct pin_walk {
	struct config *config;
	const struct config_cert *section;	/* NULL: at the first of a round */
	bool patterns;			/* the second round */
	bool ended;
	glob_t matches;
	size_t next;			/* of these */
	int faults;			/* told already */
	bool incomplete;		/* a pattern could not be followed */
};

/* One of them; path is valid until the next step of the walk. */
struct pin_file {
	const struct config_cert *section;
	const char *path;
};

/* False: that were all. */
bool pin_walk_next(struct pin_walk *walk, struct pin_file *file);
/* At any time; again does no harm. */
void pin_walk_end(struct pin_walk *walk);

/* What tells one state of a file from another. Zeroed: there is none. */
struct file_identity {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;	/* also its mode or owner */
};

/* Looks at the file. True: it is not what it was. */
bool file_has_changed(const char *path, struct file_identity *identity);

/* A leaf with its issuer, both NULL when there is no responder to ask. */
struct pin_pair {
	X509 *cert;
	X509 *issuer;
};

/* False: that was told. */
bool pin_read(const struct pin_file *file, struct pin_pair *pair);
void pin_pair_clear(struct pin_pair *pair);

/* Tells what is wrong with one; returns false. */
bool pin_fault(const struct pin_file *file, const char *why);

#endif /* OCSPD_PIN_FILES_H */
