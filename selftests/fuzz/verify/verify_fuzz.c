// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * A libFuzzer target: the verifier of OCSP responses.
 *
 * What a mutation breaks first is the signature, behind which nothing would be
 * reached. So half of the mutations change what is signed, and sign it again
 * with the key of who signed it, which is a test's.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include "libfuzzer.h"
#include "verify.h"

static X509 *cert, *issuer;
static EVP_PKEY *issuer_key, *delegate_key;
static int64_t now;			/* as of which is judged: the corpus' */

#define must(x) must_be((x), #x, __LINE__)

static void must_be(bool ok, const char *what, int line)
{
	if (ok)
		return;
	fprintf(stderr, "verify_fuzz.c:%d: %s\n", line, what);
	abort();
}

static BIO *open_part(const char *name)
{
	const char *dir = getenv("FUZZ_PKI");
	char path[512];
	BIO *bio;

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : ".", name);
	bio = BIO_new_file(path, "r");
	if (!bio)
		fprintf(stderr, "%s: cannot be read (FUZZ_PKI=DIR)\n", path);
	must(bio);
	return bio;
}

static EVP_PKEY *read_key(const char *name)
{
	BIO *bio = open_part(name);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return key;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	BIO *bio = open_part("leaf.pem");
	char text[32];

	(void)argc;
	(void)argv;
	cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	bio = open_part("ca.pem");
	issuer = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	issuer_key = read_key("ca.key");
	delegate_key = read_key("signer.key");
	bio = open_part("now");
	must(BIO_gets(bio, text, sizeof(text)) > 0);
	now = atoll(text);
	BIO_free(bio);
	must(cert && issuer && issuer_key && delegate_key && now);
	return 0;
}

/* What it says must hold together, whatever it was shown. */
static void check_verdict(int err, size_t size, const struct ocsp_verdict *v)
{
	must(memchr(v->reason, '\0', sizeof(v->reason)));
	if (err) {
		must(*v->reason);
		must(!v->this_update && !v->next_update);
		must(v->status == KTLS_OCSP_CERT_STATUS_UNKNOWN);
		return;
	}
	must(size && size <= KTLS_OCSP_BLOB_MAX);
	must(v->status <= KTLS_OCSP_CERT_STATUS_UNKNOWN);
	must(v->this_update >= 0 &&
	     v->this_update <= now + KTLS_OCSP_CLOCK_TOLERANCE);
	must(v->next_update > now && v->next_update > v->this_update);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ocsp_verdict verdict;
	uint8_t *copy = malloc(size ? size : 1);
	int err;

	/* Of its own size, so that each byte behind it is a fault. */
	must(copy);
	memcpy(copy, data, size);
	err = ocsp_verify(copy, size, cert, issuer, now, &verdict);
	check_verdict(err, size, &verdict);
	free(copy);
	return 0;
}

/* Signing again */

struct span {
	const uint8_t *start;
	size_t len;			/* with its header */
};

/* The element at *p, which is moved behind it. */
static bool element(const uint8_t **p, const uint8_t *end, struct span *span,
		    struct span *content)
{
	const unsigned char *at = *p;
	int tag, class;
	long len;

	if (at >= end ||
	    ASN1_get_object(&at, &len, &tag, &class, end - at) & 0x81)
		return false;
	content->start = at;
	content->len = len;
	span->start = *p;
	span->len = at + len - *p;
	*p = at + len;
	return true;
}

/* What a response is made of, its algorithm and signature left out. */
struct parts {
	struct span tbs;
	struct span certs;		/* of length 0: there are none */
};

static bool split_basic(const uint8_t *der, size_t len, struct parts *parts)
{
	struct span outer, content, ignored;
	const uint8_t *p = der, *end;

	if (!element(&p, der + len, &outer, &content))
		return false;
	p = content.start;
	end = p + content.len;
	if (!element(&p, end, &parts->tbs, &ignored) ||
	    !element(&p, end, &outer, &ignored) ||
	    !element(&p, end, &outer, &ignored))
		return false;
	parts->certs.start = p;
	parts->certs.len = end - p;
	return true;
}

