/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Certificates and OCSP responses with any defect, for the tests of the
 * verifier: what no CA's tool would make. Times count from FORGE_NOW, which
 * is not the wall clock, so that a test sees who looks at that one.
 *
 * Nothing here returns an error: a forge that fails ends the test.
 */
#ifndef FORGE_H
#define FORGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#define FORGE_NOW	1800000000LL	/* 2027-01-15 08:00:00 UTC */
#define FORGE_DAY	86400
#define FORGE_SINGLES	4

/* A certificate and its key. */
struct forged {
	X509 *cert;
	EVP_PKEY *key;
};

struct forge_cert {
	const char *cn;			/* NULL: an empty subject */
	const char *ou[8];
	const struct forged *issuer;	/* NULL: signs itself */
	EVP_PKEY *key;
	long serial;
	long not_before;		/* both 0: a day before and after */
	long not_after;
	const EVP_MD *md;		/* NULL: SHA-256 */
	/* Extensions, as openssl-x509v3_config(5) writes them; may be NULL. */
	const char *basic_constraints;
	const char *key_usage;
	const char *ext_key_usage;
	const char *aia;
	const char *tls_feature;
	const char *alt_name;
	const char *key_id;		/* of the subject; "hash", or hex */
	struct forge_authority {	/* the authority key identifier: */
		const struct forged *key_of;	/* whose key identifier */
		const struct forged *name_of;	/* whose name, and serial */
	} authority;
};

struct forge_single {
	const struct forged *of;	/* NULL: no more of them */
	const struct forged *issuer;
	const EVP_MD *hash;		/* of the CertID; NULL: SHA-1 */
	int status;			/* V_OCSP_CERTSTATUS_... */
	int reason;			/* of a revocation; 0: none given */
	long this_update;		/* both 0: an hour before, a day after */
	long next_update;
	bool no_next_update;
	bool critical;			/* an unknown critical extension */
};

struct forge_response {
	const struct forged *signer;
	const struct forged *embed;	/* a second certificate in it */
	EVP_PKEY *wrong_key;		/* signs instead of the signer's */
	bool no_certs;			/* not even the signer's */
	bool by_key;			/* names the responder by its key */
	const EVP_MD *md;		/* NULL: SHA-256, or what the key wants */
	bool pss;
	size_t padding;			/* bytes of an unknown extension */
	bool critical;			/* an unknown critical extension */
	bool nonce;			/* one that nobody asked for */
	bool no_produced_at;		/* an empty time there */
	struct forge_single single[FORGE_SINGLES];
};

/* Keys; the same one for the same arguments. Not to be freed. */
EVP_PKEY *forge_rsa(int number);
EVP_PKEY *forge_ec(int number);
EVP_PKEY *forge_ed25519(int number);

struct forged forge_cert(const struct forge_cert *spec);
void forge_free(struct forged *forged);

/* The DER; free() it. */
unsigned char *forge_response(const struct forge_response *spec, size_t *len);
/* A response of that status, without bytes in it; also "successful". */
unsigned char *forge_status(int status, size_t *len);

#endif /* FORGE_H */
