/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What an OCSP response consists of. Private to libocsp. */
#ifndef OCSP_VERIFY_SCHEMA_H
#define OCSP_VERIFY_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

/* Universal types. */
enum {
	BOOLEAN = 1, INTEGER, BIT_STRING, OCTET_STRING, NULL_TYPE, OID,
	EXTERNAL = 8, ENUMERATED = 10, EMBEDDED_PDV, UTC_TIME = 23,
	GENERALIZED_TIME, CHARACTER_STRING = 29,
};

/* Identifier octets. */
#define CONSTRUCTED	0x20
#define CLASS		0xc0
#define NUMBER		0x1f
#define SEQUENCE	0x30
#define SET		0x31
#define CONTEXT(n)	(0x80 | (n))
#define EXPLICIT(n)	(0xa0 | (n))	/* a tag around another one */

enum {
	OPTIONAL = 1,
	MANY = 2,		/* any number of them */
	EITHER_TIME = 4,	/* UTCTime or GeneralizedTime */
	DEFAULT_ZERO = 8,	/* must not be there with a value of 0 */
	OPAQUE = 16,		/* what is in it follows from the OID before it */
};

/* One component of a constructed type. A table of them ends with no name. */
struct field {
	const char *name;
	uint8_t id;		/* its identifier octet; 0: anything */
	uint8_t flags;
	uint8_t type;		/* universal type under an implicit tag */
	const struct field *in;	/* what it consists of; NULL: anything */
};

/* The whole: one OCSPResponse. */
extern const struct field ocsp_schema[];

/* In id-pkix-ocsp-basic, what ocsp_schema_of() says of it */
extern const struct field ocsp_schema_basic[];

/*
 * What an OCTET STRING behind this OBJECT IDENTIFIER, given by its contents,
 * consists of. NULL: anything.
 */
const struct field *ocsp_schema_of(const unsigned char *oid, size_t len);

#endif /* OCSP_VERIFY_SCHEMA_H */
