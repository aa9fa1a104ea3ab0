// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * What an OCSP response consists of: the ASN.1 modules of RFC 6960 and RFC
 * 5280, as far as a response has parts of them.
 */
#include <string.h>

#include "verify_schema.h"

#define FIELD(n, i, ...) { .name = (n), .id = (i), ##__VA_ARGS__ }

static const struct field extension[] = {
	FIELD("extnID", OID),
	FIELD("critical", BOOLEAN, .flags = OPTIONAL | DEFAULT_ZERO),
	FIELD("extnValue", OCTET_STRING, .flags = OPAQUE),
	{ 0 }
};

static const struct field extension_list[] = {
	FIELD("Extension", SEQUENCE, .flags = MANY, .in = extension),
	{ 0 }
};

static const struct field extensions[] = {
	FIELD("Extensions", SEQUENCE, .in = extension_list),
	{ 0 }
};

static const struct field version[] = {
	FIELD("version", INTEGER, .flags = DEFAULT_ZERO),
	{ 0 }
};

static const struct field validity[] = {
	FIELD("the certificate's notBefore", 0, .flags = EITHER_TIME),
	FIELD("the certificate's notAfter", 0, .flags = EITHER_TIME),
	{ 0 }
};

static const struct field tbs_certificate[] = {
	FIELD("version", EXPLICIT(0), .flags = OPTIONAL, .in = version),
	FIELD("serialNumber", INTEGER),
	FIELD("signature", SEQUENCE),
	FIELD("issuer", SEQUENCE),
	FIELD("validity", SEQUENCE, .in = validity),
	FIELD("subject", SEQUENCE),
	FIELD("subjectPublicKeyInfo", SEQUENCE),
	FIELD("issuerUniqueID", CONTEXT(1),
	      .flags = OPTIONAL, .type = BIT_STRING),
	FIELD("subjectUniqueID", CONTEXT(2),
	      .flags = OPTIONAL, .type = BIT_STRING),
	FIELD("extensions", EXPLICIT(3), .flags = OPTIONAL, .in = extensions),
	{ 0 }
};

static const struct field certificate[] = {
	FIELD("tbsCertificate", SEQUENCE, .in = tbs_certificate),
	FIELD("signatureAlgorithm", SEQUENCE),
	FIELD("signatureValue", BIT_STRING),
	{ 0 }
};

static const struct field certificate_list[] = {
	FIELD("Certificate", SEQUENCE, .flags = MANY, .in = certificate),
	{ 0 }
};

static const struct field certs[] = {
	FIELD("certs", SEQUENCE, .in = certificate_list),
	{ 0 }
};

static const struct field revocation_reason[] = {
	FIELD("revocationReason", ENUMERATED),
	{ 0 }
};

static const struct field revoked[] = {
	FIELD("revocationTime", GENERALIZED_TIME),
	FIELD("revocationReason", EXPLICIT(0),
	      .flags = OPTIONAL, .in = revocation_reason),
	{ 0 }
};

static const struct field next_update[] = {
	FIELD("nextUpdate", GENERALIZED_TIME),
	{ 0 }
};

static const struct field cert_id[] = {
	FIELD("hashAlgorithm", SEQUENCE),
	FIELD("issuerNameHash", OCTET_STRING),
	FIELD("issuerKeyHash", OCTET_STRING),
	FIELD("serialNumber", INTEGER),
	{ 0 }
};

/* That one of the three statuses is there is for libcrypto. */
static const struct field single_response[] = {
	FIELD("certID", SEQUENCE, .in = cert_id),
	FIELD("good", CONTEXT(0), .flags = OPTIONAL, .type = NULL_TYPE),
	FIELD("revoked", EXPLICIT(1), .flags = OPTIONAL, .in = revoked),
	FIELD("unknown", CONTEXT(2), .flags = OPTIONAL, .type = NULL_TYPE),
	FIELD("thisUpdate", GENERALIZED_TIME),
	FIELD("nextUpdate", EXPLICIT(0), .flags = OPTIONAL, .in = next_update),
	FIELD("singleExtensions", EXPLICIT(1),
	      .flags = OPTIONAL, .in = extensions),
	{ 0 }
};

static const struct field single_response_list[] = {
	FIELD("SingleResponse", SEQUENCE, .flags = MANY, .in = single_response),
	{ 0 }
};

static const struct field responder_name[] = {
	FIELD("byName", SEQUENCE),
	{ 0 }
};

static const struct field responder_key[] = {
	FIELD("byKey", OCTET_STRING),
	{ 0 }
};

