// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A certificate and its issuer, parsed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "cert.h"
#include "cert_summary.h"
#include "subject.h"

/* Of one certificate's URLs the rest is not used. */
#define URLS_MAX	8
/* Issuers that are remembered: of few, most certificates are. */
#define ISSUERS		16

/*
 * The issuers that were needed last, the latest first. To decode one takes a
 * tenth of all that a response costs, and would be done twice for it.
 */
static struct issuer {
	unsigned char *der;
	size_t len;
	X509 *cert;
} issuers[ISSUERS];

static void forget_issuer(struct issuer *issuer)
{
	free(issuer->der);
	X509_free(issuer->cert);
	memset(issuer, 0, sizeof(*issuer));
}

void subject_forget_issuers(void)
{
	size_t i;

	for (i = 0; i < ISSUERS; i++)
		forget_issuer(&issuers[i]);
}

/* To the front; those before it make room. */
static void move_to_front(size_t i)
{
	const struct issuer issuer = issuers[i];

	memmove(&issuers[1], &issuers[0], i * sizeof(issuers[0]));
	issuers[0] = issuer;
}

/* In the place of the one that was needed longest ago. */
static void remember_issuer(const unsigned char *der, size_t len, X509 *cert)
{
	struct issuer *last = &issuers[ISSUERS - 1];

	forget_issuer(last);
	last->der = malloc(len);
	if (!last->der)
		return;
	memcpy(last->der, der, len);
	last->len = len;
	X509_up_ref(cert);
	last->cert = cert;
	move_to_front(ISSUERS - 1);
}

/* With a reference. As ocsp_cert_decode(). */
static X509 *decode_issuer(const unsigned char *der, size_t len)
{
	X509 *cert;
	size_t i;

	for (i = 0; i < ISSUERS && issuers[i].cert; i++) {
		if (!der || issuers[i].len != len ||
		    memcmp(issuers[i].der, der, len))
			continue;
		move_to_front(i);
		X509_up_ref(issuers[0].cert);
		return issuers[0].cert;
	}
	cert = ocsp_cert_decode(der, len);
	if (cert)
		remember_issuer(der, len, cert);
	return cert;
}

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

/* False: no memory. */
static bool take_urls(struct subject *subject,
		      const struct ocsp_cert_summary *summary)
{
	const char *url = subject->policy.responder;

	subject->urls = url ? only(url) : ocsp_cert_summary_urls(summary);
	return subject->urls || (!url && errno != ENOMEM);
}

/* With an empty subject it goes by another name, which is not in the summary. */
static char *name_of(const struct ocsp_entry *entry,
		     const struct ocsp_cert_summary *summary)
{
	char *name = ocsp_cert_summary_subject(summary, true);
	X509 *cert;

	if (name)
		return name;
	cert = ocsp_cert_decode(entry->cert, entry->cert_len);
	if (cert)
		name = ocsp_cert_subject(cert, true);
	X509_free(cert);
	return name;
}

static bool outline(struct subject *subject, struct cert *cert,
		    const struct ocsp_entry *entry,
		    struct ocsp_cert_summary *summary)
{
	memset(subject, 0, sizeof(*subject));
	errno = EINVAL;
	if (!entry->cert ||
	    !ocsp_cert_summarize(entry->cert, entry->cert_len, summary))
		return false;
	subject->issuer = decode_issuer(entry->issuer, entry->issuer_len);
	if (!subject->issuer)
		return false;
	subject->policy = policy_of(cert, subject->issuer);
	config_get(subject->policy.config);
	subject->name = name_of(entry, summary);
	if (take_urls(subject, summary))
		return true;
	errno = ENOMEM;
	return false;
}

/* What was begun is taken back; errno stays. */
static bool give_up(struct subject *subject)
{
	int saved = errno;

	subject_clear(subject);
	errno = saved;
	return false;
}

bool subject_outline(struct subject *subject, struct cert *cert,
		     const struct ocsp_entry *entry)
{
	struct ocsp_cert_summary summary;

	return outline(subject, cert, entry, &summary) || give_up(subject);
}

bool subject_make(struct subject *subject, struct cert *cert,
		  const struct ocsp_entry *entry)
{
	struct ocsp_cert_summary summary;

	if (outline(subject, cert, entry, &summary))
		subject->leaf = ocsp_leaf_decode(&summary);
	return subject->leaf || give_up(subject);
}

void subject_clear(struct subject *subject)
{
	ocsp_leaf_free(subject->leaf);
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
