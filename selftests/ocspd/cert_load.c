// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Open handles on the responses of many certificates, as servers would, and
 * wait until they are fetched: see usage[]. For tests and the benchmark.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "cert.h"
#include "client.h"
#include "clock.h"
#include "forge.h"

#define FIRST_SERIAL	4096

static const char usage[] =
"usage: cert_load --ca CERT --key KEY --url URL [--count N] [--want N]\n"
"		 [--seconds N] [--hold | --files DIR]\n"
"\n"
"Makes COUNT certificates of the CA, whose certificate and key are PEM files.\n"
"%ld in URL, where their responder is, is the number of each, from 0. Opens\n"
"them all, and waits until WANT of them (all) have a valid response, SECONDS\n"
"(60) at most. Prints how long that took. With --hold it holds them until its\n"
"input ends. With --files it opens none, but writes DIR/NUMBER.pem for each: the\n"
"certificate, and the CA's.\n";

static struct {
	const char *ca;
	const char *key;
	const char *url;
	long count;
	long want;
	long seconds;
	bool hold;
	const char *files;
} options = { .count = 1000, .seconds = 60 };

static struct ocsp_client *client;
static struct forged ca;
static uint8_t (*keys)[KTLS_OCSP_KEY_LEN];

static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	fprintf(stderr, "cert_load: %s: %s\n", what, why);
	exit(1);
}

static double now(void)
{
	return clock_ns(CLOCK_MONOTONIC) / (double)NS_PER_S;
}

