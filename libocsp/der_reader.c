// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Reading DER, value by value. */
#include <stdarg.h>
#include <stdio.h>

#include "der_reader.h"
#include "verify_schema.h"

bool ocsp_der_fail(const struct ocsp_der_reader *w, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(w->why, w->size, fmt, args);
	va_end(args);
	return false;
}

bool ocsp_not_der(const struct ocsp_der_reader *w, const unsigned char *at,
		  const char *what)
{
	return ocsp_der_fail(w, "not DER: %s (byte %zu)", what, (size_t)(at - w->der));
}

/* A tag number above 30 takes further bytes. Moves *p behind them. */
static bool skip_long_tag(const struct ocsp_der_reader *w, const unsigned char **p,
			  const unsigned char *end)
{
	const unsigned char *start = *p;

	while (*p < end && **p & 0x80)
		(*p)++;
	if (*p == end)
		return ocsp_not_der(w, start, "a tag is cut off");
	(*p)++;
	if (*start == 0x80 || *start < 31)
		return ocsp_not_der(w, start, "a tag is not in its shortest form");
	return true;
}

static bool read_length(const struct ocsp_der_reader *w, const unsigned char **p,
			const unsigned char *end, size_t *len)
{
	const unsigned char *start = *p;
	int n;

	if (start == end)
		return ocsp_not_der(w, start, "a length is cut off");
	*len = *(*p)++;
	if (*len < 0x80)
		return true;
	if (*len == 0x80)
		return ocsp_not_der(w, start, "indefinite length");
	n = *len & 0x7f;
	if (n > end - *p)
		return ocsp_not_der(w, start, "a length is cut off");
	if (!**p)
		return ocsp_not_der(w, start, "a length is not in its shortest form");
	if (n > 4)
		return ocsp_not_der(w, start, "a length is too large");
	for (*len = 0; n; n--)
		*len = *len << 8 | *(*p)++;
	if (*len < 0x80)
		return ocsp_not_der(w, start, "a length is not in its shortest form");
	return true;
}

/* Takes the next value from *p. */
bool ocsp_der_next(const struct ocsp_der_reader *w, const unsigned char **p,
		   const unsigned char *end, struct ocsp_tlv *tlv)
{
	tlv->start = *p;
	tlv->id = *(*p)++;
	if (!tlv->id)
		return ocsp_not_der(w, tlv->start, "end-of-contents octets");
	if ((tlv->id & NUMBER) == NUMBER && !skip_long_tag(w, p, end))
		return false;
	if (!read_length(w, p, end, &tlv->len))
		return false;
	if (tlv->len > (size_t)(end - *p))
		return ocsp_not_der(w, tlv->start, "a value ends behind what it is in");
	tlv->data = *p;
	*p += tlv->len;
	return true;
}

void ocsp_der_enter(struct ocsp_der_cursor *c, const unsigned char *der,
		    size_t len)
{
	c->reader = (struct ocsp_der_reader){ der, c->why, sizeof(c->why) };
	c->p = der;
	c->end = der + len;
}

bool ocsp_der_take(struct ocsp_der_cursor *c, uint8_t id, struct ocsp_tlv *tlv)
{
	return c->p < c->end &&
	       ocsp_der_next(&c->reader, &c->p, c->end, tlv) && tlv->id == id;
}

bool ocsp_der_take_optional(struct ocsp_der_cursor *c, uint8_t id,
			    struct ocsp_tlv *tlv)
{
	tlv->start = NULL;
	return c->p == c->end || *c->p != id || ocsp_der_take(c, id, tlv);
}
