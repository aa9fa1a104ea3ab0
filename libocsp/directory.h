/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory of CERT_SERVER_OCSP_RESPONSE_OPEN_PARA. Private to libocsp. */
#ifndef OCSP_DIRECTORY_H
#define OCSP_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "context.h"
#include "wincrypt.h"

struct ocsp_directory {
	char *path;			/* UTF-8; NULL: there is none */
	bool write;			/* else it is read */
	char upper[48];			/* <SHA-1>.ocsp */
	char lower[48];
};

/* 0, -EINVAL (no proper UTF-16) or -ENOMEM. */
int ocsp_directory_init(struct ocsp_directory *d, PCWSTR path, bool write,
			PCCERT_CONTEXT leaf);
void ocsp_directory_clear(struct ocsp_directory *d);

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
