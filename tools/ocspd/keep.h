/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Certificates that are held for good, as the operator said over the control
 * socket: DIRECTORY/KEY.pem each, the certificate and its issuer. A directory
 * of files, since one file would be written anew for each of 10,000.
 */
#ifndef OCSPD_KEEP_H
#define OCSPD_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Hold what the directory has; NULL: there is none. Some of them in each
 * turn of the loop, or all of them now.
 */
void keep_open(const char *directory, bool now);
/* Lets them go, to be called before the store is closed. */
void keep_close(void);

/*
 * Hold a certificate of the store, or hold it no longer. 0, or a negative errno
 * and *why. -ENOENT: it is not held.
 */
int keep_add(const uint8_t *key, const char **why);
int keep_remove(const uint8_t *key, const char **why);

bool keep_has(const uint8_t *key);
size_t keep_count(void);
/* Not all of the directory was read yet. */
bool keep_is_reading(void);

#endif /* OCSPD_KEEP_H */
