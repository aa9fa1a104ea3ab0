// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Verification of an OCSP response, with libcrypto's OCSP code.
 *
 * The checks here come first, because they can say in words what is wrong.
 * OCSP_basic_verify() has the last word on the signature: it is what a stock
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

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/ocsp.h>
#include <openssl/rsa.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "cert.h"
#include "errors.h"
#include "verify.h"

/* Most bytes of a name in a reason: its certificate came from the network. */
#define NAME_MAX_TEXT	100

/* "2026-11-30 12:00:00 UTC", and years that no clock reaches. */
#define TIME_SIZE	40

/*
 * OpenSSL's level 1: no SHA-1, which a prefix chosen by the attacker breaks,
 * and no RSA key below 1024 bits.
 */
#define AUTH_LEVEL	1

/* What one verification works on. */
struct check {
	X509 *cert;
	X509 *issuer;
	int64_t now;
	OCSP_BASICRESP *basic;
	struct ocsp_verdict *verdict;
};

__attribute__((format(printf, 2, 3)))
static int refuse(const struct check *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->verdict->reason, sizeof(c->verdict->reason), fmt, args);
	va_end(args);
	return -EBADMSG;
}

static int no_memory(const struct check *c)
{
	return refuse(c, "no memory to verify it");
}

static const char *time_text(int64_t when, char text[TIME_SIZE])
{
	time_t t = when;
	struct tm tm;

	if (!gmtime_r(&t, &tm) ||
	    !strftime(text, TIME_SIZE, "%Y-%m-%d %H:%M:%S UTC", &tm))
		snprintf(text, TIME_SIZE, "%lld s", (long long)when);
	return text;
}

static bool time_value(const ASN1_TIME *asn1, int64_t *when)
{
	struct tm tm;

	if (!asn1 || !ASN1_TIME_to_tm(asn1, &tm))
		return false;
	*when = timegm(&tm);
	return true;
}

/* "issuer CN=..." or "delegate CN=...". */
static void signer_name(const struct check *c, X509 *signer,
			char text[NAME_MAX_TEXT + 16])
{
	char *subject = ocsp_cert_subject(signer, true);

	snprintf(text, NAME_MAX_TEXT + 16, "%s %.*s",
		 signer == c->issuer ? "issuer" : "delegate", NAME_MAX_TEXT,
		 subject ? subject : "?");
	free(subject);
}

/* Is what was read what DER says it must look like, and nothing else? */
static bool is_der(const struct check *c, const unsigned char *resp,
		   size_t len)
{
	unsigned char *der = NULL;
	OCSP_RESPONSE *again;
	bool same;
	int n = -1;

	again = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL,
				     c->basic);
	if (again)
		n = i2d_OCSP_RESPONSE(again, &der);
	same = n >= 0 && (size_t)n == len && !memcmp(der, resp, len);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(again);
	return same;
}

static int parse_basic(struct check *c, OCSP_RESPONSE *response)
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
		return refuse(c, "responder says %s", names[status]);
	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		return refuse(c, "responder says status %d", status);
	c->basic = OCSP_response_get1_basic(response);
	if (!c->basic)
		return refuse(c, "no basic response (id-pkix-ocsp-basic) in it");
	return 0;
}

static int parse(struct check *c, const unsigned char *resp, size_t len)
{
	const unsigned char *p = resp;
	OCSP_RESPONSE *response;
	int err;

	if (!len)
		return refuse(c, "the response is empty");
	if (len > KTLS_OCSP_BLOB_MAX)
		return refuse(c, "%zu bytes, more than the %d that TLS can carry",
			      len, KTLS_OCSP_BLOB_MAX);
	response = d2i_OCSP_RESPONSE(NULL, &p, len);
	if (!response)
		return refuse(c, "truncated or not a DER OCSPResponse");
	if (p != resp + len)
		err = refuse(c, "%zu bytes behind the OCSPResponse",
			     (size_t)(resp + len - p));
	else
		err = parse_basic(c, response);
	OCSP_RESPONSE_free(response);
	if (!err && !is_der(c, resp, len))
		err = refuse(c, "not encoded in DER, which TLS asks for");
	return err;
}

