/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Reading DER (X.690), value by value: tags and lengths in their shortest form.
 * Private to this project, like client.h.
 */
#ifndef OCSP_DER_READER_H
#define OCSP_DER_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One encoded value: tag, length and content. */
struct ocsp_tlv {
	const unsigned char *start;
	const unsigned char *data;
	size_t len;
	uint8_t id;
};

/* Its length with identifier and length octets, from start on. */
static inline size_t ocsp_tlv_size(const struct ocsp_tlv *tlv)
{
	return tlv->data + tlv->len - tlv->start;
}

struct ocsp_der_reader {
	const unsigned char *der;	/* where byte 0 is */
	char *why;			/* what is wrong with it, in ASCII */
	size_t size;			/* of why */
};

/* Take the next value from *p, which is before end. False: why says it. */
bool ocsp_der_next(const struct ocsp_der_reader *w, const unsigned char **p,
		   const unsigned char *end, struct ocsp_tlv *tlv);

/* Say what is wrong: anything, or with the encoding at a byte. Both return false. */
bool ocsp_der_fail(const struct ocsp_der_reader *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
bool ocsp_not_der(const struct ocsp_der_reader *w, const unsigned char *at,
		  const char *what);

/* Where the values of a constructed one are read by who needs no reason. */
struct ocsp_der_cursor {
	struct ocsp_der_reader reader;
	const unsigned char *p, *end;
	char why[64];			/* nobody reads it */
};

void ocsp_der_enter(struct ocsp_der_cursor *c, const unsigned char *der,
		    size_t len);

/* Take the next value, which must have that identifier octet. */
bool ocsp_der_take(struct ocsp_der_cursor *c, uint8_t id, struct ocsp_tlv *tlv);

/* The same if it is there; NULL in start: it is not. */
bool ocsp_der_take_optional(struct ocsp_der_cursor *c, uint8_t id,
			    struct ocsp_tlv *tlv);

#endif /* OCSP_DER_READER_H */
