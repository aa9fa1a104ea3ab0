// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Who may sign an OCSP response, and whether he did: RFC 6960 4.2.2.2. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "cert.h"
#include "issuer.h"
#include "verify_priv.h"

/* Most bytes of a name in a reason: its certificate came from the network. */
#define NAME_MAX_TEXT	100
#define NAME_SIZE	(NAME_MAX_TEXT + 16)

#define NO_SIGNER	"signed by neither the issuer nor a delegate"

/*
 * OpenSSL's level 1: no SHA-1, which a prefix chosen by the attacker breaks,
 * and no RSA key below 1024 bits.
 */
#define AUTH_LEVEL	1

/* "issuer CN=..." or "delegate CN=...". */
static void signer_name(const struct check *c, X509 *signer,
			char text[NAME_SIZE])
{
	char *subject = ocsp_cert_subject(signer, true);

	snprintf(text, NAME_SIZE, "%s %.*s",
		 signer == c->issuer ? "issuer" : "delegate", NAME_MAX_TEXT,
		 subject ? subject : "?");
	free(subject);
}

int ocsp_check_issuer(const struct check *c)
{
	char name[NAME_SIZE];

	signer_name(c, c->issuer, name);
	/* All bits are set where there is no such extension. */
	if (!(X509_get_key_usage(c->issuer) & KU_KEY_CERT_SIGN))
		return ocsp_refuse(c, "%s has a key usage without keyCertSign",
				   name);
	if (!X509_check_ca(c->issuer))
		return ocsp_refuse(c, "%s is not a CA certificate", name);
	if (!X509_get0_pubkey(c->issuer))
		return ocsp_refuse(c, "%s has a key of unknown type", name);
	if (!ocsp_leaf_names(c->issuer, c->leaf))
		return ocsp_refuse(c, "%s did not issue the certificate, which names another issuer",
				   name);
	if (!ocsp_leaf_issued(c->issuer, c->leaf))
		return ocsp_refuse(c, "%s did not issue the certificate: its key did not sign it",
				   name);
	return 0;
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
		return ocsp_refuse(c, "signed with an unknown algorithm");
	/* No signature covers them, and OpenSSL does not look at them. */
	if (nid == NID_rsassaPss)
		digest = pss_digest(alg);
	else if (type != V_ASN1_UNDEF && type != V_ASN1_NULL)
		return ocsp_refuse(c, "signature algorithm with parameters");
	switch (digest) {
	case NID_md2:
	case NID_md4:
	case NID_md5:
	case NID_mdc2:
	case NID_md5_sha1:
	case NID_ripemd160:
	case NID_sha:
	case NID_sha1:
		return ocsp_refuse(c, "signed with %s, which is no longer secure",
				   OBJ_nid2sn(digest));
	default:
		return 0;
	}
}

static int check_signer_time(const struct check *c, X509 *signer)
{
	int64_t not_before, not_after;
	char when[TIME_SIZE];
	char name[NAME_SIZE];

	signer_name(c, signer, name);
	if (!ocsp_time_value(X509_get0_notBefore(signer), &not_before) ||
	    !ocsp_time_value(X509_get0_notAfter(signer), &not_after))
		return ocsp_refuse(c, "%s has an invalid validity period",
				   name);
	if (c->now < not_before)
		return ocsp_refuse(c, "%s not valid before %s", name,
				   ocsp_time_text(not_before, when));
	if (c->now > not_after)
		return ocsp_refuse(c, "%s expired on %s", name,
				   ocsp_time_text(not_after, when));
	/* No client takes the response when its signer has expired. */
	if (c->verdict->next_update > not_after)
		c->verdict->next_update = not_after;
	return 0;
}

static int judge_delegate(const struct check *c, X509 *delegate)
{
	const uint32_t may_sign = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION;
	char name[NAME_SIZE];

	signer_name(c, delegate, name);
	/* RFC 5280 6.1 takes the identifier for a hint; OpenSSL does not. */
	if (X509_check_issued(c->issuer, delegate) != X509_V_OK)
		return ocsp_refuse(c, "%s has an authority key identifier that is not the issuer's, which OpenSSL clients refuse",
				   name);
	if (!(X509_get_extension_flags(delegate) & EXFLAG_XKUSAGE) ||
	    !(X509_get_extended_key_usage(delegate) & XKU_OCSP_SIGN))
		return ocsp_refuse(c, "%s has no id-kp-OCSPSigning", name);
	/* All bits are set where there is no such extension. */
	if (!(X509_get_key_usage(delegate) & may_sign))
		return ocsp_refuse(c, "%s has a key usage without digitalSignature",
				   name);
	return check_signer_time(c, delegate);
}