/* Is that the certificate's issuer? Else all below would be about nothing. */
static int check_issuer(const struct check *c)
{
	char name[NAME_MAX_TEXT + 16];
	EVP_PKEY *key;
	int ok;

	signer_name(c, c->issuer, name);
	if (!X509_check_ca(c->issuer))
		return refuse(c, "%s is no CA certificate", name);
	key = X509_get0_pubkey(c->issuer);
	if (!key)
		return refuse(c, "%s has a key of unknown type", name);
	ok = X509_check_issued(c->issuer, c->cert) == X509_V_OK &&
	     X509_verify(c->cert, key) > 0;
	return ok ? 0 : refuse(c, "%s did not issue the certificate", name);
}

/* The digest in an RSA-PSS AlgorithmIdentifier. */
static int pss_digest(const X509_ALGOR *alg)
{
	RSA_PSS_PARAMS *pss = NULL;
	const ASN1_OBJECT *oid;
	const void *value;
	int type, digest;

	X509_ALGOR_get0(NULL, &type, &value, alg);
	if (type == V_ASN1_SEQUENCE)
		pss = ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
	if (!pss)
		return NID_undef;
	digest = NID_sha1;	/* RFC 4055: the DEFAULT */
	if (pss->hashAlgorithm) {
		X509_ALGOR_get0(&oid, NULL, NULL, pss->hashAlgorithm);
		digest = OBJ_obj2nid(oid);
	}
	RSA_PSS_PARAMS_free(pss);
	return digest;
}

static int check_digest(const struct check *c)
{
	const X509_ALGOR *alg = OCSP_resp_get0_tbs_sigalg(c->basic);
	const ASN1_OBJECT *oid;
	int nid, type, digest;

	X509_ALGOR_get0(&oid, &type, NULL, alg);
	nid = OBJ_obj2nid(oid);
	if (nid == NID_undef || !OBJ_find_sigid_algs(nid, &digest, NULL))
		return refuse(c, "signed with an unknown algorithm");
	/* No signature covers them, and OpenSSL does not look at them. */
	if (nid == NID_rsassaPss)
		digest = pss_digest(alg);
	else if (type != V_ASN1_UNDEF && type != V_ASN1_NULL)
		return refuse(c, "signature algorithm with parameters");
	switch (digest) {
	case NID_md2:
	case NID_md4:
	case NID_md5:
	case NID_mdc2:
	case NID_md5_sha1:
	case NID_ripemd160:
	case NID_sha:
	case NID_sha1:
		return refuse(c, "signed with %s, which is not safe any more",
			      OBJ_nid2sn(digest));
	default:
		return 0;
	}
}

static int check_signer_time(const struct check *c, X509 *signer)
{
	int64_t not_before, not_after;
	char name[NAME_MAX_TEXT + 16];
	char when[TIME_SIZE];

	signer_name(c, signer, name);
	if (!time_value(X509_get0_notBefore(signer), &not_before) ||
	    !time_value(X509_get0_notAfter(signer), &not_after))
		return refuse(c, "%s has no proper times of validity", name);
	if (c->now < not_before)
		return refuse(c, "%s not valid before %s", name,
			      time_text(not_before, when));
	if (c->now > not_after)
		return refuse(c, "%s expired on %s", name,
			      time_text(not_after, when));
	/* No client takes the response when its signer has expired. */
	if (c->verdict->next_update > not_after)
		c->verdict->next_update = not_after;
	return 0;
}

/* RFC 6960 4.2.2.2 */
static int check_delegate(const struct check *c, X509 *delegate)
{
	const uint32_t may_sign = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION;
	char name[NAME_MAX_TEXT + 16];

	if (X509_check_issued(c->issuer, delegate) != X509_V_OK ||
	    X509_verify(delegate, X509_get0_pubkey(c->issuer)) <= 0)
		return refuse(c, "signed by neither the issuer nor a delegate");
	signer_name(c, delegate, name);
	if (!(X509_get_extension_flags(delegate) & EXFLAG_XKUSAGE) ||
	    !(X509_get_extended_key_usage(delegate) & XKU_OCSP_SIGN))
		return refuse(c, "%s has no id-kp-OCSPSigning", name);
	/* All bits are set where there is no such extension. */
	if (!(X509_get_key_usage(delegate) & may_sign))
		return refuse(c, "%s has a key usage without digitalSignature",
			      name);
	return check_signer_time(c, delegate);
}

