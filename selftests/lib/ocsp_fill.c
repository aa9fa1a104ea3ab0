// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Fill the store as a writer could that verifies nothing. For tests: of many
 * entries, and of what ocspctl and ocspd would not store.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pem.h>

#include "client.h"

static const char usage[] =
"usage: ocsp_fill [--count N] [--first SERIAL] [--status good|revoked|unknown]\n"
"	[--this SECONDS] [--next SECONDS] [--failure REASON] CHAIN...\n"
"A CHAIN is a PEM file of a certificate and its issuer. Stores bytes that are no\n"
"response as that of the certificate, or those of N that differ from it in their\n"
"serial numbers (from SERIAL, 1000, on). With REASON, reports that failure of them\n"
"after that. Times count from now (0 and 86400).\n";

struct order {
	long count;			/* 0: of the certificate itself */
	long first;
	const char *failure;
	struct ocsp_update update;
	X509 *cert, *issuer;
};

static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	fprintf(stderr, "ocsp_fill: %s: %s\n", what, why);
	exit(1);
}

static enum ktls_ocsp_cert_status parse_status(const char *text)
{
	if (!strcmp(text, "good"))
		return KTLS_OCSP_CERT_STATUS_GOOD;
	if (!strcmp(text, "revoked"))
		return KTLS_OCSP_CERT_STATUS_REVOKED;
	if (!strcmp(text, "unknown"))
		return KTLS_OCSP_CERT_STATUS_UNKNOWN;
	die(text, "no status");
}

static void read_chain(struct order *order, const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f)
		die(path, strerror(errno));
	order->cert = PEM_read_X509(f, NULL, NULL, NULL);
	order->issuer = PEM_read_X509(f, NULL, NULL, NULL);
	if (!order->cert || !order->issuer)
		die(path, "not two certificates");
	fclose(f);
}

static void parse(struct order *order, int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "first", required_argument, NULL, 'f' },
		{ "status", required_argument, NULL, 's' },
		{ "this", required_argument, NULL, 't' },
		{ "next", required_argument, NULL, 'n' },
		{ "failure", required_argument, NULL, 'F' },
		{ }
	};
	int64_t now = time(NULL);
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			order->count = atol(optarg);
		else if (option == 'f')
			order->first = atol(optarg);
		else if (option == 's')
			order->update.status = parse_status(optarg);
		else if (option == 't')
			order->update.this_update = now + atol(optarg);
		else if (option == 'n')
			order->update.next_update = now + atol(optarg);
		else if (option == 'F')
			order->failure = optarg;
		else
			exit(2);
	}
	if (optind == argc) {
		fputs(usage, stderr);
		exit(2);
	}
}

static void fill_one(struct ocsp_client *client, const struct order *order)
{
	const struct ocsp_update failure = { .failure = order->failure };
	struct ocsp_name name = OCSP_NAME_INIT;
	unsigned char *cert = NULL, *issuer = NULL;

	name.cert_len = i2d_X509(order->cert, &cert);
	name.issuer_len = i2d_X509(order->issuer, &issuer);
	name.cert = cert;
	name.issuer = issuer;
	if (ocsp_client_set(client, &name, &order->update, NULL) ||
	    (order->failure && ocsp_client_set(client, &name, &failure, NULL)))
		die("set", ocsp_client_error(client));
	OPENSSL_free(cert);
	OPENSSL_free(issuer);
}

static void fill(struct ocsp_client *client, struct order *order)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	long i;

	if (!order->count)
		fill_one(client, order);
	for (i = 0; i < order->count; i++) {
		if (!serial || !ASN1_INTEGER_set(serial, order->first + i) ||
		    !X509_set_serialNumber(order->cert, serial) ||
		    /* Else it keeps what it was read from. */
		    i2d_re_X509_tbs(order->cert, NULL) < 0)
			die("certificate", "no memory");
		fill_one(client, order);
	}
	ASN1_INTEGER_free(serial);
}

int main(int argc, char **argv)
{
	static const uint8_t blob[400] = { 0x30 };
	int64_t now = time(NULL);
	struct order order = {
		.first = 1000,
		.update = {
			.blob = blob,
			.blob_len = sizeof(blob),
			.this_update = now,
			.next_update = now + 86400,
		},
	};
	struct ocsp_client *client;

	parse(&order, argc, argv);
	if (ocsp_client_new(&client))
		die("store", client ? ocsp_client_error(client) : "no memory");
	for (; optind < argc; optind++) {
		read_chain(&order, argv[optind]);
		fill(client, &order);
		X509_free(order.cert);
		X509_free(order.issuer);
	}
	ocsp_client_free(client);
	return 0;
}
