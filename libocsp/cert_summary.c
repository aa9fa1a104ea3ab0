// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Parts of a certificate in DER: RFC 5280, section 4.1. */
#include <errno.h>
#include <string.h>

#include "cert.h"
#include "cert_summary.h"
#include "crypto_errors.h"
#include "verify_schema.h"

/* Where the values of a constructed one are read. */
struct cursor {
	struct ocsp_der_reader reader;
	const unsigned char *p, *end;
	char why[64];			/* nobody reads it */
};

static void enter(struct cursor *c, const unsigned char *der, size_t len)
{
	c->reader = (struct ocsp_der_reader){ der, c->why, sizeof(c->why) };
	c->p = der;
	c->end = der + len;
}

/* Take the next value, which must have that identifier octet. */
static bool take(struct cursor *c, uint8_t id, struct ocsp_tlv *tlv)
{
	return c->p < c->end &&
	       ocsp_der_next(&c->reader, &c->p, c->end, tlv) && tlv->id == id;
}

/* The same if it is there; NULL in start: it is not. */
static bool take_optional(struct cursor *c, uint8_t id, struct ocsp_tlv *tlv)
{
	tlv->start = NULL;
	return c->p == c->end || *c->p != id || take(c, id, tlv);
}

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
	struct cursor c;

	enter(&c, extension->data, extension->len);
	if (!take(&c, OID, &oid) || !take_optional(&c, BOOLEAN, &critical) ||
	    !take(&c, OCTET_STRING, &value) || c.p != c.end)
		return false;
	if (is_info_access(&oid) && !(*found)++)
		summary->info_access = value;
	return true;
}

static bool read_extensions(const struct ocsp_tlv *tagged,
			    struct ocsp_cert_summary *summary)
{
	struct ocsp_tlv list, extension;
	struct cursor c;
	int found = 0;

	enter(&c, tagged->data, tagged->len);
	if (!take(&c, SEQUENCE, &list) || c.p != c.end)
		return false;
	enter(&c, list.data, list.len);
	while (c.p < c.end)
		if (!take(&c, SEQUENCE, &extension) ||
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
	struct cursor c;

	enter(&c, summary->tbs.data, summary->tbs.len);
	if (!take_optional(&c, EXPLICIT(0), &skipped) ||	/* version */
	    !take(&c, INTEGER, &summary->serial) ||
	    !take(&c, SEQUENCE, &summary->tbs_algorithm) ||
	    !take(&c, SEQUENCE, &summary->issuer) ||
	    !take(&c, SEQUENCE, &skipped) ||			/* validity */
	    !take(&c, SEQUENCE, &summary->subject) ||
	    !take(&c, SEQUENCE, &skipped) ||			/* the public key */
	    !take_optional(&c, CONTEXT(1), &skipped) ||		/* unique ids */
	    !take_optional(&c, CONTEXT(2), &skipped) ||
	    !take_optional(&c, EXPLICIT(3), &extensions) || c.p != c.end)
		return false;
	return !extensions.start || read_extensions(&extensions, summary);
}

bool ocsp_cert_summarize(const unsigned char *der, size_t len,
			 struct ocsp_cert_summary *summary)
{
	struct ocsp_tlv cert;
	struct cursor c;

	memset(summary, 0, sizeof(*summary));
	enter(&c, der, len);
	if (!take(&c, SEQUENCE, &cert) || c.p != c.end)
		return false;
	enter(&c, cert.data, cert.len);
	return take(&c, SEQUENCE, &summary->tbs) &&
	       take(&c, SEQUENCE, &summary->algorithm) &&
	       take(&c, BIT_STRING, &summary->signature) && c.p == c.end &&
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