static void parse(int argc, char **argv)
{
	static const struct option all[] = {
		{ "ca", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' },
		{ "url", required_argument, NULL, 'u' },
		{ "count", required_argument, NULL, 'n' },
		{ "want", required_argument, NULL, 'w' },
		{ "seconds", required_argument, NULL, 's' },
		{ "hold", no_argument, NULL, 'h' },
		{ "files", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", all, NULL)) != -1) {
		switch (option) {
		case 'c':
			options.ca = optarg;
			break;
		case 'k':
			options.key = optarg;
			break;
		case 'u':
			options.url = optarg;
			break;
		case 'n':
			options.count = atol(optarg);
			break;
		case 'w':
			options.want = atol(optarg);
			break;
		case 's':
			options.seconds = atol(optarg);
			break;
		case 'h':
			options.hold = true;
			break;
		case 'f':
			options.files = optarg;
			break;
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind != argc || !options.ca || !options.key || !options.url) {
		fputs(usage, stderr);
		exit(2);
	}
	if (!options.want)
		options.want = options.count;
}

static void read_ca(void)
{
	FILE *cert = fopen(options.ca, "r"), *key = fopen(options.key, "r");

	if (!cert || !key)
		die(options.ca, "cannot be opened, or its key");
	ca.cert = PEM_read_X509(cert, NULL, NULL, NULL);
	ca.key = PEM_read_PrivateKey(key, NULL, NULL, NULL);
	if (!ca.cert || !ca.key)
		die(options.ca, "no certificate with its key");
	fclose(cert);
	fclose(key);
}

/* Each "%ld" in the URL is the number. */
static void number_url(char *aia, size_t size, long number)
{
	const char *from = options.url, *at;
	size_t len;

	len = snprintf(aia, size, "OCSP;URI:");
	while ((at = strstr(from, "%ld")) && len < size) {
		len += snprintf(aia + len, size - len, "%.*s%ld",
				(int)(at - from), from, number);
		from = at + 3;
	}
	if (len < size)
		snprintf(aia + len, size - len, "%s", from);
}

static struct forged make_cert(long number)
{
	long shift = (long)(time(NULL) - FORGE_NOW);
	char aia[300], cn[40];
	struct forge_cert spec = {
		.cn = cn,
		.issuer = &ca,
		.key = forge_ec(0),
		.serial = FIRST_SERIAL + number,
		.not_before = shift - FORGE_DAY,
		.not_after = shift + 30L * FORGE_DAY,
		.aia = aia,
	};

	snprintf(cn, sizeof(cn), "certificate %ld", number);
	number_url(aia, sizeof(aia), number);
	return forge_cert(&spec);
}

static void write_one(long number)
{
	struct forged made = make_cert(number);
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%ld.pem", options.files, number);
	f = fopen(path, "w");
	if (!f || !PEM_write_X509(f, made.cert) ||
	    !PEM_write_X509(f, ca.cert) || fclose(f))
		die(path, "cannot be written");
	forge_free(&made);
}

/* Made before the clock starts: to sign them takes as long as all the rest. */
static void make_one(long number, unsigned char **der, int *len)
{
	struct forged made = make_cert(number);

	*der = NULL;
	*len = i2d_X509(made.cert, der);
	if (*len < 0 || ocsp_cert_key(made.cert, keys[number]))
		die("certificates", "no memory");
	forge_free(&made);
}

static void open_one(int session, const unsigned char *der, int len)
{
	unsigned char *issuer = NULL;
	struct ocsp_name name = { .session = session };
	struct ocsp_opened opened;

	name.cert = der;
	name.cert_len = len;
	name.issuer_len = i2d_X509(ca.cert, &issuer);
	name.issuer = issuer;
	if (ocsp_client_open(client, &name, false, &opened))
		die("open", ocsp_client_error(client));
	OPENSSL_free(issuer);
}

/* Returns when the first one was opened. */
static double open_all(int session)
{
	unsigned char **certs = calloc(options.count, sizeof(*certs));
	int *lens = calloc(options.count, sizeof(*lens));
	double start;
	long i;

	keys = calloc(options.count, sizeof(*keys));
	if (!certs || !lens || !keys)
		die("certificates", "no memory");
	for (i = 0; i < options.count; i++)
		make_one(i, &certs[i], &lens[i]);
	start = now();
	for (i = 0; i < options.count; i++) {
		open_one(session, certs[i], lens[i]);
		OPENSSL_free(certs[i]);
	}
	free(certs);
	free(lens);
	return start;
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, KTLS_OCSP_KEY_LEN);
}

static int count_valid(const struct ocsp_entry *r, void *arg)
{
	long *valid = arg;

	*valid += r->state == KTLS_OCSP_STATE_VALID &&
		  bsearch(r->key, keys, options.count, sizeof(*keys),
			  compare_keys);
	return 0;
}

static long valid_ones(int session)
{
	long valid = 0;

	if (ocsp_client_dump(client, session, count_valid, &valid, NULL))
		die("dump", ocsp_client_error(client));
	return valid;
}

/* Half of what is left, at the rate so far: looking must not be what costs. */
static double next_look(long valid, double elapsed)
{
	double left = valid ? elapsed * (options.want - valid) / valid : 0;

	return left < 0.1 ? 0.05 : left < 2 ? left / 2 : 1;
}

/* Until so many are valid, or the time is over. */
static long wait_until_valid(int session, double end)
{
	const double begin = now();
	long valid;

	for (;;) {
		valid = valid_ones(session);
		if (valid >= options.want || now() >= end)
			return valid;
		usleep(1000000 * next_look(valid, now() - begin));
	}
}

int main(int argc, char **argv)
{
	double start, opened;
	int session;
	long valid, i;

	parse(argc, argv);
	read_ca();
	for (i = 0; options.files && i < options.count; i++)
		write_one(i);
	if (options.files)
		return 0;
	if (ocsp_client_new(&client) ||
	    ocsp_client_session(client, &session, NULL, NULL))
		die("store", ocsp_client_error(client));
	start = open_all(session);
	opened = now();
	qsort(keys, options.count, sizeof(*keys), compare_keys);
	printf("opened %ld in %.2f s\n", options.count, opened - start);
	fflush(stdout);
	valid = wait_until_valid(session, opened + options.seconds);
	printf("valid %ld after %.2f s, %.2f s after the last was opened\n",
	       valid, now() - start, now() - opened);
	fflush(stdout);
	while (options.hold && getchar() != EOF)
		;
	return valid < options.want;
}
