// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The encoding of an OCSP response.
 *
 * libcrypto takes BER, times in any form, and defaults that are encoded; and
 * it keeps the bytes of names and certificates as they came, so that encoding
 * the response again does not show that either. Stricter clients end the
 * handshake over it. So the bytes are walked here, along the ASN.1 modules of
 * RFC 6960 and RFC 5280, which also gives what is wrong a name.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "der_reader.h"
#include "verify_der.h"
#include "verify_schema.h"

/* Of what is defined elsewhere; nothing in use comes near it. */
#define DEPTH_MAX	30

/* Most bytes of a malformed time in a reason. */
#define QUOTE_MAX	30

/* Times */

static int two_digits(const unsigned char *s)
{
	return (s[0] - '0') * 10 + s[1] - '0';
}

/* MMDDHHMMSS */
static bool is_in_calendar(int year, const unsigned char *s)
{
	static const int days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;
	int month = two_digits(s), day = two_digits(s + 2);

	return month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (leap && month == 2) &&
	       two_digits(s + 4) < 24 && two_digits(s + 6) < 60 &&
	       two_digits(s + 8) < 60;
}

/* NULL: it is YYYYMMDDHHMMSSZ, or YYMMDDHHMMSSZ for a UTCTime. */
static const char *time_fault(const unsigned char *s, size_t len, bool utc)
{
	size_t digits = 0, whole = utc ? 12 : 14;
	const unsigned char *rest;
	int year;

	while (digits < len && s[digits] >= '0' && s[digits] <= '9')
		digits++;
	rest = s + digits;
	len -= digits;
	/* BER can do without seconds; without minutes, in a GeneralizedTime. */
	if (digits % 2 || digits > whole || digits < 10)
		return "is not a date and time";
	if (!len)
		return "has no Z at its end, as DER requires";
	if (*rest == '.' || *rest == ',')
		return "has a fraction of a second, which RFC 5280 forbids";
	if (*rest == '+' || *rest == '-')
		return "has an offset from UTC, which DER forbids";
	if (*rest != 'Z' || len > 1)
		return "is not a date and time";
	if (digits < whole)
		return "has no seconds, which DER requires";
	year = two_digits(s);
	if (!utc)
		year = year * 100 + two_digits(s + 2);
	else
		year += year < 50 ? 2000 : 1900;
	return is_in_calendar(year, s + whole - 10) ? NULL :
						      "is not a valid date";
}

/* A time of a certificate's author, or of the responder's, for a terminal. */
static void quote(const struct ocsp_tlv *tlv, char text[QUOTE_MAX + 1])
{
	size_t i;

	for (i = 0; i < tlv->len && i < QUOTE_MAX; i++)
		text[i] = tlv->data[i] > ' ' && tlv->data[i] < 0x7f ?
			  tlv->data[i] : '?';
	text[i] = '\0';
}

static bool check_time(const struct ocsp_der_reader *w, const struct ocsp_tlv *tlv, bool utc,
		       const char *name)
{
	const char *fault = time_fault(tlv->data, tlv->len, utc);
	char text[QUOTE_MAX + 1];

	if (!fault)
		return true;
	quote(tlv, text);
	return ocsp_der_fail(w, "%s %s%s%s", name, text, *text ? " " : "", fault);
}

/* Primitive values */

static const char *integer_fault(const struct ocsp_tlv *tlv)
{
	const unsigned char *d = tlv->data;

	if (!tlv->len)
		return "a number without a value";
	/* All bits of the first byte say what the next one's first does. */
	if (tlv->len > 1 && ((!d[0] && d[1] < 0x80) ||
			     (d[0] == 0xff && d[1] >= 0x80)))
		return "a number is not in its shortest form";
	return NULL;
}

static const char *bit_string_fault(const struct ocsp_tlv *tlv)
{
	int unused;

	if (!tlv->len || tlv->data[0] > 7 || (tlv->len == 1 && tlv->data[0]))
		return "a malformed BIT STRING";
	unused = (1 << tlv->data[0]) - 1;
	if (tlv->len > 1 && tlv->data[tlv->len - 1] & unused)
		return "unused bits of a BIT STRING are not 0";
	return NULL;
}

static const char *oid_fault(const struct ocsp_tlv *tlv)
{
	bool start = true;
	size_t i;

	if (!tlv->len || tlv->data[tlv->len - 1] & 0x80)
		return "a malformed OBJECT IDENTIFIER";
	for (i = 0; i < tlv->len; i++) {
		if (start && tlv->data[i] == 0x80)
			return "an OBJECT IDENTIFIER is not in its shortest form";
		start = !(tlv->data[i] & 0x80);
	}
	return NULL;
}

static const char *primitive_fault(const struct ocsp_tlv *tlv, int type)
{
	switch (type) {
	case BOOLEAN:
		if (tlv->len != 1 || (tlv->data[0] && tlv->data[0] != 0xff))
			return "a BOOLEAN is neither 00 nor FF";
		return NULL;
	case INTEGER:
	case ENUMERATED:
		return integer_fault(tlv);
	case BIT_STRING:
		return bit_string_fault(tlv);
	case NULL_TYPE:
		return tlv->len ? "a NULL with a value" : NULL;
	case OID:
		return oid_fault(tlv);
	default:
		return NULL;
	}
}

static bool check_primitive(const struct ocsp_der_reader *w, const struct ocsp_tlv *tlv,
			    int type, const char *name)
{
	const char *fault;

	if (type == UTC_TIME || type == GENERALIZED_TIME)
		return check_time(w, tlv, type == UTC_TIME, name);
	fault = primitive_fault(tlv, type);
	return fault ? ocsp_not_der(w, tlv->start, fault) : true;
}

