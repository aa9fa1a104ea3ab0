/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What a responder can answer: as it should, and in every wrong way. */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/asn1.h>

#include "forge.h"

/* What was asked, and how. */
struct question {
	const char *fault;		/* its name, with its arguments behind it */
	const char *target;		/* of the request: "/leaf/MFQw..." */
	const ASN1_INTEGER *serial;
	bool sha1;			/* the CertID's digest; else SHA-256 */
	bool post;
	bool no_cache;			/* asked for by the client */
};

/* What goes over the wire, and how. */
struct answer {
	unsigned char *bytes;		/* free() them */
	size_t len;
	size_t stop_after;		/* bytes; then nothing more, for ever */
	bool trickle;			/* a byte a second */
	bool endless;			/* the last line again, for ever */
	bool close;			/* the connection, after it */
	bool reset;			/* instead of that */
	int delay;			/* ms before it */
};

/* The issuer of all that is asked for: what is signed is signed for it. */
void faults_init(const struct forged *issuer);

/* False: there is no such fault. */
bool faults_answer(const struct question *question, struct answer *answer);

#endif /* FAULTS_H */
