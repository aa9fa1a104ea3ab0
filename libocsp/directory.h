/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The directory of CERT_SERVER_OCSP_RESPONSE_OPEN_PARA: one file for each
 * certificate. Private to libocsp.
 */
#ifndef OCSP_DIRECTORY_H
#define OCSP_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "context.h"
#include "error.h"
#include "precedence.h"
#include <wincrypt.h>

struct ocsp_handle;

/* Seconds from one look at a file that is read to the next. */
#define OCSP_DIRECTORY_INTERVAL \
	CERT_SRV_OCSP_RESP_MIN_SYNC_CERT_FILE_SECONDS_DEFAULT

/* What tells that a file is the one that was read before. */
struct ocsp_file_id {
	dev_t dev;
	ino_t ino;			/* 0: there was none */
	off_t size;
	struct timespec changed;
};

struct ocsp_directory {
	/* Constant. */
	char *path;			/* UTF-8 */
	bool write;			/* else it is read */
	char upper[48];			/* <SHA-1>.ocsp */
	char lower[48];

	/* When it is read; protected by the library's lock. */
	bool was_checked;		/* once, at least: then the next is set */
	uint32_t checked_at;		/* ocsp_uptime() */
	struct ocsp_file_id file;
	uint32_t read_at;		/* ocsp_uptime() */
	struct ocsp_context *last;	/* what it had last, or NULL */
	struct ocsp_terms store;	/* the newest that the store had */
	bool failed;			/* the file is no good, as failure says */
	struct ocsp_error failure;
};

/* 0 and *d, or -EINVAL (no proper UTF-16) or -ENOMEM. */
int ocsp_directory_new(struct ocsp_directory **d, PCWSTR path, bool write,
		       PCCERT_CONTEXT leaf);
/* Takes NULL. */
void ocsp_directory_free(struct ocsp_directory *d);

/* path[0..PATH_MAX) of a file in d; false: too long. */
bool ocsp_directory_join(const struct ocsp_directory *d, const char *name,
			 char *path);

/*
 * read_directory.c. A context of the response in der[0..len), which is free()d,
 * if it verifies, or did until it expired; NULL, and *error says why.
 */
struct ocsp_context *ocsp_file_context(unsigned char *der, size_t len,
				       PCCERT_CONTEXT leaf,
				       PCCERT_CONTEXT issuer,
				       struct ocsp_error *error);

/* What decides between this and other responses. */
struct ocsp_terms ocsp_context_terms(const struct ocsp_context *context);

/*
 * Of what the store serves (a reference that is taken over, or NULL), with what
 * it told, and of the file, what is to be served: a reference, or NULL. *error
 * says why the store has nothing; it becomes the file's fault, if there is one.
 * Where no directory is read, what the store serves.
 */
struct ocsp_context *ocsp_directory_choose(struct ocsp_handle *h,
					   struct ocsp_context *store,
					   const struct ocsp_entry *told,
					   struct ocsp_error *error);

/*
 * write_directory.c. Replace the file, unless what it has is newer. 0, or the
 * code of Windows that says why it was not written.
 */
DWORD ocsp_directory_write(const struct ocsp_directory *d, PCCERT_CONTEXT leaf,
			   PCCERT_CONTEXT issuer,
			   const struct ocsp_context *context);

#endif /* OCSP_DIRECTORY_H */
