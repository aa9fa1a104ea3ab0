/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * How long a response without nextUpdate is valid: not at all, unless the
 * operator of the host allows it. Private to this project, like client.h.
 */
#ifndef OCSP_VALIDITY_H
#define OCSP_VALIDITY_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

/* Most seconds from thisUpdate that can be allowed; what Windows takes. */
#define OCSP_VALIDITY_MAX	(12 * 60 * 60)

/*
 * The file: lines of "*" or of the SHA-256 of an issuer's certificate, in hex,
 * and of a number of seconds; "#" begins a comment. It is read when there is such
 * a response. A variable for the tests.
 */
extern const char *ocsp_validity_file;

/*
 * Seconds for the responses of an issuer, 0 when none are allowed; then
 * why[0..size) says what is wrong with the file, or is "".
 */
int64_t ocsp_validity(X509 *issuer, char *why, size_t size);

#endif /* OCSP_VALIDITY_H */
