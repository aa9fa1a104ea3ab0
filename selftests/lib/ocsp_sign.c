// SPDX-License-Identifier: GPL-2.0-only
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
};

static const char usage[] =
"usage: ocsp_sign --cert CERT --issuer ISSUER --signer CERT --key KEY -o FILE\n"
"	[--status good|revoked|unknown] [--digest sha1|sha256]\n"
"	[--this SECONDS] [--next SECONDS|none]\n"
"Certificates and key are PEM files. Times count from now (0 and 86400).\n";

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

static void write_der(OCSP_RESPONSE *response, const char *path)
{
	unsigned char *der = NULL;
	int len = i2d_OCSP_RESPONSE(response, &der);
	FILE *f = fopen(path, "w");

	if (len <= 0)
		die_openssl("cannot encode the response");
	if (!f)
		die(path, "cannot be written");
	if (fwrite(der, 1, len, f) != (size_t)len || fclose(f))
		die(path, "cannot be written");
	OPENSSL_free(der);
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
	write_der(response, rq.out);

	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	X509_free(rq.cert);
	X509_free(rq.issuer);
	X509_free(rq.signer);
	EVP_PKEY_free(rq.key);
	return 0;
}
