/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * How the response of a certificate is fetched: what the configuration says of
 * the certificate, of its issuer, and of all, in this order.
 */
#ifndef OCSPD_POLICY_H
#define OCSPD_POLICY_H

#include <stddef.h>

#include <openssl/x509.h>

#include "certs.h"
#include "config.h"

struct policy {
	struct config *config;		/* whose the strings are */
	const char *responder;		/* NULL: those that the certificate names */
	const char *ca_file;		/* NULL: the system's */
	enum method method;		/* never METHOD_UNSET */
	enum digest digest;		/* never DIGEST_UNSET */
	long refresh;			/* seconds */
	long refresh_min;
	long refresh_max;
};

/*
 * Follow that configuration from now on, with a reference to it. -1: a file
 * that it names cannot be read; the one before holds, and why[0..size) has the
 * reason, which was told, too.
 */
int policy_configure(struct config *config, char *why, size_t size);
void policy_clear(void);

/* issuer: the certificate's, or NULL: the store is asked where it matters. */
struct policy policy_of(struct cert *cert, X509 *issuer);

/* The same of one that is not known yet; pin is of its section. */
struct policy policy_of_pin(const struct config_policy *pin, const uint8_t *key,
			    X509 *issuer);

#endif /* OCSPD_POLICY_H */