/* The parts are there until the next call. */
static bool split(const uint8_t *data, size_t size, struct parts *parts)
{
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &data, size);
	OCSP_BASICRESP *basic;
	static uint8_t *der;
	int len;

	OPENSSL_free(der);
	der = NULL;
	basic = response ? OCSP_response_get1_basic(response) : NULL;
	len = basic ? i2d_OCSP_BASICRESP(basic, &der) : -1;
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return len > 0 && split_basic(der, len, parts);
}

/* Appends an element with one or two parts to out, which has room. */
static size_t put(uint8_t *out, int tag, int constructed, const void *a,
		  size_t a_len, const void *b, size_t b_len)
{
	unsigned char *p = out;

	ASN1_put_object(&p, constructed, a_len + b_len, tag, V_ASN1_UNIVERSAL);
	memcpy(p, a, a_len);
	p += a_len;
	if (b_len)
		memcpy(p, b, b_len);
	return p + b_len - out;
}

/* BIT STRING of the signature of data; in out. */
static size_t put_signature(uint8_t *out, const uint8_t *data, size_t len,
			    EVP_PKEY *key)
{
	uint8_t signature[1 + 128] = { 0 };
	size_t n = sizeof(signature) - 1;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	must(ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key));
	must(EVP_DigestSign(ctx, signature + 1, &n, data, len));
	EVP_MD_CTX_free(ctx);
	return put(out, V_ASN1_BIT_STRING, 0, signature, n + 1, NULL, 0);
}

/* BasicOCSPResponse of what is signed, and the certificates; in out. */
static size_t sign_basic(const struct span *tbs, const struct span *certs,
			 uint8_t *out)
{
	/* ecdsa-with-SHA256 */
	static const uint8_t algorithm[] = {
		0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04,
		0x03, 0x02,
	};
	uint8_t *tail = malloc(sizeof(algorithm) + 200 + certs->len);
	size_t n = sizeof(algorithm);

	must(tail);
	memcpy(tail, algorithm, n);
	n += put_signature(tail + n, tbs->start, tbs->len,
			   certs->len ? delegate_key : issuer_key);
	memcpy(tail + n, certs->start, certs->len);
	n = put(out, V_ASN1_SEQUENCE, 1, tbs->start, tbs->len, tail,
		n + certs->len);
	free(tail);
	return n;
}

/* The whole OCSPResponse around that. */
static size_t wrap(const uint8_t *basic, size_t len, uint8_t *out)
{
	static const uint8_t successful[] = { 0x0a, 0x01, 0x00 };
	/* id-pkix-ocsp-basic */
	static const uint8_t type[] = {
		0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01,
		0x01,
	};
	uint8_t *a = malloc(len + 64), *b = malloc(len + 64);
	size_t n;
	unsigned char *p = b;

	must(a && b);
	n = put(a, V_ASN1_OCTET_STRING, 0, basic, len, NULL, 0);
	n = put(b, V_ASN1_SEQUENCE, 1, type, sizeof(type), a, n);
	p = a;
	ASN1_put_object(&p, 1, n, 0, V_ASN1_CONTEXT_SPECIFIC);
	memcpy(p, b, n);
	n = put(out, V_ASN1_SEQUENCE, 1, successful, sizeof(successful), a,
		p + n - a);
	free(a);
	free(b);
	return n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	uint8_t tbs[4096], basic[8192], whole[9216];
	struct span mutated = { .start = tbs };
	struct parts parts;
	size_t len;

	if (seed & 1 || !split(data, size, &parts) ||
	    parts.tbs.len > sizeof(tbs) || parts.certs.len > 2048)
		return LLVMFuzzerMutate(data, size, max_size);
	memcpy(tbs, parts.tbs.start, parts.tbs.len);
	mutated.len = LLVMFuzzerMutate(tbs, parts.tbs.len, sizeof(tbs));
	len = sign_basic(&mutated, &parts.certs, basic);
	len = wrap(basic, len, whole);
	if (len > max_size)
		return LLVMFuzzerMutate(data, size, max_size);
	memcpy(data, whole, len);
	return len;
}
