/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What an open has to know of a certificate. Private to libocsp. */
#ifndef OCSP_CERT_SUMMARY_H
#define OCSP_CERT_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/safestack.h>

#include "der_reader.h"

/*
 * Parts of a certificate, as they lie in its DER: d2i_X509() takes a hundred
 * times as long to find them, most of it for the public key, which an open has
 * no use for.
 */
struct ocsp_cert_summary {
	struct ocsp_tlv tbs;		/* what is signed */
	struct ocsp_tlv serial;
	struct ocsp_tlv tbs_algorithm;
	struct ocsp_tlv issuer;
	struct ocsp_tlv subject;
	struct ocsp_tlv info_access;	/* the value of the AIA; start NULL: none */
	struct ocsp_tlv algorithm;
	struct ocsp_tlv signature;
};

/*
 * False: it is no certificate in DER, with nothing behind it. Neither the names
 * nor what else is in it is looked into; that the parts are there, is.
 */
bool ocsp_cert_summarize(const unsigned char *der, size_t len,
			 struct ocsp_cert_summary *summary);

/*
 * Is the subject of one the issuer of the other? Where it is not, errno is
 * ENOMEM if it may be.
 */
bool ocsp_cert_summary_issued(const struct ocsp_cert_summary *issuer,
			      const struct ocsp_cert_summary *cert);

/*
 * Does it name an OCSP responder? As ocsp_cert_urls() finds them. Where it does
 * not, errno is ENOMEM if it may.
 */
bool ocsp_cert_summary_has_url(const struct ocsp_cert_summary *summary);

/* As ocsp_cert_urls(). errno is ENOMEM, or 0, where there is none. */
STACK_OF(OPENSSL_STRING) *
ocsp_cert_summary_urls(const struct ocsp_cert_summary *summary);

/* The subject as ocsp_name_text(). */
char *ocsp_cert_summary_subject(const struct ocsp_cert_summary *summary,
				bool ascii);

/* As ocsp_cert_url_fault(). */
char *ocsp_cert_summary_url_fault(const struct ocsp_cert_summary *summary);

#endif /* OCSP_CERT_SUMMARY_H */
