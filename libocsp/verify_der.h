/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The encoding of an OCSP response. Private to libocsp. */
#ifndef OCSP_VERIFY_DER_H
#define OCSP_VERIFY_DER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Is der[0..len) an OCSPResponse in DER (X.690), with every time in it in the
 * form that RFC 5280 4.1.2.5 prescribes? False: why[0..size) says what is not,
 * in printable ASCII. Looks at the encoding alone: that all of it is there and
 * of the right type is for libcrypto to see, which parses it. The values of
 * extensions are opaque, but for those that are or have times.
 */
bool ocsp_der_check(const unsigned char *der, size_t len, char *why,
		    size_t size);

#endif /* OCSP_VERIFY_DER_H */
