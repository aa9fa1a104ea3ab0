// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Verification of an OCSP response, with libcrypto's OCSP code.
 *
 * The checks here come first, because they can say in words what is wrong.
 * OCSP_basic_verify() has the last word on who signed: it is what a stock
 * client runs on the staple. On any doubt the response is refused, for a bad
 * staple ends a handshake, and none does not.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/objects.h>
#include <openssl/ocsp.h>

#include "crypto_errors.h"
#include "validity.h"
#include "verify.h"
#include "verify_priv.h"

int ocsp_refuse(const struct check *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->verdict->reason, sizeof(c->verdict->reason), fmt, args);
	va_end(args);
	return -EBADMSG;
}

int ocsp_refuse_memory(const struct check *c)
{
	return ocsp_refuse(c, "no memory to verify it");
}

const char *ocsp_time_text(int64_t when, char text[TIME_SIZE])
{
	time_t t = when;
	struct tm tm;

	if (!gmtime_r(&t, &tm) ||
	    !strftime(text, TIME_SIZE, "%Y-%m-%d %H:%M:%S UTC", &tm))
		snprintf(text, TIME_SIZE, "%lld s", (long long)when);
	return text;
}

bool ocsp_time_value(const ASN1_TIME *asn1, int64_t *when)
{
	struct tm tm;

	if (!asn1 || !ASN1_TIME_to_tm(asn1, &tm))
		return false;
	*when = timegm(&tm);
	return true;
}

/* RFC 6960 4.4: what nobody here understands must not be critical. */
static int check_extension(const struct check *c, X509_EXTENSION *ext)
{
	char oid[80];

	switch (OBJ_obj2nid(X509_EXTENSION_get_object(ext))) {
	case NID_id_pkix_OCSP_Nonce:
	case NID_id_pkix_OCSP_CrlID:
	case NID_id_pkix_OCSP_archiveCutoff:
	/* id-pkix-ocsp-extended-revoke; OpenSSL has a draft's name for it. */
	case NID_id_pkix_OCSP_valid:
	/* Of the CRL entry extensions those that change nothing. */
	case NID_crl_reason:
	case NID_invalidity_date:
		return 0;
	}
	if (!X509_EXTENSION_get_critical(ext))
		return 0;
	OBJ_obj2txt(oid, sizeof(oid), X509_EXTENSION_get_object(ext), 1);
	return ocsp_refuse(c, "unknown critical extension %s", oid);
}

static int check_extensions(const struct check *c)
{
	int i, n = OCSP_BASICRESP_get_ext_count(c->basic);
	int err = 0;

	for (i = 0; !err && i < n; i++)
		err = check_extension(c, OCSP_BASICRESP_get_ext(c->basic, i));
	return err;
}

static int check_single_extensions(const struct check *c,
				   OCSP_SINGLERESP *single)
{
	int i, n = OCSP_SINGLERESP_get_ext_count(single);
	int err = 0;

	for (i = 0; !err && i < n; i++)
		err = check_extension(c, OCSP_SINGLERESP_get_ext(single, i));
	return err;
}

/* RFC 9919 5 wants one; an operator may not have a choice. */
static bool allow_no_next_update(const struct check *c, int64_t *validity)
{
	char why[OCSP_REASON_SIZE - 40];

	*validity = ocsp_validity(c->issuer, why, sizeof(why));
	if (!*validity)
		ocsp_refuse(c, "no nextUpdate in the response%s%s",
			    *why ? "; " : "", why);
	return *validity;
}

/* What one SingleResponse says of the certificate, in one. */
static int judge(const struct check *c, OCSP_SINGLERESP *single,
		 struct ocsp_verdict *one)
{
	ASN1_GENERALIZEDTIME *revoked, *this_update, *next_update;
	char when[TIME_SIZE];
	int64_t validity = 0;
	int status;

	memset(one, 0, sizeof(*one));
	one->revocation_reason = -1;
	status = OCSP_single_get0_status(single, &one->revocation_reason,
					 &revoked, &this_update, &next_update);
	if (status != V_OCSP_CERTSTATUS_GOOD &&
	    status != V_OCSP_CERTSTATUS_REVOKED &&
	    status != V_OCSP_CERTSTATUS_UNKNOWN)
		return ocsp_refuse(c, "invalid certificate status %d", status);
	one->status = status;
	if (!next_update && !allow_no_next_update(c, &validity))
		return -EBADMSG;
	if (!ocsp_time_value(this_update, &one->this_update) ||
	    (next_update &&
	     !ocsp_time_value(next_update, &one->next_update)) ||
	    (status == V_OCSP_CERTSTATUS_REVOKED &&
	     !ocsp_time_value(revoked, &one->revoked_at)))
		return ocsp_refuse(c, "a time in the response is malformed");
	if (!next_update)
		one->next_update = one->this_update + validity;
	/* The store counts from then. */
	if (one->this_update < 0)
		return ocsp_refuse(c, "thisUpdate %s is before 1970",
				   ocsp_time_text(one->this_update, when));
	if (one->next_update <= one->this_update)
		return ocsp_refuse(c, "nextUpdate is not after thisUpdate");
	if (one->this_update > c->now + KTLS_OCSP_CLOCK_TOLERANCE)
		return ocsp_refuse(c, "response not valid before %s",
			      ocsp_time_text(one->this_update, when));
	if (one->next_update <= c->now)
		return ocsp_refuse(c, "response expired on %s",
			      ocsp_time_text(one->next_update, when));
	return check_single_extensions(c, single);
}

