/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory of CERT_SERVER_OCSP_RESPONSE_OPEN_PARA. Private to libocsp. */
#ifndef OCSP_DIRECTORY_H
#define OCSP_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "context.h"
#include "wincrypt.h"

#define OCSP_WHY	512		/* bytes that a reason may have */

struct ocsp_directory {
	/* Constant. */
	char *path;			/* UTF-8 */
	bool write;			/* else it is read */
	char upper[48];			/* <SHA-1>.ocsp */
	char lower[48];

	/* Protected by the session's lock. */
	struct ocsp_context *last;	/* what it had last, or NULL */
	char why[OCSP_WHY];		/* it has nothing; "": there is no file */
	time_t checked;			/* CLOCK_MONOTONIC; 0: never */
};

/* 0 and *d, or -EINVAL (no proper UTF-16) or -ENOMEM. */
int ocsp_directory_new(struct ocsp_directory **d, PCWSTR path, bool write,
		       PCCERT_CONTEXT leaf);
/* Takes NULL. */
void ocsp_directory_free(struct ocsp_directory *d);

/*
 * The verified response in the directory, with one reference; or NULL, and
 * why[0..size) says why ("": there is no file).
 */
struct ocsp_context *ocsp_directory_read(const struct ocsp_directory *d,
					 PCCERT_CONTEXT leaf,
					 PCCERT_CONTEXT issuer, char *why,
					 size_t size);

/* 0, or the code of Windows that says why it was not written. */
DWORD ocsp_directory_write(const struct ocsp_directory *d,
			   const struct ocsp_context *c);

#endif /* OCSP_DIRECTORY_H */