/* The issuer as the one thing that is trusted, at the time now. */
static X509_STORE *make_store(const struct check *c)
{
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *param;

	if (!store)
		return NULL;
	if (!X509_STORE_add_cert(store, c->issuer)) {
		X509_STORE_free(store);
		return NULL;
	}
	param = X509_STORE_get0_param(store);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	X509_VERIFY_PARAM_set_time(param, c->now);
	return store;
}

/* What OpenSSL says, when it is the only one that knows. */
static int refuse_stock(const struct check *c)
{
	const char *data = NULL;
	unsigned long e;
	int flags = 0;

	e = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	if (ERR_GET_LIB(e) == ERR_LIB_OCSP &&
	    ERR_GET_REASON(e) == OCSP_R_CERTIFICATE_VERIFY_ERROR &&
	    (flags & ERR_TXT_STRING) && data)
		return refuse(c, "signer refused: %.150s", data);
	/* It says nothing when the CertIDs are not all of one issuer. */
	return refuse(c, "response speaks for another issuer as well");
}

static int check_stock(const struct check *c, STACK_OF(X509) *certs)
{
	X509_STORE *store = make_store(c);
	int ok;

	if (!store)
		return no_memory(c);
	ok = OCSP_basic_verify(c->basic, certs, store, OCSP_NOEXPLICIT);
	X509_STORE_free(store);
	return ok > 0 ? 0 : refuse_stock(c);
}

static int check_signature(const struct check *c, STACK_OF(X509) *certs)
{
	X509 *signer;
	int err;

	if (!OCSP_resp_get0_signer(c->basic, &signer, certs))
		return refuse(c, "signed by neither the issuer nor a delegate");
	err = check_digest(c);
	if (err)
		return err;
	if (OCSP_basic_verify(c->basic, certs, NULL, OCSP_NOVERIFY) <= 0)
		return refuse(c, "bad signature");
	err = check_signer_time(c, c->issuer);
	if (!err && signer != c->issuer)
		err = check_delegate(c, signer);
	return err;
}

