/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Between the parts that read ocspd.conf(5): config.c and settings.c. */
#ifndef OCSPD_CONFIG_READER_H
#define OCSPD_CONFIG_READER_H

#include "config.h"

/* A kind of section: "[KIND NAME]" */
struct section_kind;

/* One that was met; the same in all files. */
struct section {
	const struct section_kind *kind;
	char *name;			/* NULL: the kind has none */
	void *object;			/* what its settings are stored in */
	const char *path;		/* where it was met first */
	unsigned int line;
	unsigned int file;		/* number of the last one with a setting */
	uint64_t seen;			/* settings in that: bits of indices */
	struct section *next;
};

struct reader {
	struct config *config;
	const char *path;		/* of the file */
	unsigned int file;		/* its number, from 1 */
	unsigned int line;
	unsigned int last;		/* line of the setting's end */
	int faults;
	char *why;			/* the first one */
	size_t why_size;
	struct section *section;	/* the one that is read; NULL: none */
	bool skip;			/* an unknown one, with its settings */
	struct section *sections;
	void *by_name;			/* the same, for tfind() */
	struct config_cert **last_cert;
	struct config_issuer **last_issuer;
	char **paths;			/* of all files, until the end */
	size_t paths_count;
};

__attribute__((format(printf, 2, 3)))
void config_fault(struct reader *r, const char *fmt, ...);

/* Replace *where by text, which is owned. NULL: no memory. */
void config_set_text(struct reader *r, char **where, char *text);

/* settings.c */

/* Give a section that was just met its object. False: no memory. */
bool settings_begin(struct reader *r, struct section *s);
/* The kind of "[KIND NAME]"; *name is what follows it, or NULL. NULL: none. */
const struct section_kind *settings_kind(const char *text, const char **name);
void settings_set(struct reader *r, const char *name, const char *value);
/* What does not depend on one setting alone. */
void settings_check(struct reader *r, const struct section *s);
/* What the files left open. */
void settings_initial(struct config *config);
void settings_complete(struct reader *r);

#endif /* OCSPD_CONFIG_READER_H */
