// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Sign an OCSP response with any times, to the second: `openssl ocsp` only
 * knows whole minutes from now. For tests.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include "der.h"

struct request {
	X509 *cert;
	X509 *issuer;
	X509 *signer;
	EVP_PKEY *key;
	const EVP_MD *id_digest;
	int status;
	long this_update;		/* seconds from now */
	long next_update;
	bool no_next_update;
	const char *out;
	struct change {
		void (*make)(struct der *root, const char *path,
			     const void *bytes, size_t len);
		const char *at;		/* PATH:HEX */
	} change;			/* of what is signed; make is NULL: none */
};

static const char usage[] =
"usage: ocsp_sign --cert CERT --issuer ISSUER --signer CERT --key KEY -o FILE\n"
"	[--status good|revoked|unknown] [--digest sha1|sha256]\n"
"	[--this SECONDS] [--next SECONDS|none]\n"
"	[--put PATH:HEX | --insert PATH:HEX | --append PATH:HEX]\n"
"Certificates and key are PEM files. Times count from now (0 and 86400).\n"
"What is signed can be changed before: at a path of indexes like 1.0.1.0.0.2\n"
"put bytes, insert them before that, or append them to what it consists of.\n";

static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	fprintf(stderr, "ocsp_sign: %s: %s\n", what, why);
	exit(1);
}

static void __attribute__((noreturn)) die_openssl(const char *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	die(what, why ? why : "failed");
}

static BIO *open_file(const char *path)
{
	BIO *bio = BIO_new_file(path, "r");

	if (!bio)
		die_openssl(path);
	return bio;
}

static X509 *read_cert(const char *path)
{
	BIO *bio = open_file(path);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	if (!cert)
		die_openssl(path);
	BIO_free(bio);
	return cert;
}

static EVP_PKEY *read_key(const char *path)
{
	BIO *bio = open_file(path);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	if (!key)
		die_openssl(path);
	BIO_free(bio);
	return key;
}

static long read_seconds(const char *option, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end)
		die(option, "not a number of seconds");
	return n;
}

static int read_status(const char *text)
{
	static const struct {
		const char *name;
		int value;
	} all[] = {
		{ "good", V_OCSP_CERTSTATUS_GOOD },
		{ "revoked", V_OCSP_CERTSTATUS_REVOKED },
		{ "unknown", V_OCSP_CERTSTATUS_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(text, all[i].name))
			return all[i].value;
	die("--status", "not good, revoked or unknown");
}

static void parse(int argc, char **argv, struct request *rq)
{
	static const struct option options[] = {
		{ "cert", required_argument, NULL, 'c' },
		{ "issuer", required_argument, NULL, 'i' },
		{ "signer", required_argument, NULL, 's' },
		{ "key", required_argument, NULL, 'k' },
		{ "status", required_argument, NULL, 'S' },
		{ "digest", required_argument, NULL, 'd' },
		{ "this", required_argument, NULL, 't' },
		{ "next", required_argument, NULL, 'n' },
		{ "put", required_argument, NULL, 'P' },
		{ "insert", required_argument, NULL, 'I' },
		{ "append", required_argument, NULL, 'A' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			rq->cert = read_cert(optarg);
			break;
		case 'i':
			rq->issuer = read_cert(optarg);
			break;
		case 's':
			rq->signer = read_cert(optarg);
			break;
		case 'k':
			rq->key = read_key(optarg);
			break;
		case 'S':
			rq->status = read_status(optarg);
			break;
		case 'd':
			rq->id_digest = EVP_get_digestbyname(optarg);
			if (!rq->id_digest)
				die("--digest", "not known to OpenSSL");
			break;
		case 't':
			rq->this_update = read_seconds("--this", optarg);
			break;
		case 'n':
			rq->no_next_update = !strcmp(optarg, "none");
			if (!rq->no_next_update)
				rq->next_update = read_seconds("--next",
							       optarg);
			break;
		case 'P':
			rq->change = (struct change){ der_replace, optarg };
			break;
		case 'I':
			rq->change = (struct change){ der_insert, optarg };
			break;
		case 'A':
			rq->change = (struct change){ der_append, optarg };
			break;
		case 'o':
			rq->out = optarg;
			break;
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind != argc || !rq->cert || !rq->issuer || !rq->signer ||
	    !rq->key || !rq->out) {
		fputs(usage, stderr);
		exit(2);
	}
}

static OCSP_BASICRESP *build(const struct request *rq)
{
	time_t now = time(NULL);
	ASN1_TIME *this_update = ASN1_TIME_adj(NULL, now, 0, rq->this_update);
	ASN1_TIME *next_update = ASN1_TIME_adj(NULL, now, 0, rq->next_update);
	OCSP_CERTID *id = OCSP_cert_to_id(rq->id_digest, rq->cert, rq->issuer);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	bool revoked = rq->status == V_OCSP_CERTSTATUS_REVOKED;

	if (!this_update || !next_update || !id || !basic ||
	    !OCSP_basic_add1_status(basic, id, rq->status,
				    OCSP_REVOKED_STATUS_KEYCOMPROMISE,
				    revoked ? this_update : NULL, this_update,
				    rq->no_next_update ? NULL : next_update))
		die_openssl("cannot build the response");

	OCSP_CERTID_free(id);
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	return basic;
}

/* Changes the response that is der[0..*len), and signs it anew. */
static unsigned char *change(const struct request *rq, unsigned char *der,
			     size_t *len)
{
	const char *hex = strchr(rq->change.at, ':');
	struct der *root = der_parse(der, *len);
	unsigned char *bytes;
	char path[64];
	long n;

	if (!hex || hex - rq->change.at >= (long)sizeof(path))
		die(rq->change.at, "not PATH:HEX");
	sprintf(path, "%.*s", (int)(hex - rq->change.at), rq->change.at);
	bytes = OPENSSL_hexstr2buf(hex + 1, &n);
	if (!bytes)
		die(rq->change.at, "not PATH:HEX");
	rq->change.make(root, path, bytes, n);
	der_sign(root, "1.0.1.0", rq->key);
	OPENSSL_free(bytes);
	bytes = der_encode(root, len);
	der_free(root);
	return bytes;
}

static void write_der(const struct request *rq, OCSP_RESPONSE *response)
{
	unsigned char *der = NULL, *changed = NULL;
	int n = i2d_OCSP_RESPONSE(response, &der);
	FILE *f = fopen(rq->out, "w");
	size_t len = n;

	if (n <= 0)
		die_openssl("cannot encode the response");
	if (rq->change.make)
		changed = change(rq, der, &len);
	if (!f)
		die(rq->out, "cannot be written");
	if (fwrite(changed ? changed : der, 1, len, f) != len || fclose(f))
		die(rq->out, "cannot be written");
	OPENSSL_free(der);
	free(changed);
}

int main(int argc, char **argv)
{
	struct request rq = {
		.id_digest = EVP_sha1(),
		.status = V_OCSP_CERTSTATUS_GOOD,
		.next_update = 86400,
	};
	OCSP_RESPONSE *response;
	OCSP_BASICRESP *basic;

	parse(argc, argv, &rq);

	basic = build(&rq);
	if (!OCSP_basic_sign(basic, rq.signer, rq.key, EVP_sha256(), NULL, 0))
		die_openssl("cannot sign the response");
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	if (!response)
		die_openssl("cannot build the response");
	write_der(&rq, response);

	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	X509_free(rq.cert);
	X509_free(rq.issuer);
	X509_free(rq.signer);
	EVP_PKEY_free(rq.key);
	return 0;
}
