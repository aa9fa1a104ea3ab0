/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * A certificate and its issuer, decoded. They are many times the size of their
 * DER, so they only exist while something is done with them.
 */
#ifndef OCSPD_SUBJECT_H
#define OCSPD_SUBJECT_H

#include <stdbool.h>

#include <openssl/x509.h>

#include "client.h"
#include "leaf.h"
#include "policy.h"

struct subject {
	struct ocsp_leaf *leaf;		/* NULL: see subject_outline() */
	X509 *issuer;
	char *name;			/* for people; NULL: no memory */
	STACK_OF(OPENSSL_STRING) *urls;	/* NULL: it names no responder */
	struct policy policy;		/* with a reference to its configuration */
};

/*
 * From what the store sent with KTLS_OCSP_PART_CERTIFICATES. False: it has
 * none, or they are none, or there is no memory: then errno is ENOMEM.
 * subject_clear() after.
 */
bool subject_make(struct subject *subject, struct cert *cert,
		  const struct ocsp_entry *entry);
/* The same without the leaf: to know whom to ask is enough. */
bool subject_outline(struct subject *subject, struct cert *cert,
		     const struct ocsp_entry *entry);
void subject_clear(struct subject *subject);
/* Issuers are remembered, to be decoded once. At the end. */
void subject_forget_issuers(void);

/* The URL of that number, from 0, or NULL. */
const char *subject_url(const struct subject *subject, unsigned int number);

#endif /* OCSPD_SUBJECT_H */
