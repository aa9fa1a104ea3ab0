/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What libcrypto has decoded, against its bytes. Private to libocsp. */
#ifndef OCSP_ENCODING_H
#define OCSP_ENCODING_H

#include <stdbool.h>
#include <string.h>

#include <openssl/asn1.h>

/* Has libcrypto read all of der[0..len), and as it stands there? */
static inline bool ocsp_is_encoding(const ASN1_ITEM *item, const void *value,
				    const unsigned char *der, size_t len)
{
	unsigned char *own = NULL;
	int n = ASN1_item_i2d(value, &own, item);
	bool same = n >= 0 && (size_t)n == len && !memcmp(own, der, len);

	OPENSSL_free(own);
	return same;
}

#endif /* OCSP_ENCODING_H */