static const struct field response_data[] = {
	FIELD("version", EXPLICIT(0), .flags = OPTIONAL, .in = version),
	FIELD("byName", EXPLICIT(1), .flags = OPTIONAL, .in = responder_name),
	FIELD("byKey", EXPLICIT(2), .flags = OPTIONAL, .in = responder_key),
	FIELD("producedAt", GENERALIZED_TIME),
	FIELD("responses", SEQUENCE, .in = single_response_list),
	FIELD("responseExtensions", EXPLICIT(1),
	      .flags = OPTIONAL, .in = extensions),
	{ 0 }
};

static const struct field basic_response[] = {
	FIELD("tbsResponseData", SEQUENCE, .in = response_data),
	FIELD("signatureAlgorithm", SEQUENCE),
	FIELD("signature", BIT_STRING),
	FIELD("certs", EXPLICIT(0), .flags = OPTIONAL, .in = certs),
	{ 0 }
};

static const struct field response_bytes[] = {
	FIELD("responseType", OID),
	FIELD("response", OCTET_STRING, .flags = OPAQUE),
	{ 0 }
};

static const struct field response_bytes_tag[] = {
	FIELD("responseBytes", SEQUENCE, .in = response_bytes),
	{ 0 }
};

static const struct field response[] = {
	FIELD("responseStatus", ENUMERATED),
	FIELD("responseBytes", EXPLICIT(0),
	      .flags = OPTIONAL, .in = response_bytes_tag),
	{ 0 }
};

const struct field ocsp_schema[] = {
	FIELD("OCSPResponse", SEQUENCE, .in = response),
	{ 0 }
};

/* What is in an OCTET STRING, by the OID before it. */

const struct field ocsp_schema_basic[] = {
	FIELD("BasicOCSPResponse", SEQUENCE, .in = basic_response),
	{ 0 }
};

static const struct field archive_cutoff[] = {
	FIELD("archiveCutoff", GENERALIZED_TIME),
	{ 0 }
};

static const struct field crl_url[] = {
	FIELD("crlUrl", 0),
	{ 0 }
};

static const struct field crl_number[] = {
	FIELD("crlNum", INTEGER),
	{ 0 }
};

static const struct field crl_time[] = {
	FIELD("crlTime", GENERALIZED_TIME),
	{ 0 }
};

static const struct field crl_id_fields[] = {
	FIELD("crlUrl", EXPLICIT(0), .flags = OPTIONAL, .in = crl_url),
	FIELD("crlNum", EXPLICIT(1), .flags = OPTIONAL, .in = crl_number),
	FIELD("crlTime", EXPLICIT(2), .flags = OPTIONAL, .in = crl_time),
	{ 0 }
};

static const struct field crl_id[] = {
	FIELD("CrlID", SEQUENCE, .in = crl_id_fields),
	{ 0 }
};

static const struct field invalidity_date[] = {
	FIELD("invalidityDate", GENERALIZED_TIME),
	{ 0 }
};

static const struct field key_period_fields[] = {
	FIELD("the key's notBefore", CONTEXT(0),
	      .flags = OPTIONAL, .type = GENERALIZED_TIME),
	FIELD("the key's notAfter", CONTEXT(1),
	      .flags = OPTIONAL, .type = GENERALIZED_TIME),
	{ 0 }
};

static const struct field key_period[] = {
	FIELD("PrivateKeyUsagePeriod", SEQUENCE, .in = key_period_fields),
	{ 0 }
};

/* The value of an object identifier */
struct oid {
	size_t len;
	unsigned char value[9];
};

static const struct {
	struct oid oid;
	const struct field *in;
} contents[] = {
	/* id-pkix-ocsp-basic, -crl and -archive-cutoff */
	{ { 9, { 0x2b, 6, 1, 5, 5, 7, 48, 1, 1 } }, ocsp_schema_basic },
	{ { 9, { 0x2b, 6, 1, 5, 5, 7, 48, 1, 3 } }, crl_id },
	{ { 9, { 0x2b, 6, 1, 5, 5, 7, 48, 1, 6 } }, archive_cutoff },
	/* id-ce-invalidityDate and -privateKeyUsagePeriod */
	{ { 3, { 0x55, 29, 24 } }, invalidity_date },
	{ { 3, { 0x55, 29, 16 } }, key_period },
};

const struct field *ocsp_schema_of(const unsigned char *oid, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(contents) / sizeof(contents[0]); i++)
		if (len == contents[i].oid.len &&
		    !memcmp(oid, contents[i].oid.value, len))
			return contents[i].in;
	return NULL;
}
