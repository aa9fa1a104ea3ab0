// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "source.h"

#define STATUS_REQUEST 5	/* the TLS extension, of RFC 7633's features */

static void free_certs(struct staple_certs *certs)
{
	X509_free(certs->leaf);
	sk_X509_pop_free(certs->others, X509_free);
}

PCCERT_CHAIN_CONTEXT source_chain(const struct staple_source *source)
{
	struct staple_certs certs = { NULL, NULL };
	PCCERT_CHAIN_CONTEXT chain;

	source->get(source, &certs, true);
	chain = OcspCreateCertificateChain(certs.leaf, certs.others);
	free_certs(&certs);
	return chain;
}

static bool demands_staple(const X509 *leaf)
{
	TLS_FEATURE *features = X509_get_ext_d2i(leaf, NID_tlsfeature, NULL,
						 NULL);
	bool demands = false;

	for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
		if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) ==
		    STATUS_REQUEST)
			demands = true;
	TLS_FEATURE_free(features);
	return demands;
}

void source_describe(const struct staple_source *source, char *subject,
		     size_t size, bool *must_staple)
{
	struct staple_certs certs = { NULL, NULL };

	subject[0] = '\0';
	*must_staple = false;
	source->get(source, &certs, false);
	if (!certs.leaf)
		return;
	X509_NAME_oneline(X509_get_subject_name(certs.leaf), subject, size);
	*must_staple = demands_staple(certs.leaf);
	free_certs(&certs);
}