/* RFC 6960 4.4: what nobody here understands must not be critical. */
static int check_extension(const struct check *c, X509_EXTENSION *ext)
{
	char oid[80];

	switch (OBJ_obj2nid(X509_EXTENSION_get_object(ext))) {
	case NID_id_pkix_OCSP_Nonce:
	case NID_id_pkix_OCSP_CrlID:
	case NID_id_pkix_OCSP_archiveCutoff:
	case NID_id_pkix_OCSP_extendedStatus:
		return 0;
	}
	if (!X509_EXTENSION_get_critical(ext))
		return 0;
	OBJ_obj2txt(oid, sizeof(oid), X509_EXTENSION_get_object(ext), 1);
	return refuse(c, "unknown critical extension %s", oid);
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

/* What one SingleResponse says of the certificate, in one. */
static int judge(const struct check *c, OCSP_SINGLERESP *single,
		 struct ocsp_verdict *one)
{
	ASN1_GENERALIZEDTIME *revoked, *this_update, *next_update;
	char when[TIME_SIZE];
	int status;

	memset(one, 0, sizeof(*one));
	one->revocation_reason = -1;
	status = OCSP_single_get0_status(single, &one->revocation_reason,
					 &revoked, &this_update, &next_update);
	if (status != V_OCSP_CERTSTATUS_GOOD &&
	    status != V_OCSP_CERTSTATUS_REVOKED &&
	    status != V_OCSP_CERTSTATUS_UNKNOWN)
		return refuse(c, "certificate status %d is unheard of", status);
	one->status = status;
	if (!next_update)
		return refuse(c, "no nextUpdate in the response");
	if (!time_value(this_update, &one->this_update) ||
	    !time_value(next_update, &one->next_update) ||
	    (status == V_OCSP_CERTSTATUS_REVOKED &&
	     !time_value(revoked, &one->revoked_at)) ||
	    one->this_update < 0)
		return refuse(c, "a time in the response is malformed");
	if (one->next_update <= one->this_update)
		return refuse(c, "nextUpdate is not after thisUpdate");
	if (one->this_update > c->now + OCSP_CLOCK_TOLERANCE)
		return refuse(c, "response not valid before %s",
			      time_text(one->this_update, when));
	if (one->next_update <= c->now)
		return refuse(c, "response expired on %s",
			      time_text(one->next_update, when));
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
		return refuse(c, "contradicts itself: %s and %s",
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
	const ASN1_INTEGER *serial = X509_get0_serialNumber(c->cert);
	int i, n = OCSP_resp_count(c->basic);
	ASN1_OBJECT *digest;
	ASN1_INTEGER *of;
	OCSP_CERTID *id;
	char name[80];

	if (!n)
		return refuse(c, "no certificate's status in the response");
	for (i = 0; i < n; i++) {
		id = (OCSP_CERTID *)
		     OCSP_SINGLERESP_get0_id(OCSP_resp_get0(c->basic, i));
		OCSP_id_get0_info(NULL, &digest, NULL, &of, id);
		if (ASN1_INTEGER_cmp(of, serial) ||
		    OBJ_obj2nid(digest) == NID_sha1 ||
		    OBJ_obj2nid(digest) == NID_sha256)
			continue;
		OBJ_obj2txt(name, sizeof(name), digest, 0);
		return refuse(c, "CertID by %s, not by SHA-1 or SHA-256", name);
	}
	return refuse(c, "response is for another certificate");
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
		return refuse(c, "no time at which all of it is valid");
	return 0;
}

static int check_content(const struct check *c)
{
	OCSP_CERTID *sha1, *sha256;
	int64_t produced_at;
	int err;

	if (!time_value(OCSP_resp_get0_produced_at(c->basic), &produced_at))
		return refuse(c, "a time in the response is malformed");
	err = check_extensions(c);
	if (err)
		return err;
	sha1 = OCSP_cert_to_id(EVP_sha1(), c->cert, c->issuer);
	sha256 = OCSP_cert_to_id(EVP_sha256(), c->cert, c->issuer);
	if (sha1 && sha256)
		err = check_singles(c, sha1, sha256);
	else
		err = no_memory(c);
	OCSP_CERTID_free(sha1);
	OCSP_CERTID_free(sha256);
	return err;
}

static int check_all(struct check *c, const unsigned char *resp, size_t len)
{
	STACK_OF(X509) *certs;
	int err;

	err = check_issuer(c);
	if (!err)
		err = parse(c, resp, len);
	if (err)
		return err;
	certs = sk_X509_new_null();
	if (!certs || !sk_X509_push(certs, c->issuer))
		err = no_memory(c);
	else
		err = check_signature(c, certs);
	if (!err)
		err = check_content(c);
	if (!err)
		err = check_stock(c, certs);
	sk_X509_free(certs);
	return err;
}

int ocsp_verify(const unsigned char *resp, size_t len, X509 *cert,
		X509 *issuer, int64_t now, struct ocsp_verdict *verdict)
{
	struct check c = {
		.cert = cert,
		.issuer = issuer,
		.now = now,
		.verdict = verdict,
	};
	bool alone;
	int err;

	memset(verdict, 0, sizeof(*verdict));
	verdict->next_update = INT64_MAX;
	verdict->revocation_reason = -1;
	alone = ocsp_errors_begin();
	err = check_all(&c, resp, len);
	OCSP_BASICRESP_free(c.basic);
	/* Whatever was found wrong, the response is not to blame. */
	if (ocsp_errors_end(alone) && err)
		no_memory(&c);
	/* Who does not look at what we return must not see "good". */
	if (err) {
		verdict->status = KTLS_OCSP_CERT_STATUS_UNKNOWN;
		verdict->this_update = 0;
		verdict->next_update = 0;
	}
	return err;
}
