/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * HAProxy's files of certificates: which there are, of which certificate each is,
 * and what each was sent.
 */
#ifndef EXPORT_HAPROXY_FILES_H
#define EXPORT_HAPROXY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "items.h"

struct haproxy_file {
	char *name;
	uint8_t sha1[SHA1_LEN];		/* of its certificate; 0: not known */
	uint64_t sent;			/* the generation that HAProxy has */
	bool refused;			/* that, and this was told of */
	bool queued;
	STAILQ_ENTRY(haproxy_file) link;
};

STAILQ_HEAD(haproxy_file_queue, haproxy_file);

struct haproxy_files {
	struct haproxy_file *all;
	size_t count;
	size_t asked, asking;		/* up to those the SHA-1 was asked for */
	bool known;			/* each SHA-1; all are sorted by it */
	struct haproxy_file_queue queue;	/* what is to be sent */
};

void haproxy_files_init(struct haproxy_files *files);
void haproxy_files_clear(struct haproxy_files *files);
/*
 * Take the answer to "show ssl cert". What was sent to a file of before is what
 * HAProxy has still. False: it is no list.
 */
bool haproxy_files_list(struct haproxy_files *files, char *reply);
/*
 * The next command of those that ask for the files' certificates. NULL: all are
 * known, and what the store has for them is in the queue.
 */
char *haproxy_files_ask(struct haproxy_files *files);
void haproxy_files_answer(struct haproxy_files *files, char *reply);
/* There is another response. */
void haproxy_files_update(struct haproxy_files *files, const struct item *item);
/* Is its certificate in another file as well? */
bool haproxy_files_is_copy(const struct haproxy_files *files,
			   const struct haproxy_file *file);
/* The next one to be sent, or NULL. */
struct haproxy_file *haproxy_files_next(struct haproxy_files *files,
					const struct item **item);

#endif /* EXPORT_HAPROXY_FILES_H */
