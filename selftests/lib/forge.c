// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Certificates and OCSP responses with any defect.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "forge.h"

#define KEYS		6
#define UNKNOWN_OID	"1.3.6.1.4.1.55555.1"

#define must(x) must_be((x), #x, __LINE__)

static void must_be(bool ok, const char *what, int line)
{
	if (ok)
		return;
	fprintf(stderr, "forge.c:%d: %s\n", line, what);
	ERR_print_errors_fp(stderr);
	abort();
}

EVP_PKEY *forge_rsa(int number)
{
	static EVP_PKEY *keys[KEYS];

	if (!keys[number])
		keys[number] = EVP_RSA_gen(2048);
	must(keys[number]);
	return keys[number];
}

EVP_PKEY *forge_ec(int number)
{
	static EVP_PKEY *keys[KEYS];

	if (!keys[number])
		keys[number] = EVP_EC_gen("P-256");
	must(keys[number]);
	return keys[number];
}

EVP_PKEY *forge_ed25519(int number)
{
	static EVP_PKEY *keys[KEYS];

	if (!keys[number])
		keys[number] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	must(keys[number]);
	return keys[number];
}

static void add_name(X509_NAME *name, const char *field, const char *value)
{
	must(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
					(const unsigned char *)value, -1, -1,
					0));
}

