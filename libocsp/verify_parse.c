// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * From the bytes of an OCSP response to what is verified. Its certificates are
 * decoded apart from the rest, for they are the same in each response.
 */
#include <string.h>

#include <openssl/ocsp.h>

#include "der_reader.h"
#include "encoding.h"
#include "verify_der.h"
#include "verify_priv.h"
#include "verify_schema.h"

#define NO_BASIC	"no basic response (id-pkix-ocsp-basic) in it"

static int check_status(const struct check *c, OCSP_RESPONSE *response)
{
	/* As RFC 6960 4.2.1 spells them. */
	static const char *const names[] = {
		[OCSP_RESPONSE_STATUS_MALFORMEDREQUEST] = "malformedRequest",
		[OCSP_RESPONSE_STATUS_INTERNALERROR] = "internalError",
		[OCSP_RESPONSE_STATUS_TRYLATER] = "tryLater",
		[OCSP_RESPONSE_STATUS_SIGREQUIRED] = "sigRequired",
		[OCSP_RESPONSE_STATUS_UNAUTHORIZED] = "unauthorized",
	};
	const int max = sizeof(names) / sizeof(names[0]);
	int status = OCSP_response_status(response);

	if (status > 0 && status < max && names[status])
		return ocsp_refuse(c, "responder says %s", names[status]);
	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		return ocsp_refuse(c, "responder says status %d", status);
	return 0;
}

/* Go on in the next value, which must have that identifier octet. */
static bool descend(struct ocsp_der_cursor *c, uint8_t id)
{
	struct ocsp_tlv tlv;

	if (!ocsp_der_take(c, id, &tlv))
		return false;
	ocsp_der_enter(c, tlv.data, tlv.len);
	return true;
}

/* The BasicOCSPResponse of an OCSPResponse. */
static bool find_basic(const unsigned char *resp, size_t len,
		       struct ocsp_tlv *basic)
{
	struct ocsp_tlv status, oid;
	struct ocsp_der_cursor c;

	ocsp_der_enter(&c, resp, len);
	return descend(&c, SEQUENCE) && ocsp_der_take(&c, ENUMERATED, &status) &&
	       descend(&c, EXPLICIT(0)) && descend(&c, SEQUENCE) &&
	       ocsp_der_take(&c, OID, &oid) &&
	       ocsp_schema_of(oid.data, oid.len) == ocsp_schema_basic &&
	       descend(&c, OCTET_STRING) && ocsp_der_take(&c, SEQUENCE, basic);
}

/* What stands before the certificates in it, from start on, and those. */
static bool find_parts(const struct ocsp_tlv *basic, struct ocsp_tlv *before,
		       struct ocsp_tlv *certs)
{
	struct ocsp_der_cursor c, in;
	struct ocsp_tlv tlv, tag;

	ocsp_der_enter(&c, basic->data, basic->len);
	if (!ocsp_der_take(&c, SEQUENCE, &tlv) ||
	    !ocsp_der_take(&c, SEQUENCE, &tlv) ||
	    !ocsp_der_take(&c, BIT_STRING, &tlv))
		return false;
	*before = (struct ocsp_tlv){
		.start = basic->data,
		.data = basic->data,
		.len = c.p - basic->data,
	};
	*certs = (struct ocsp_tlv){ .start = c.p, .data = c.p };
	if (!ocsp_der_take_optional(&c, EXPLICIT(0), &tag))
		return false;
	if (!tag.start)
		return true;
	ocsp_der_enter(&in, tag.data, tag.len);
	return ocsp_der_take(&in, SEQUENCE, certs);
}

static int decode_certs(struct check *c, const struct ocsp_tlv *certs)
{
	struct ocsp_der_cursor in;
	struct ocsp_tlv tlv;
	X509 *cert;

	c->certs = sk_X509_new_null();
	if (!c->certs)
		return ocsp_refuse_memory(c);
	ocsp_der_enter(&in, certs->data, certs->len);
	while (in.p < in.end) {
		if (!ocsp_der_take(&in, SEQUENCE, &tlv))
			return ocsp_refuse(c, NO_BASIC);
		cert = ocsp_delegates_decode(c->delegates, tlv.start,
					     ocsp_tlv_size(&tlv));
		if (!cert)
			return ocsp_refuse(c, NO_BASIC);
		if (sk_X509_push(c->certs, cert) <= 0) {
			X509_free(cert);
			return ocsp_refuse_memory(c);
		}
	}
	return 0;
}

/* A BasicOCSPResponse of what stands before the certificates. */
static int decode_basic(struct check *c, const struct ocsp_tlv *before)
{
	int size = ASN1_object_size(1, before->len, V_ASN1_SEQUENCE);
	unsigned char *der = OPENSSL_malloc(size), *end = der;
	const unsigned char *p = der;
	int err = 0;

	if (!der)
		return ocsp_refuse_memory(c);
	ASN1_put_object(&end, 1, before->len, V_ASN1_SEQUENCE,
			V_ASN1_UNIVERSAL);
	memcpy(end, before->data, before->len);
	c->basic = d2i_OCSP_BASICRESP(NULL, &p, size);
	if (!c->basic)
		err = ocsp_refuse(c, NO_BASIC);
	else if (!ocsp_is_encoding(ASN1_ITEM_rptr(OCSP_BASICRESP), c->basic,
				   der, size))
		err = ocsp_refuse(c, "not encoded in DER, which TLS requires");
	OPENSSL_free(der);
	return err;
}

static int parse_basic(struct check *c, const unsigned char *resp, size_t len)
{
	struct ocsp_tlv basic, before, certs;
	char why[OCSP_REASON_SIZE];
	int err;

	if (!ocsp_der_check(resp, len, why, sizeof(why)))
		return ocsp_refuse(c, "%s", why);
	if (!find_basic(resp, len, &basic) ||
	    !find_parts(&basic, &before, &certs))
		return ocsp_refuse(c, NO_BASIC);
	err = decode_basic(c, &before);
	return err ? err : decode_certs(c, &certs);
}

int ocsp_verify_parse(struct check *c, const unsigned char *resp, size_t len)
{
	const unsigned char *p = resp;
	OCSP_RESPONSE *response;
	int err;

	if (!len)
		return ocsp_refuse(c, "the response is empty");
	if (len > KTLS_OCSP_BLOB_MAX)
		return ocsp_refuse(c, "%zu bytes, more than the %d that TLS can carry",
				   len, KTLS_OCSP_BLOB_MAX);
	response = d2i_OCSP_RESPONSE(NULL, &p, len);
	if (!response)
		return ocsp_refuse(c, "truncated or not a DER OCSPResponse");
	if (p != resp + len)
		err = ocsp_refuse(c, "%zu bytes after the OCSPResponse",
				  (size_t)(resp + len - p));
	else
		err = check_status(c, response);
	OCSP_RESPONSE_free(response);
	return err ? err : parse_basic(c, resp, len);
}
