/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Errors: a code of Windows and a text. What can fail inside the library fills
 * a struct ocsp_error of its caller's; only the functions of the API make it
 * the calling thread's last error. Private to libocsp.
 */
#ifndef OCSP_ERROR_H
#define OCSP_ERROR_H

#include <stdbool.h>

#include <libocsp/ocsp.h>
#include <windows.h>

#define OCSP_MESSAGE_SIZE	640

struct ocsp_error {
	DWORD code;
	char text[OCSP_MESSAGE_SIZE];
};

/*
 * There is no kernel module, or no way to ask. Used inside the library, where
 * -ENOENT is an entry that is not there.
 */
#define OCSP_ENOMODULE		ENODEV

/* Fill *error. An argument may be its text of before. Returns false. */
bool ocsp_error_set(struct ocsp_error *error, DWORD code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool ocsp_error_memory(struct ocsp_error *error);

/* The code of a negative errno of the netlink client or the session. */
DWORD ocsp_error_code(int err);

/* The calling thread's last error, for functions of the API. */
void ocsp_error_report(const struct ocsp_error *error);
/* And what the application's buffer gets, where it gave one: NULL. */
void ocsp_error_give(const struct ocsp_error *error, OCSP_ERROR *to);
void ocsp_set_last_error(DWORD code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* OCSP_ERROR_H */