static void set_names(X509 *cert, const struct forge_cert *spec)
{
	X509_NAME *name = X509_NAME_new();
	size_t i;

	must(name);
	if (spec->cn)
		add_name(name, "CN", spec->cn);
	for (i = 0; i < sizeof(spec->ou) / sizeof(spec->ou[0]); i++)
		if (spec->ou[i])
			add_name(name, "OU", spec->ou[i]);
	must(X509_set_subject_name(cert, name));
	if (spec->issuer) {
		X509_NAME_free(name);
		name = X509_NAME_dup(X509_get_subject_name(spec->issuer->cert));
	}
	must(X509_set_issuer_name(cert, name));
	X509_NAME_free(name);
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	if (!value)
		return;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	must(ext);
	must(X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
}

/* True or not: a CA's own tool would write what the issuer is. */
static void add_authority(X509 *cert, const struct forge_authority *spec)
{
	AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();
	const ASN1_OCTET_STRING *key;
	GENERAL_NAME *name;

	must(id);
	if (spec->key_of) {
		key = X509_get0_subject_key_id(spec->key_of->cert);
		id->keyid = ASN1_OCTET_STRING_dup(key);
		must(id->keyid);
	}
	if (spec->name_of) {
		name = GENERAL_NAME_new();
		id->issuer = GENERAL_NAMES_new();
		id->serial = ASN1_INTEGER_dup(X509_get0_serialNumber(
							spec->name_of->cert));
		must(name && id->issuer && id->serial);
		GENERAL_NAME_set0_value(name, GEN_DIRNAME, X509_NAME_dup(
				X509_get_subject_name(spec->name_of->cert)));
		must(sk_GENERAL_NAME_push(id->issuer, name));
	}
	if (spec->key_of || spec->name_of)
		must(X509_add1_ext_i2d(cert, NID_authority_key_identifier, id,
				       0, X509V3_ADD_DEFAULT) > 0);
	AUTHORITY_KEYID_free(id);
}

static const EVP_MD *digest_for(EVP_PKEY *key, const EVP_MD *md)
{
	if (EVP_PKEY_is_a(key, "ED25519"))
		return NULL;
	return md ? md : EVP_sha256();
}

static void set_validity(X509 *cert, const struct forge_cert *spec)
{
	bool given = spec->not_before || spec->not_after;
	time_t before = FORGE_NOW - FORGE_DAY;
	time_t after = FORGE_NOW + FORGE_DAY * 30;

	if (given) {
		before = FORGE_NOW + spec->not_before;
		after = FORGE_NOW + spec->not_after;
	}
	must(ASN1_TIME_set(X509_getm_notBefore(cert), before));
	must(ASN1_TIME_set(X509_getm_notAfter(cert), after));
}

struct forged forge_cert(const struct forge_cert *spec)
{
	struct forged made = { X509_new(), spec->key };
	struct forged issuer = spec->issuer ? *spec->issuer : made;
	const EVP_MD *md = digest_for(issuer.key, spec->md);
	X509 *cert = made.cert;

	must(cert);
	must(X509_set_version(cert, X509_VERSION_3));
	must(ASN1_INTEGER_set(X509_get_serialNumber(cert),
			      spec->serial ? spec->serial : 1));
	set_names(cert, spec);
	set_validity(cert, spec);
	must(X509_set_pubkey(cert, spec->key));
	add_extension(cert, issuer.cert, NID_basic_constraints,
		      spec->basic_constraints);
	add_extension(cert, issuer.cert, NID_key_usage, spec->key_usage);
	add_extension(cert, issuer.cert, NID_ext_key_usage,
		      spec->ext_key_usage);
	add_extension(cert, issuer.cert, NID_info_access, spec->aia);
	add_extension(cert, issuer.cert, NID_tlsfeature, spec->tls_feature);
	add_extension(cert, issuer.cert, NID_subject_alt_name, spec->alt_name);
	add_extension(cert, issuer.cert, NID_subject_key_identifier,
		      spec->key_id);
	add_authority(cert, &spec->authority);
	must(X509_sign(cert, issuer.key, md) > 0);
	return made;
}

void forge_free(struct forged *forged)
{
	X509_free(forged->cert);
	forged->cert = NULL;
}

static X509_EXTENSION *unknown_extension(size_t size, bool critical)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(UNKNOWN_OID, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	unsigned char *bytes = calloc(1, size + 1);
	X509_EXTENSION *ext;

	must(oid && value && bytes);
	must(ASN1_OCTET_STRING_set(value, bytes, size));
	ext = X509_EXTENSION_create_by_OBJ(NULL, oid, critical, value);
	must(ext);
	free(bytes);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
	return ext;
}

static void add_single_extension(OCSP_SINGLERESP *single)
{
	X509_EXTENSION *ext = unknown_extension(1, true);

	must(OCSP_SINGLERESP_add_ext(single, ext, -1));
	X509_EXTENSION_free(ext);
}

static void add_single(OCSP_BASICRESP *basic, const struct forge_single *spec)
{
	bool given = spec->this_update || spec->next_update;
	long from = given ? spec->this_update : -3600;
	long to = given ? spec->next_update : FORGE_DAY;
	ASN1_TIME *this_update = ASN1_TIME_set(NULL, FORGE_NOW + from);
	ASN1_TIME *next_update = ASN1_TIME_set(NULL, FORGE_NOW + to);
	bool revoked = spec->status == V_OCSP_CERTSTATUS_REVOKED;
	OCSP_SINGLERESP *single;
	OCSP_CERTID *id;

	id = OCSP_cert_to_id(spec->hash ? spec->hash : EVP_sha1(),
			     spec->of->cert, spec->issuer->cert);
	must(this_update && next_update && id);
	single = OCSP_basic_add1_status(basic, id, spec->status,
					spec->reason ? spec->reason : -1,
					revoked ? this_update : NULL,
					this_update,
					spec->no_next_update ? NULL :
					next_update);
	must(single);
	if (spec->critical)
		add_single_extension(single);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
}

static void add_response_extension(OCSP_BASICRESP *basic,
				   const struct forge_response *spec)
{
	X509_EXTENSION *ext;

	if (spec->nonce)
		must(OCSP_basic_add1_nonce(basic, NULL, 32));
	if (!spec->padding && !spec->critical)
		return;
	ext = unknown_extension(spec->padding ? spec->padding : 1,
				spec->critical);
	must(OCSP_BASICRESP_add_ext(basic, ext, -1));
	X509_EXTENSION_free(ext);
}

/* The signer only lends its name when another key signs. */
static void sign(OCSP_BASICRESP *basic, const struct forge_response *spec)
{
	EVP_PKEY *key = spec->wrong_key ? spec->wrong_key : spec->signer->key;
	const EVP_MD *md = digest_for(key, spec->md);
	X509 *cert = spec->signer->cert;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned long flags = spec->no_produced_at ? OCSP_NOTIME : 0;
	EVP_PKEY_CTX *pctx;

	must(ctx);
	if (spec->by_key)
		flags |= OCSP_RESPID_KEY;
	if (spec->no_certs)
		flags |= OCSP_NOCERTS;
	if (spec->wrong_key) {
		/* libcrypto wants a certificate that goes with the key. */
		cert = X509_dup(cert);
		must(cert && X509_set_pubkey(cert, key));
		flags |= OCSP_NOCERTS;
		if (!spec->no_certs)
			must(OCSP_basic_add1_cert(basic, spec->signer->cert));
	}
	must(EVP_DigestSignInit(ctx, &pctx, md, NULL, key));
	if (spec->pss)
		must(EVP_PKEY_CTX_set_rsa_padding(pctx,
						  RSA_PKCS1_PSS_PADDING) > 0);
	must(OCSP_basic_sign_ctx(basic, cert, ctx, NULL, flags));
	EVP_MD_CTX_free(ctx);
	if (cert != spec->signer->cert)
		X509_free(cert);
}

static unsigned char *to_der(OCSP_RESPONSE *response, size_t *len)
{
	unsigned char *der = NULL;
	unsigned char *copy;
	int n;

	must(response);
	n = i2d_OCSP_RESPONSE(response, &der);
	must(n > 0);
	copy = malloc(n);
	must(copy);
	memcpy(copy, der, n);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
	*len = n;
	return copy;
}

unsigned char *forge_response(const struct forge_response *spec, size_t *len)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	unsigned char *der;
	int i;

	must(basic);
	for (i = 0; i < FORGE_SINGLES && spec->single[i].of; i++)
		add_single(basic, &spec->single[i]);
	add_response_extension(basic, spec);
	if (spec->embed)
		must(OCSP_basic_add1_cert(basic, spec->embed->cert));
	sign(basic, spec);
	der = to_der(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL,
					  basic), len);
	OCSP_BASICRESP_free(basic);
	return der;
}

unsigned char *forge_status(int status, size_t *len)
{
	return to_der(OCSP_response_create(status, NULL), len);
}
