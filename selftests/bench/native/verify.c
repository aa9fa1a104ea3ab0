// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * How many responses a second are verified: by libocsp, and by what else there
 * is for it. Each decodes the response anew, and has the certificates. By the
 * time of the processor, so that other work on the machine matters less.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/ocsp.h>
#include <gnutls/x509.h>
#include <openssl/ocsp.h>

#include "clock.h"
#include "figure.h"
#include "forge.h"
#include "verify.h"

#define ROUND_NS	(NS_PER_S / 2)
/* Verifications from one look at the clock to the next */
#define BATCH		50

/* From the forge's clock to the wall's: OpenSSL and GnuTLS look at that. */
static long shift;
static struct forged ca, delegate, leaf;

static struct {
	unsigned char *der;
	size_t len;
} response;

static X509_STORE *trust;
static gnutls_x509_crt_t gnutls_ca, gnutls_leaf;

static void must_be(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "verify: %s\n", what);
	exit(1);
}

#define must(x) must_be(!!(x), #x)

static struct forged make(const char *cn, const struct forged *issuer, int key,
			  const char *eku)
{
	const struct forge_cert spec = {
		.cn = cn,
		.issuer = issuer,
		.key = forge_ec(key),
		.serial = 1000 + key,
		.not_before = shift - FORGE_DAY,
		.not_after = shift + 9L * FORGE_DAY,
		.basic_constraints = issuer ? "critical,CA:FALSE" :
					      "critical,CA:TRUE",
		.ext_key_usage = eku,
	};

	return forge_cert(&spec);
}

static void sign(const struct forged *signer)
{
	const struct forge_response spec = {
		.signer = signer,
		.no_certs = signer == &ca,
		.single = { {
			.of = &leaf,
			.issuer = &ca,
			.hash = EVP_sha256(),
			.this_update = shift - 60,
			.next_update = shift + FORGE_DAY,
		} },
	};

	free(response.der);
	response.der = forge_response(&spec, &response.len);
}

/* What is compared: each ends the program if it does not find it good. */

static void by_libocsp(void)
{
	struct ocsp_verdict verdict;

	must(!ocsp_verify(response.der, response.len, leaf.cert, ca.cert,
			  time(NULL), &verdict));
	must(verdict.status == KTLS_OCSP_CERT_STATUS_GOOD);
}

/* As "openssl ocsp -respin" does it, without its start */
static void by_openssl(void)
{
	ASN1_GENERALIZEDTIME *this_update, *next_update;
	const unsigned char *p = response.der;
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &p, response.len);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(r);
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha256(), leaf.cert, ca.cert);
	STACK_OF(X509) *others = sk_X509_new_null();
	int status;

	must(sk_X509_push(others, ca.cert));
	must(OCSP_basic_verify(basic, others, trust, 0) == 1);
	must(OCSP_resp_find_status(basic, id, &status, NULL, NULL, &this_update,
				   &next_update));
	must(status == V_OCSP_CERTSTATUS_GOOD);
	must(OCSP_check_validity(this_update, next_update, 300, -1));
	sk_X509_free(others);
	OCSP_CERTID_free(id);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(r);
}

static void by_gnutls(void)
{
	gnutls_datum_t der = { response.der, response.len };
	gnutls_ocsp_resp_t r;
	unsigned int verdict, status;
	time_t this_update, next_update;
	gnutls_x509_trust_list_t list;

	must(!gnutls_ocsp_resp_init(&r));
	must(!gnutls_ocsp_resp_import(r, &der));
	must(!gnutls_x509_trust_list_init(&list, 1));
	must(gnutls_x509_trust_list_add_cas(list, &gnutls_ca, 1, 0) == 1);
	must(!gnutls_ocsp_resp_verify(r, list, &verdict, 0) && !verdict);
	must(!gnutls_ocsp_resp_check_crt(r, 0, gnutls_leaf));
	must(!gnutls_ocsp_resp_get_single(r, 0, NULL, NULL, NULL, NULL, &status,
					  &this_update, &next_update, NULL, NULL));
	must(status == GNUTLS_OCSP_CERT_GOOD && time(NULL) < next_update);
	gnutls_x509_trust_list_deinit(list, 0);
	gnutls_ocsp_resp_deinit(r);
}

static void measure(const char *name, const char *signer, void (*verify)(void))
{
	double rates[FIGURE_ROUNDS];
	int64_t start, end;
	char figure[60];
	long count;

	verify();
	for (int i = 0; i < FIGURE_ROUNDS; i++) {
		count = 0;
		start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		do {
			for (int j = 0; j < BATCH; j++)
				verify();
			count += BATCH;
			end = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		} while (end - start < ROUND_NS);
		rates[i] = count * 1e9 / (end - start);
	}
	snprintf(figure, sizeof(figure), "verify/%s/%s", signer, name);
	figure_print(figure, "1/s", rates);
}

static void import(gnutls_x509_crt_t *to, X509 *from)
{
	unsigned char *bytes = NULL;
	int len = i2d_X509(from, &bytes);
	gnutls_datum_t der = { bytes, len };

	must(len > 0);
	must(!gnutls_x509_crt_init(to));
	must(!gnutls_x509_crt_import(*to, &der, GNUTLS_X509_FMT_DER));
	OPENSSL_free(bytes);
}

int main(void)
{
	static const char *const names[] = { "issuer", "delegate" };

	shift = time(NULL) - FORGE_NOW;
	ca = make("Test Root", NULL, 0, NULL);
	delegate = make("Test Delegate", &ca, 1, "OCSPSigning");
	leaf = make("test", &ca, 2, "serverAuth");
	trust = X509_STORE_new();
	must(trust && X509_STORE_add_cert(trust, ca.cert));
	import(&gnutls_ca, ca.cert);
	import(&gnutls_leaf, leaf.cert);
	for (int i = 0; i < 2; i++) {
		sign(i ? &delegate : &ca);
		measure("libocsp", names[i], by_libocsp);
		measure("openssl", names[i], by_openssl);
		measure("gnutls", names[i], by_gnutls);
	}
	return 0;
}
