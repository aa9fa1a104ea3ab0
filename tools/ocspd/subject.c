// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A certificate and its issuer, parsed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "cert.h"
#include "subject.h"

/* Of one certificate's URLs the rest is not used. */
#define URLS_MAX	8

/* What the configuration says instead of the certificate. */
static STACK_OF(OPENSSL_STRING) *only(const char *url)
{
	STACK_OF(OPENSSL_STRING) *urls = sk_OPENSSL_STRING_new_null();
	char *copy = OPENSSL_strdup(url);

	if (urls && copy && sk_OPENSSL_STRING_push(urls, copy) > 0)
		return urls;
	OPENSSL_free(copy);
	sk_OPENSSL_STRING_free(urls);
	return NULL;
}

bool subject_make(struct subject *subject, struct cert *cert,
		  const struct ocsp_entry *entry)
{
	const char *url;

	memset(subject, 0, sizeof(*subject));
	subject->cert = ocsp_cert_decode(entry->cert, entry->cert_len);
	if (subject->cert)
		subject->issuer = ocsp_cert_decode(entry->issuer,
						   entry->issuer_len);
	if (!subject->issuer) {
		subject_clear(subject);
		return false;
	}
	subject->policy = policy_of(cert, subject->issuer);
	config_get(subject->policy.config);
	url = subject->policy.responder;
	subject->name = ocsp_cert_subject(subject->cert, true);
	subject->urls = url ? only(url) : ocsp_cert_urls(subject->cert);
	if (subject->urls || (!url && errno != ENOMEM))
		return true;
	subject_clear(subject);
	errno = ENOMEM;
	return false;
}

void subject_clear(struct subject *subject)
{
	X509_free(subject->cert);
	X509_free(subject->issuer);
	free(subject->name);
	X509_email_free(subject->urls);
	config_put(subject->policy.config);
	memset(subject, 0, sizeof(*subject));
}

const char *subject_url(const struct subject *subject, unsigned int number)
{
	if (!subject->urls || number >= URLS_MAX ||
	    number >= (unsigned int)sk_OPENSSL_STRING_num(subject->urls))
		return NULL;
	return sk_OPENSSL_STRING_value(subject->urls, number);
}