/* What no table describes */

static bool is_constructed_type(int type)
{
	return type == (SEQUENCE & NUMBER) || type == (SET & NUMBER) ||
	       type == EXTERNAL || type == EMBEDDED_PDV ||
	       type == CHARACTER_STRING;
}

/* X.690 11.6: in ascending order, the shorter one as if zeros followed. */
static bool is_ascending(const struct ocsp_tlv *a, const struct ocsp_tlv *b)
{
	size_t a_len = ocsp_tlv_size(a);
	size_t b_len = ocsp_tlv_size(b);
	int order = memcmp(a->start, b->start, a_len < b_len ? a_len : b_len);

	return order < 0 || (!order && a_len <= b_len);
}

static bool check_any(const struct ocsp_der_reader *w, const struct ocsp_tlv *tlv,
		      const char *name, int depth);

static bool check_all(const struct ocsp_der_reader *w, const struct ocsp_tlv *tlv,
		      const char *name, int depth)
{
	const unsigned char *p = tlv->data, *end = tlv->data + tlv->len;
	struct ocsp_tlv now, last = { 0 };

	if (depth == DEPTH_MAX)
		return ocsp_not_der(w, tlv->start, "nested too deeply");
	for (; p < end; last = now) {
		if (!ocsp_der_next(w, &p, end, &now) ||
		    !check_any(w, &now, name, depth + 1))
			return false;
		if (tlv->id == SET && last.start && !is_ascending(&last, &now))
			return ocsp_not_der(w, now.start, "a SET is not sorted");
	}
	return true;
}

static bool check_any(const struct ocsp_der_reader *w, const struct ocsp_tlv *tlv,
		      const char *name, int depth)
{
	bool constructed = tlv->id & CONSTRUCTED;
	int type = tlv->id & NUMBER;

	if (tlv->id & CLASS)
		return !constructed || check_all(w, tlv, name, depth);
	if (constructed != is_constructed_type(type))
		return ocsp_not_der(w, tlv->start, constructed ?
			       "a string in pieces" :
			       "a SEQUENCE or SET is not constructed");
	return constructed ? check_all(w, tlv, name, depth) :
			     check_primitive(w, tlv, type, name);
}

/* What a table describes */

static bool is_time(const struct ocsp_tlv *tlv)
{
	return tlv->id == UTC_TIME || tlv->id == GENERALIZED_TIME;
}

static bool is_of(const struct ocsp_tlv *tlv, const struct field *f)
{
	if (f->flags & EITHER_TIME)
		return is_time(tlv);
	return !f->id || tlv->id == f->id;
}

/* found is NULL where nothing is left. */
static bool missing(const struct ocsp_der_reader *w, const struct field *f,
		    const struct ocsp_tlv *found)
{
	if (found && f->id == GENERALIZED_TIME && found->id == UTC_TIME)
		return ocsp_der_fail(w, "%s is a UTCTime, not a GeneralizedTime",
			    f->name);
	if (found && f->id == (found->id & ~CONSTRUCTED))
		return ocsp_der_fail(w, "not DER: %s is in pieces", f->name);
	return ocsp_der_fail(w, "%s is missing or malformed", f->name);
}

static bool check_fields(const struct ocsp_der_reader *w, const struct ocsp_tlv *parent,
			 const struct field *f);

/* oid is the first component of what the field is in. */
static bool check_field(const struct ocsp_der_reader *w, const struct ocsp_tlv *tlv,
			const struct field *f, const struct ocsp_tlv *oid)
{
	const struct field *in = f->in;

	if (f->flags & DEFAULT_ZERO && tlv->len == 1 && !tlv->data[0])
		return ocsp_der_fail(w, "not DER: %s is encoded although it has its default value (byte %zu)",
			    f->name, (size_t)(tlv->start - w->der));
	if (f->flags & OPAQUE)
		in = ocsp_schema_of(oid->data, oid->len);
	if (in)
		return check_fields(w, tlv, in);
	if (f->type)
		return check_primitive(w, tlv, f->type, f->name);
	return check_any(w, tlv, f->name, 0);
}

static bool check_fields(const struct ocsp_der_reader *w, const struct ocsp_tlv *parent,
			 const struct field *f)
{
	const unsigned char *p = parent->data, *end = p + parent->len;
	const char *last = "nothing";
	struct ocsp_tlv tlv, first = { 0 };

	for (; f->name; f++) {
		const unsigned char *start = p;
		const unsigned char *at;

		/* Once, or as long as they come. */
		while (p < end && (p == start || f->flags & MANY)) {
			at = p;
			if (!ocsp_der_next(w, &at, end, &tlv))
				return false;
			if (!is_of(&tlv, f))
				break;
			p = at;
			if (!first.start)
				first = tlv;
			if (!check_field(w, &tlv, f, &first))
				return false;
			last = f->name;
		}
		if (p == start && !(f->flags & (OPTIONAL | MANY)))
			return missing(w, f, p < end ? &tlv : NULL);
	}
	if (p < end)
		return ocsp_der_fail(w, "%zu bytes after %s (byte %zu)",
			    (size_t)(end - p), last, (size_t)(p - w->der));
	return true;
}

bool ocsp_der_check(const unsigned char *der, size_t len, char *why,
		    size_t size)
{
	const struct ocsp_der_reader w = { .der = der, .why = why, .size = size };
	const struct ocsp_tlv whole = { .start = der, .data = der, .len = len };

	return check_fields(&w, &whole, ocsp_schema);
}
