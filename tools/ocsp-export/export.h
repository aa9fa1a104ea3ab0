/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * ocsp-export: what its parts share.
 *
 * items.c has the responses that the store serves. follow.c reads the store, and
 * tells the targets. Each target keeps somebody else's copy of them: a directory
 * of files, HAProxy, the clients of a responder. One thread, one event loop
 * (sd-event); nothing in it waits for others.
 */
#ifndef EXPORT_H
#define EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

struct item;
struct target;

struct target_ops {
	/* 0 or a negative errno, and why was said. */
	int (*start)(struct target *target);
	/* A new response, or another one. blob is the caller's. */
	void (*update)(struct target *target, const struct item *item,
		       const uint8_t *blob, size_t len);
	/* Not served any more. NULL: the target does not have to know. */
	void (*remove)(struct target *target, const struct item *item);
	/* All that is known was told. complete: and there is nothing else. */
	void (*settle)(struct target *target, bool complete);
	/* Started or not: it is freed. */
	void (*stop)(struct target *target);
};

/* The first member of each kind of target */
struct target {
	const struct target_ops *ops;
	struct target *next;
	char *name;			/* that of its section */
};

/* What the configuration file says */
struct settings {
	char *kind, *name;		/* of the section */
	char *path;			/* of a directory or socket */
	char *names;			/* of files: "sha256" or "sha1" */
	char *command;
	int64_t interval;		/* seconds between two commands */
	char *listen;			/* ADDRESS:PORT */
};

/* config.c: the targets of the file, or NULL, and why was said. */
struct target *config_read(const char *path);
/* Whether they were started or not */
void config_free(struct target *targets);

/* Each: a target, or NULL, and why was said with the line. */
struct target *directory_new(const struct settings *settings);
struct target *haproxy_new(const struct settings *settings);
struct target *responder_new(const struct settings *settings);

/* log.c: priority is that of syslog(3). */
__attribute__((format(printf, 2, 3)))
void log_text(int priority, const char *fmt, ...);
__attribute__((noreturn)) void no_memory(void);
/* Of malloc() and the like: memory, or the program ends. */
void *must(void *memory);

/* follow.c */
extern sd_event *loop;

int follow_start(struct target *targets);
void follow_stop(void);
/*
 * The response of an item, from the store: free() it. NULL: it is served no
 * longer, or the store cannot be reached.
 */
uint8_t *follow_blob(const struct item *item, size_t *len);

/* run.c: a command that runs after changes, but not too often. */
struct run;

struct run *run_new(const char *command, int64_t interval_seconds);
/* It has to run; soon, or when the interval is over, or the one before. */
void run_request(struct run *run);
void run_free(struct run *run);

#endif /* EXPORT_H */