/*
 * Whatever else is wrong with it: one that the issuer did not sign is none.
 * Where nothing is, OpenSSL looks at that signature, in ocsp_check_stock().
 */
static int refuse_delegate(const struct check *c, X509 *delegate)
{
	return ocsp_cert_issued(c->issuer, delegate) ? -EBADMSG :
	       ocsp_refuse(c, NO_SIGNER);
}

static int check_delegate(const struct check *c, X509 *delegate)
{
	return judge_delegate(c, delegate) ? refuse_delegate(c, delegate) : 0;
}

/* Is it the one that the response's ResponderID names? */
static bool is_named(const struct check *c, X509 *cert)
{
	unsigned char digest[SHA_DIGEST_LENGTH];
	const ASN1_OCTET_STRING *key;
	const X509_NAME *name;

	if (!OCSP_resp_get0_id(c->basic, &key, &name))
		return false;
	if (name)
		return !X509_NAME_cmp(X509_get_subject_name(cert), name);
	return X509_pubkey_digest(cert, EVP_sha1(), digest, NULL) &&
	       ASN1_STRING_length(key) == sizeof(digest) &&
	       !memcmp(ASN1_STRING_get0_data(key), digest, sizeof(digest));
}

static bool has_signed(const struct check *c, X509 *cert)
{
	STACK_OF(X509) *one = sk_X509_new_null();
	bool ok;

	ok = one && sk_X509_push(one, cert) > 0 &&
	     OCSP_basic_verify(c->basic, one, NULL, OCSP_NOVERIFY) > 0;
	sk_X509_free(one);
	return ok;
}

/*
 * A name does not tell a delegate from a CA that it shares it with, nor a key
 * from the one before it: whose key verifies the signature is the signer.
 */
static int find_signer(const struct check *c, X509 **signer)
{
	bool named = is_named(c, c->issuer);
	X509 *cert;
	int i;

	*signer = c->issuer;
	if (named && has_signed(c, c->issuer))
		return 0;
	for (i = 0; i < sk_X509_num(c->certs); i++) {
		cert = sk_X509_value(c->certs, i);
		if (!is_named(c, cert))
			continue;
		named = true;
		*signer = cert;
		if (has_signed(c, cert))
			return 0;
	}
	return ocsp_refuse(c, "%s", named ? "bad signature" : NO_SIGNER);
}

int ocsp_check_signer(const struct check *c, X509 **signer)
{
	int err;

	err = check_digest(c);
	if (!err)
		err = find_signer(c, signer);
	if (!err)
		err = check_signer_time(c, c->issuer);
	if (!err && *signer != c->issuer)
		err = check_delegate(c, *signer);
	return err;
}

/*
 * In place of libcrypto's look at a chain's signatures and times: those of its
 * two certificates are check_signer_time()'s, and the delegate's signature was
 * verified before.
 */
static int verified_before(X509_STORE_CTX *ctx)
{
	if (sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) == 2)
		return 1;
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_UNSPECIFIED);
	return 0;
}

/* The issuer as the one thing that is trusted, at the time now. */
static X509_STORE *make_store(const struct check *c, X509 *signer)
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
	if (ocsp_delegates_verified(c->delegates, signer, c->issuer))
		X509_STORE_set_verify(store, verified_before);
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
		return ocsp_refuse(c, "signer refused: %.150s", data);
	/* It says nothing when the CertIDs are not all of one issuer. */
	return ocsp_refuse(c, "response is for another issuer as well");
}

int ocsp_check_stock(const struct check *c, X509 *signer)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509_STORE *store = make_store(c, signer);
	int ok = 0, err;

	if (!certs || !store || sk_X509_push(certs, signer) <= 0) {
		err = ocsp_refuse_memory(c);
	} else {
		/*
		 * The signer alone, or another of its name would be taken.
		 * has_signed() had the signature verified with its key.
		 */
		ok = OCSP_basic_verify(c->basic, certs, store,
				       OCSP_NOEXPLICIT | OCSP_NOSIGS);
		err = ok > 0 ? 0 : refuse_stock(c);
		if (!err)
			ocsp_delegates_set_verified(c->delegates, signer,
						    c->issuer);
		if (err && signer != c->issuer)
			err = refuse_delegate(c, signer);
	}
	X509_STORE_free(store);
	sk_X509_free(certs);
	return err;
}
