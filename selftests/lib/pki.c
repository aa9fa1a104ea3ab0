// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* A CA, server certificates and their OCSP responses by the wall clock. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libocsp/ocsp.h>

#include "cert.h"
#include "pki.h"

#define must(x) must_be((x), #x, __LINE__)

static void must_be(bool ok, const char *what, int line)
{
	if (ok)
		return;
	fprintf(stderr, "pki.c:%d: %s\n", line, what);
	abort();
}

/* From the forge's clock to the wall's. */
static long shift(void)
{
	return (long)(time(NULL) - FORGE_NOW);
}

/* A list of alternative names of about that many bytes. */
static char *long_alt_name(size_t bytes)
{
	static const char name[] =
		",DNS:a-name-that-is-here-only-to-take-up-room.test";
	size_t n = bytes / strlen(name) + 1, i;
	char *list = calloc(n + 1, strlen(name));

	must(list);
	for (i = 0; i < n; i++)
		strcpy(list + i * strlen(name), name);
	memmove(list, list + 1, strlen(list));
	return list;
}

void pki_new(struct pki *pki, long serial, const char *url, size_t padding)
{
	struct forge_cert spec = {
		.key = forge_ec(0),
		.cn = "Test Root",
		.serial = 1,
		.not_before = shift() - PKI_DAY,
		.not_after = shift() + 30L * PKI_DAY,
		.basic_constraints = "critical,CA:TRUE",
		.key_usage = "critical,keyCertSign,cRLSign,digitalSignature",
	};
	char *alt_name = padding ? long_alt_name(padding) : NULL;
	char aia[256];

	pki->ca = forge_cert(&spec);
	spec.key = forge_ec(1);
	spec.cn = "localhost";
	spec.issuer = &pki->ca;
	spec.serial = serial;
	spec.basic_constraints = "critical,CA:FALSE";
	spec.key_usage = "critical,digitalSignature";
	spec.alt_name = alt_name;
	if (url) {
		snprintf(aia, sizeof(aia), "OCSP;URI:%s", url);
		spec.aia = aia;
	}
	pki->leaf = forge_cert(&spec);
	must(!ocsp_cert_key(pki->leaf.cert, pki->key));
	free(alt_name);
}

void pki_free(struct pki *pki)
{
	forge_free(&pki->leaf);
	forge_free(&pki->ca);
}

PCCERT_CHAIN_CONTEXT pki_chain(const struct pki *pki)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	PCCERT_CHAIN_CONTEXT chain;

	must(others && sk_X509_push(others, pki->ca.cert) > 0);
	chain = OcspCreateCertificateChain(pki->leaf.cert, others);
	must(chain);
	sk_X509_free(others);
	return chain;
}

PCCERT_CHAIN_CONTEXT pki_leaf_chain(const struct pki *pki)
{
	PCCERT_CHAIN_CONTEXT chain;

	chain = OcspCreateCertificateChain(pki->leaf.cert, NULL);
	must(chain);
	return chain;
}

unsigned char *pki_response(const struct pki *pki, int status, long from,
			    long to, size_t *len)
{
	struct forge_response spec = {
		.signer = &pki->ca,
		.single = { {
			.of = &pki->leaf,
			.issuer = &pki->ca,
			.status = status,
			.this_update = shift() + from,
			.next_update = shift() + to,
		} },
	};

	return forge_response(&spec, len);
}

int pki_set(struct ocsp_client *client, const struct pki *pki,
	    const void *blob, size_t len, enum ktls_ocsp_cert_status status,
	    long seconds)
{
	unsigned char *cert = NULL, *issuer = NULL;
	struct ocsp_update update = {
		.blob = blob,
		.blob_len = len,
		.status = status,
		.this_update = time(NULL),
		.next_update = time(NULL) + seconds,
	};
	struct ocsp_name name = OCSP_NAME_INIT;
	int rc;

	name.cert_len = i2d_X509(pki->leaf.cert, &cert);
	name.issuer_len = i2d_X509(pki->ca.cert, &issuer);
	must(cert && issuer);
	name.cert = cert;
	name.issuer = issuer;
	rc = ocsp_client_set(client, &name, &update, NULL);
	OPENSSL_free(cert);
	OPENSSL_free(issuer);
	return rc;
}
