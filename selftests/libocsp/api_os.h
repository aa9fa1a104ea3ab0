/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What api.c needs and the API does not have: api_linux.c and api_windows.c.
 */
#ifndef API_OS_H
#define API_OS_H

#include <windows.h>
#include <wincrypt.h>

enum api_cert {
	API_CERT,			/* names an OCSP responder */
	API_CERT_NO_URL,
};

/* 0, or the exit status with which the test ends at once. */
int api_start(int argc, char **argv);

/* A chain for the caller to free, or NULL: there is none to be had. */
PCCERT_CHAIN_CONTEXT api_chain(enum api_cert which);

/*
 * Make these bytes the response for API_CERT, valid for a day from now. FALSE:
 * this system takes none that does not come from a responder.
 */
BOOL api_respond(const void *bytes, DWORD len);

/* A new, empty directory; removed at the end with what is in it. */
PWSTR api_directory(void);

void api_sleep(DWORD ms);

#endif /* API_OS_H */
