// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The names of a certificate. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/x509v3.h>

#include "ocspctl.h"

/* "*.example.com" names the certificate that has just this. */
static bool has_wildcard(X509 *cert, const char *name)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name,
						NULL, NULL);
	size_t len = strlen(name);
	bool found = false;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		found = n->type == GEN_DNS &&
			(size_t)ASN1_STRING_length(n->d.dNSName) == len &&
			!strncasecmp((const char *)
				     ASN1_STRING_get0_data(n->d.dNSName),
				     name, len);
	}
	GENERAL_NAMES_free(names);
	return found;
}

static bool has_subject(X509 *cert, const char *name)
{
	char *subject = ocsp_cert_subject(cert, false);
	bool same;

	if (!subject)
		no_memory();
	same = !strcmp(subject, name);
	free(subject);
	return same;
}

/* X509_check_host() takes no pattern, and no empty name. */
static bool cert_has_name(X509 *cert, const char *name)
{
	if (!*name)
		return false;
	if (!strncmp(name, "*.", 2))
		return has_wildcard(cert, name);
	return X509_check_host(cert, name, 0, 0, NULL) == 1 ||
	       X509_check_ip_asc(cert, name, 0) == 1 ||
	       has_subject(cert, name);
}

/* NULL where the store has none. */
static X509 *entry_cert(const struct ocsp_entry *certs)
{
	X509 *cert = ocsp_cert_decode(certs->cert, certs->cert_len);

	if (!cert && errno == ENOMEM)
		no_memory();
	return cert;
}

bool entry_has_name(const struct ocsp_entry *certs, const char *name)
{
	X509 *cert = entry_cert(certs);
	bool has = cert && cert_has_name(cert, name);

	X509_free(cert);
	return has;
}

char *entry_subject(const struct ocsp_entry *certs)
{
	X509 *cert = entry_cert(certs);
	char *subject = cert ? ocsp_cert_subject(cert, false) : NULL;

	if (cert && !subject)
		no_memory();
	X509_free(cert);
	return subject;
}
