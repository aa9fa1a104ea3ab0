// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Parts of a certificate in DER: RFC 5280, section 4.1. */
#include <errno.h>
#include <string.h>

#include "cert.h"
#include "cert_summary.h"
#include "crypto_errors.h"
#include "verify_schema.h"

static bool is_info_access(const struct ocsp_tlv *oid)
{
	/* id-pe-authorityInfoAccess, 1.3.6.1.5.5.7.1.1 */
	static const unsigned char info_access[] = {
		0x2b, 6, 1, 5, 5, 7, 1, 1
	};

	return oid->len == sizeof(info_access) &&
	       !memcmp(oid->data, info_access, oid->len);
}

static bool read_extension(const struct ocsp_tlv *extension,
			   struct ocsp_cert_summary *summary, int *found)
{
	struct ocsp_tlv oid, critical, value;
	struct ocsp_der_cursor c;

	ocsp_der_enter(&c, extension->data, extension->len);
	if (!ocsp_der_take(&c, OID, &oid) || !ocsp_der_take_optional(&c, BOOLEAN, &critical) ||
	    !ocsp_der_take(&c, OCTET_STRING, &value) || c.p != c.end)
		return false;
	if (is_info_access(&oid) && !(*found)++)
		summary->info_access = value;
	return true;
}

static bool read_extensions(const struct ocsp_tlv *tagged,
			    struct ocsp_cert_summary *summary)
{
	struct ocsp_tlv list, extension;
	struct ocsp_der_cursor c;
	int found = 0;

	ocsp_der_enter(&c, tagged->data, tagged->len);
	if (!ocsp_der_take(&c, SEQUENCE, &list) || c.p != c.end)
		return false;
	ocsp_der_enter(&c, list.data, list.len);
	while (c.p < c.end)
		if (!ocsp_der_take(&c, SEQUENCE, &extension) ||
		    !read_extension(&extension, summary, &found))
			return false;
	/* Which of two counts is anybody's guess: none does. */
	if (found > 1)
		summary->info_access.start = NULL;
	return true;
}

/* TBSCertificate */
static bool read_tbs(struct ocsp_cert_summary *summary)
{
	struct ocsp_tlv skipped, extensions;
	struct ocsp_der_cursor c;

	ocsp_der_enter(&c, summary->tbs.data, summary->tbs.len);
	if (!ocsp_der_take_optional(&c, EXPLICIT(0), &skipped) ||	/* version */
	    !ocsp_der_take(&c, INTEGER, &summary->serial) ||
	    !ocsp_der_take(&c, SEQUENCE, &summary->tbs_algorithm) ||
	    !ocsp_der_take(&c, SEQUENCE, &summary->issuer) ||
	    !ocsp_der_take(&c, SEQUENCE, &skipped) ||			/* validity */
	    !ocsp_der_take(&c, SEQUENCE, &summary->subject) ||
	    !ocsp_der_take(&c, SEQUENCE, &skipped) ||			/* the public key */
	    !ocsp_der_take_optional(&c, CONTEXT(1), &skipped) ||		/* unique ids */
	    !ocsp_der_take_optional(&c, CONTEXT(2), &skipped) ||
	    !ocsp_der_take_optional(&c, EXPLICIT(3), &extensions) || c.p != c.end)
		return false;
	return !extensions.start || read_extensions(&extensions, summary);
}

bool ocsp_cert_summarize(const unsigned char *der, size_t len,
			 struct ocsp_cert_summary *summary)
{
	struct ocsp_tlv cert;
	struct ocsp_der_cursor c;

	memset(summary, 0, sizeof(*summary));
	ocsp_der_enter(&c, der, len);
	if (!ocsp_der_take(&c, SEQUENCE, &cert) || c.p != c.end)
		return false;
	ocsp_der_enter(&c, cert.data, cert.len);
	return ocsp_der_take(&c, SEQUENCE, &summary->tbs) &&
	       ocsp_der_take(&c, SEQUENCE, &summary->algorithm) &&
	       ocsp_der_take(&c, BIT_STRING, &summary->signature) && c.p == c.end &&
	       read_tbs(summary);
}

static X509_NAME *decode_name(const struct ocsp_tlv *name)
{
	const unsigned char *p = name->start;

	return d2i_X509_NAME(NULL, &p, ocsp_tlv_size(name));
}

/* As RFC 5280 7.1 compares them: not by their bytes. */
static bool same_name(const struct ocsp_tlv *a, const struct ocsp_tlv *b)
{
	bool alone = ocsp_errors_begin(), same;
	X509_NAME *x = decode_name(a), *y = decode_name(b);

	same = x && y && !X509_NAME_cmp(x, y);
	X509_NAME_free(x);
	X509_NAME_free(y);
	errno = ocsp_errors_end(alone) ? ENOMEM : 0;
	return same;
}

bool ocsp_cert_summary_issued(const struct ocsp_cert_summary *issuer,
			      const struct ocsp_cert_summary *cert)
{
	const struct ocsp_tlv *a = &issuer->subject, *b = &cert->issuer;

	errno = 0;
	if (a->len == b->len && !memcmp(a->data, b->data, a->len))
		return true;
	return same_name(a, b);
}

/* NULL: there is none. */
static AUTHORITY_INFO_ACCESS *
decode_info(const struct ocsp_cert_summary *summary)
{
	const unsigned char *p = summary->info_access.data;

	return summary->info_access.start ?
	       d2i_AUTHORITY_INFO_ACCESS(NULL, &p, summary->info_access.len) :
	       NULL;
}

bool ocsp_cert_summary_has_url(const struct ocsp_cert_summary *summary)
{
	bool alone = ocsp_errors_begin(), has;
	AUTHORITY_INFO_ACCESS *info = decode_info(summary);

	has = ocsp_info_has_url(info);
	AUTHORITY_INFO_ACCESS_free(info);
	errno = ocsp_errors_end(alone) ? ENOMEM : 0;
	return has;
}

STACK_OF(OPENSSL_STRING) *
ocsp_cert_summary_urls(const struct ocsp_cert_summary *summary)
{
	bool alone = ocsp_errors_begin();
	AUTHORITY_INFO_ACCESS *info = decode_info(summary);
	STACK_OF(OPENSSL_STRING) *urls = ocsp_info_urls(info);

	AUTHORITY_INFO_ACCESS_free(info);
	if (ocsp_errors_end(alone) && !urls)
		errno = ENOMEM;
	return urls;
}

char *ocsp_cert_summary_subject(const struct ocsp_cert_summary *summary,
				bool ascii)
{
	bool alone = ocsp_errors_begin();
	X509_NAME *name = decode_name(&summary->subject);
	char *text = name ? ocsp_name_text(name, ascii) : NULL;

	X509_NAME_free(name);
	ocsp_errors_end(alone);
	return text;
}

char *ocsp_cert_summary_url_fault(const struct ocsp_cert_summary *summary)
{
	bool alone = ocsp_errors_begin();
	AUTHORITY_INFO_ACCESS *info = decode_info(summary);
	char *fault = ocsp_info_url_fault(info);

	AUTHORITY_INFO_ACCESS_free(info);
	ocsp_errors_end(alone);
	return fault;
}
