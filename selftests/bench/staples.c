// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Handles of libocsp on responses: see staples.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include <libocsp/ocsp.h>

#include "bench.h"
#include "staples.h"

#define ASYNC	CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG
#define SERIAL	0x7a000000	/* and the lower three bytes: a number */

static void need(struct ocsp_client *client, int err)
{
	if (err)
		bench_die(ocsp_client_error(client), -err);
}

static HCERT_SERVER_OCSP_RESPONSE open_chain(PCCERT_CHAIN_CONTEXT chain)
{
	HCERT_SERVER_OCSP_RESPONSE handle;

	handle = CertOpenServerOcspResponse(chain, ASYNC, NULL);
	if (!handle)
		bench_die(OcspGetLastErrorMessage(), 0);
	CertFreeCertificateChain(chain);
	return handle;
}

void bench_staple_set(struct bench_staple *s, uint64_t number)
{
	uint8_t blob[BENCH_BLOB] = { 0 };

	memcpy(blob, &number, sizeof(number));
	need(s->client, pki_set(s->client, &s->pki, blob, sizeof(blob),
				KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY));
}

void bench_staple_new(struct bench_staple *s)
{
	pki_new(&s->pki, SERIAL, PKI_URL, 0);
	need(s->client, ocsp_client_new(&s->client));
	bench_staple_set(s, 0);
	s->handle = open_chain(pki_chain(&s->pki));
}

void bench_staple_free(struct bench_staple *s)
{
	CertCloseServerOcspResponse(s->handle, 0);
	ocsp_client_free(s->client);
	pki_free(&s->pki);
}

static PCCERT_SERVER_OCSP_RESPONSE_CONTEXT
get(HCERT_SERVER_OCSP_RESPONSE handle)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;

	c = CertGetServerOcspResponseContext(handle, 0, NULL);
	if (!c)
		bench_die(OcspGetLastErrorMessage(), 0);
	return c;
}

void bench_read(HCERT_SERVER_OCSP_RESPONSE handle, unsigned long reads)
{
	while (reads--)
		CertFreeServerOcspResponseContext(get(handle));
}

uint64_t bench_number(HCERT_SERVER_OCSP_RESPONSE handle)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c = get(handle);
	uint64_t number;

	memcpy(&number, c->pbEncodedOcspResponse, sizeof(number));
	CertFreeServerOcspResponseContext(c);
	return number;
}

/* The first certificate, and where the lower part of its number is in it. */
static unsigned char *first_cert(const struct bench_many *m, int *len,
				 unsigned char **serial)
{
	static const unsigned char start[] = { 0x02, 0x04, SERIAL >> 24 };
	unsigned char *der = NULL;

	*len = i2d_X509(m->pki.leaf.cert, &der);
	*serial = *len > 0 ? memmem(der, *len, start, sizeof(start)) : NULL;
	if (!*serial)
		bench_die("no serial number in the certificate", 0);
	*serial += sizeof(start);
	return der;
}

static void use_number(unsigned char *serial, uint32_t i)
{
	serial[0] = i >> 16;
	serial[1] = i >> 8;
	serial[2] = i;
}

static void raise_limits(uint32_t n)
{
	if (kt_sysctl("max_entries", n) || kt_sysctl("max_handles", 4 * n) ||
	    kt_sysctl("max_handles_of_user", 4 * n) ||
	    kt_sysctl("max_bytes", n * 4096L))
		bench_die("cannot raise the store's limits", 0);
}

void bench_many_set(struct bench_many *m, uint64_t number)
{
	int64_t now = kt_now();
	uint8_t blob[BENCH_BLOB] = { 0 }, key[KTLS_OCSP_KEY_LEN];
	struct ocsp_name name = { .session = -1, .key = key };
	struct ocsp_update update = {
		.blob = blob,
		.blob_len = sizeof(blob),
		.status = KTLS_OCSP_CERT_STATUS_GOOD,
		.this_update = now,
		.next_update = now + PKI_DAY,
	};
	unsigned char *serial, *der;
	int len;

	memcpy(blob, &number, sizeof(number));
	der = first_cert(m, &len, &serial);
	for (uint32_t i = 0; i < m->n; i++) {
		use_number(serial, i);
		SHA256(der, len, key);
		need(m->client,
		     ocsp_client_set(m->client, &name, &update, NULL));
	}
	OPENSSL_free(der);
}

void bench_many_new(struct bench_many *m, uint32_t n)
{
	m->n = n;
	m->handles = calloc(n, sizeof(*m->handles));
	if (!m->handles)
		bench_die("handles", ENOMEM);
	pki_new(&m->pki, SERIAL, PKI_URL, 0);
	/* Which also loads the module */
	need(m->client, ocsp_client_new(&m->client));
	raise_limits(n);
	bench_many_set(m, 0);
}

/*
 * The number is put into the parsed certificate, which is then encoded anew:
 * to parse each would take most of the time.
 */
static PCCERT_CHAIN_CONTEXT number_chain(X509 *cert, uint32_t i,
					 STACK_OF(X509) *issuer)
{
	PCCERT_CHAIN_CONTEXT chain;

	use_number(X509_get_serialNumber(cert)->data + 1, i);
	if (i2d_re_X509_tbs(cert, NULL) <= 0)
		bench_die("certificate", ENOMEM);
	chain = OcspCreateCertificateChain(cert, issuer);
	if (!chain)
		bench_die(OcspGetLastErrorMessage(), 0);
	return chain;
}

uint64_t bench_many_open(struct bench_many *m)
{
	STACK_OF(X509) *issuer = sk_X509_new_null();
	X509 *cert = X509_dup(m->pki.leaf.cert);
	PCCERT_CHAIN_CONTEXT chain;
	uint64_t start, time = 0;

	if (!cert || !issuer || !sk_X509_push(issuer, m->pki.ca.cert))
		bench_die("issuer", ENOMEM);
	for (uint32_t i = 0; i < m->n; i++) {
		chain = number_chain(cert, i, issuer);
		start = bench_clock();
		m->handles[i] = open_chain(chain);
		time += bench_clock() - start;
	}
	sk_X509_free(issuer);
	X509_free(cert);
	return time;
}