/* A client takes either of two answers: serve what both allow. */
static int merge(const struct check *c, const struct ocsp_verdict *one,
		 bool first)
{
	struct ocsp_verdict *v = c->verdict;

	if (first) {
		v->status = one->status;
		v->this_update = one->this_update;
		v->revoked_at = one->revoked_at;
		v->revocation_reason = one->revocation_reason;
	} else if (v->status != one->status) {
		return ocsp_refuse(c, "contradicts itself: %s and %s",
			      OCSP_cert_status_str(v->status),
			      OCSP_cert_status_str(one->status));
	}
	if (v->this_update < one->this_update)
		v->this_update = one->this_update;
	if (v->next_update > one->next_update)
		v->next_update = one->next_update;
	return 0;
}

/* Why none of the SingleResponses is about the certificate. */
static int refuse_other(const struct check *c)
{
	const ASN1_INTEGER *serial = c->leaf->serial;
	int i, n = OCSP_resp_count(c->basic);
	ASN1_OBJECT *digest;
	ASN1_INTEGER *of;
	OCSP_CERTID *id;
	char name[80];

	if (!n)
		return ocsp_refuse(c, "no certificate status in the response");
	for (i = 0; i < n; i++) {
		id = (OCSP_CERTID *)
		     OCSP_SINGLERESP_get0_id(OCSP_resp_get0(c->basic, i));
		OCSP_id_get0_info(NULL, &digest, NULL, &of, id);
		if (ASN1_INTEGER_cmp(of, serial) ||
		    OBJ_obj2nid(digest) == NID_sha1 ||
		    OBJ_obj2nid(digest) == NID_sha256)
			continue;
		OBJ_obj2txt(name, sizeof(name), digest, 0);
		return ocsp_refuse(c, "CertID by %s, not by SHA-1 or SHA-256", name);
	}
	return ocsp_refuse(c, "response is for another certificate");
}

static int check_singles(const struct check *c, const OCSP_CERTID *sha1,
			 const OCSP_CERTID *sha256)
{
	int i, err, n = OCSP_resp_count(c->basic);
	struct ocsp_verdict one;
	OCSP_SINGLERESP *single;
	const OCSP_CERTID *id;
	bool first = true;

	for (i = 0; i < n; i++) {
		single = OCSP_resp_get0(c->basic, i);
		id = OCSP_SINGLERESP_get0_id(single);
		if (OCSP_id_cmp(id, sha1) && OCSP_id_cmp(id, sha256))
			continue;
		err = judge(c, single, &one);
		if (!err)
			err = merge(c, &one, first);
		if (err)
			return err;
		first = false;
	}
	if (first)
		return refuse_other(c);
	if (c->verdict->next_update <= c->verdict->this_update)
		return ocsp_refuse(c, "its parts are never valid at the same time");
	return 0;
}

static int check_content(const struct check *c)
{
	OCSP_CERTID *sha1, *sha256;
	int err;

	err = check_extensions(c);
	if (err)
		return err;
	sha1 = ocsp_leaf_id(EVP_sha1(), c->leaf, c->issuer);
	sha256 = ocsp_leaf_id(EVP_sha256(), c->leaf, c->issuer);
	if (sha1 && sha256)
		err = check_singles(c, sha1, sha256);
	else
		err = ocsp_refuse_memory(c);
	OCSP_CERTID_free(sha1);
	OCSP_CERTID_free(sha256);
	return err;
}

static int check_all(const struct check *c)
{
	X509 *signer;
	int err;

	err = ocsp_check_signer(c, &signer);
	if (!err)
		err = check_content(c);
	if (!err)
		err = ocsp_check_stock(c, signer);
	return err;
}

int ocsp_verify_leaf(const unsigned char *resp, size_t len,
		     const struct ocsp_leaf *leaf, X509 *issuer, int64_t now,
		     struct ocsp_delegates *delegates,
		     struct ocsp_verdict *verdict)
{
	struct check c = {
		.leaf = leaf,
		.issuer = issuer,
		.now = now,
		.delegates = delegates,
		.verdict = verdict,
	};
	bool alone;
	int err;

	memset(verdict, 0, sizeof(*verdict));
	verdict->next_update = INT64_MAX;
	verdict->revocation_reason = -1;
	alone = ocsp_errors_begin();
	err = ocsp_check_issuer(&c);
	if (!err)
		err = ocsp_verify_parse(&c, resp, len);
	if (!err)
		err = check_all(&c);
	OCSP_BASICRESP_free(c.basic);
	sk_X509_pop_free(c.certs, X509_free);
	/* Whatever was found wrong, the response is not to blame. */
	if (ocsp_errors_end(alone) && err)
		ocsp_refuse_memory(&c);
	/* Who does not look at what we return must not see "good". */
	if (err) {
		verdict->status = KTLS_OCSP_CERT_STATUS_UNKNOWN;
		verdict->this_update = 0;
		verdict->next_update = 0;
	}
	return err;
}

int ocsp_verify(const unsigned char *resp, size_t len, X509 *cert,
		X509 *issuer, int64_t now, struct ocsp_verdict *verdict)
{
	struct ocsp_leaf leaf = ocsp_leaf_of(cert);

	return ocsp_verify_leaf(resp, len, &leaf, issuer, now, NULL, verdict);
}
