// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * A CA and many server certificates, for the comparison of servers: see usage[].
 * One key serves all, so that 10,000 take seconds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pem.h>

#include "forge.h"

static const char usage[] =
"usage: make_certs DIR COUNT URL\n"
"Writes ca.pem, ca.key, n00000.pem and so on (a certificate for n00000.test that\n"
"names the responder at URL, then the CA's), and key.pem, the key of all, to the\n"
"directory.\n";

static const char *dir;

/* From the forge's clock to the wall's. */
static long shift(void)
{
	return (long)(time(NULL) - FORGE_NOW);
}

static FILE *create(const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f) {
		fprintf(stderr, "make_certs: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return f;
}

static void write_key(const char *name, EVP_PKEY *key)
{
	FILE *f = create(name);

	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
}

static struct forged make_ca(void)
{
	const struct forge_cert spec = {
		.key = forge_ec(0),
		.cn = "Test Root",
		.serial = 1,
		.not_before = shift() - FORGE_DAY,
		.not_after = shift() + 60L * FORGE_DAY,
		.basic_constraints = "critical,CA:TRUE",
		.key_usage = "critical,keyCertSign,cRLSign,digitalSignature",
		.key_id = "hash",
	};
	struct forged ca = forge_cert(&spec);
	FILE *f = create("ca.pem");

	PEM_write_X509(f, ca.cert);
	fclose(f);
	write_key("ca.key", ca.key);
	return ca;
}

static void make_leaf(const struct forged *ca, long number, const char *aia)
{
	char cn[32], file[40], alt_name[40];
	const struct forge_cert spec = {
		.issuer = ca,
		.key = forge_ec(1),
		.cn = cn,
		.serial = 4096 + number,
		.not_before = shift() - FORGE_DAY,
		.not_after = shift() + 30L * FORGE_DAY,
		.basic_constraints = "critical,CA:FALSE",
		.key_usage = "critical,digitalSignature",
		.ext_key_usage = "serverAuth",
		.alt_name = alt_name,
		.aia = aia,
		.authority = { .key_of = ca },
	};
	struct forged leaf;
	FILE *f;

	snprintf(cn, sizeof(cn), "n%05ld.test", number);
	snprintf(alt_name, sizeof(alt_name), "DNS:%s", cn);
	snprintf(file, sizeof(file), "n%05ld.pem", number);
	leaf = forge_cert(&spec);
	f = create(file);
	PEM_write_X509(f, leaf.cert);
	PEM_write_X509(f, ca->cert);
	fclose(f);
	if (!number)
		write_key("key.pem", leaf.key);
	forge_free(&leaf);
}

int main(int argc, char **argv)
{
	struct forged ca;
	char aia[256];
	long count;

	if (argc != 4) {
		fputs(usage, stderr);
		return 2;
	}
	dir = argv[1];
	count = atol(argv[2]);
	snprintf(aia, sizeof(aia), "OCSP;URI:%s", argv[3]);
	ca = make_ca();
	for (long i = 0; i < count; i++)
		make_leaf(&ca, i, aia);
	return 0;
}
