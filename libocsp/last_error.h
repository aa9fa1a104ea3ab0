/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calling thread's last error. Private to libocsp. */
#ifndef OCSP_LAST_ERROR_H
#define OCSP_LAST_ERROR_H

#include "windows.h"

#define OCSP_MESSAGE_SIZE	640

/*
 * This process cannot have a session: the module is missing. Used inside the
 * library, where -ENOENT is a response that is not there.
 */
#define OCSP_ENOMODULE		ENODEV

/* Set the last error and its text. Arguments may be the text of before. */
void ocsp_set_error(DWORD code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The code of a negative errno of the netlink client or the session. */
DWORD ocsp_error_code(int err);

#endif /* OCSP_LAST_ERROR_H */
