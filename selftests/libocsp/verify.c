// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The verifier: what it accepts, what it refuses, and in which words. Needs
 * no kernel. The responses are forged for the purpose (forge.h); what a
 * responder makes is for ocspctl.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "cert.h"
#include "cert_summary.h"
#include "delegates.h"
#include "forge.h"
#include "kselftest_harness.h"
#include "validity.h"
#include "leaf.h"
#include "verify.h"

#define NO_SIGNER	"signed by neither the issuer nor a delegate"
#define BAD		"delegate CN=Bad Delegate "
#define OTHER		"response is for another certificate"
#define TRUNCATED	"truncated or not a DER OCSPResponse"
#define TOO_WEAK	"signer refused: Verify error: CA signature digest algorithm too weak"
#define ACCEPTED	"accepted"

static const char ca_usage[] = "keyCertSign,cRLSign";
static const char ca_constraints[] = "critical,CA:TRUE";

/* The issuer, its leaves, and who else may want to answer for it. */
FIXTURE(verify) {
	struct forged ca;
	struct forged leaf;
	struct forged other_leaf;	/* of the same issuer */
	struct forged stranger;		/* another CA */
	struct forged strange_leaf;	/* its leaf, of the serial of leaf */
	struct forged delegate;
	struct ocsp_delegates delegates;
	struct ocsp_verdict verdict;
	int64_t now;
};

static struct forged make_ca(const char *cn, EVP_PKEY *key)
{
	return forge_cert(&(struct forge_cert){
		.cn = cn, .key = key, .basic_constraints = ca_constraints,
		.key_usage = ca_usage,
	});
}

static struct forged make_leaf(const char *cn, const struct forged *ca,
			       long serial)
{
	return forge_cert(&(struct forge_cert){
		.cn = cn, .issuer = ca, .key = forge_ec(1), .serial = serial,
	});
}

FIXTURE_SETUP(verify)
{
	self->ca = make_ca("Issuer", forge_ec(0));
	self->leaf = make_leaf("leaf", &self->ca, 100);
	self->other_leaf = make_leaf("other", &self->ca, 101);
	self->stranger = make_ca("Stranger", forge_ec(2));
	self->strange_leaf = make_leaf("leaf", &self->stranger, 100);
	self->delegate = forge_cert(&(struct forge_cert){
		.cn = "Delegate", .issuer = &self->ca, .key = forge_ec(3),
		.ext_key_usage = "OCSPSigning",
		.key_usage = "digitalSignature",
	});
	self->now = FORGE_NOW;
}

FIXTURE_TEARDOWN(verify)
{
	forge_free(&self->ca);
	forge_free(&self->leaf);
	forge_free(&self->other_leaf);
	forge_free(&self->stranger);
	forge_free(&self->strange_leaf);
	forge_free(&self->delegate);
	ocsp_delegates_clear(&self->delegates);
}

/* What the operator of the host allows; NULL: there is no such file. */
static const char *allow(const char *text)
{
	static char path[40];
	static int fd = -1;

	if (fd < 0) {
		strcpy(path, "/tmp/ocsp-validity-XXXXXX");
		fd = mkstemp(path);
		ocsp_validity_file = path;
	}
	if (fd < 0 || ftruncate(fd, 0) ||
	    pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		abort();
	return path;
}

static bool is_judged_alike(FIXTURE_DATA(verify) *w,
			    const unsigned char *der, size_t len,
			    const struct ocsp_leaf *leaf, int err)
{
	struct ocsp_verdict verdict;

	return ocsp_verify_leaf(der, len, leaf, w->ca.cert, w->now,
				&w->delegates, &verdict) == err &&
	       verdict.status == w->verdict.status &&
	       verdict.this_update == w->verdict.this_update &&
	       verdict.next_update == w->verdict.next_update &&
	       !strcmp(verdict.reason, w->verdict.reason);
}

/*
 * Out of the DER alone, as ocspd has it: the same verdict, and the same again
 * when the response's certificates are known.
 */
static bool leaf_is_judged_alike(FIXTURE_DATA(verify) *w,
				 const unsigned char *der, size_t len, int err)
{
	struct ocsp_cert_summary summary;
	unsigned char *cert = NULL;
	struct ocsp_leaf *leaf;
	bool alike;
	int n;

	n = i2d_X509(w->leaf.cert, &cert);
	leaf = n > 0 && ocsp_cert_summarize(cert, n, &summary) ?
	       ocsp_leaf_decode(&summary) : NULL;
	/* Nothing of it is used any more. */
	OPENSSL_clear_free(cert, n);
	alike = leaf && is_judged_alike(w, der, len, leaf, err) &&
		is_judged_alike(w, der, len, leaf, err);
	ocsp_leaf_free(leaf);
	return alike;
}

static const char *judge_bytes(FIXTURE_DATA(verify) *w,
			       const unsigned char *der, size_t len)
{
	/* Of the exact size, so that a sanitizer sees who reads behind it. */
	unsigned char *copy = malloc(len ? len : 1);
	int err;

	if (!copy)
		abort();
	memcpy(copy, der, len);
	err = ocsp_verify(copy, len, w->leaf.cert, w->ca.cert, w->now,
			  &w->verdict);
	if (!leaf_is_judged_alike(w, copy, len, err)) {
		free(copy);
		return "another verdict with the certificate's DER";
	}
	free(copy);
	if (!err)
		return w->verdict.reason[0] ? "a reason" : ACCEPTED;
	if (err != -EBADMSG)
		return "wrong error";
	if (w->verdict.status != KTLS_OCSP_CERT_STATUS_UNKNOWN)
		return "refused, but not unknown";
	return w->verdict.reason;
}

static const char *judge(FIXTURE_DATA(verify) *w, struct forge_response spec)
{
	const char *said;
	unsigned char *der;
	size_t len;

	if (!spec.signer)
		spec.signer = &w->ca;
	if (!spec.single[0].of)
		spec.single[0].of = &w->leaf;
	for (int i = 0; i < FORGE_SINGLES; i++)
		if (!spec.single[i].issuer)
			spec.single[i].issuer = &w->ca;
	der = forge_response(&spec, &len);
	said = judge_bytes(w, der, len);
	free(der);
	return said;
}

/* The response to a few words of what is special about it. */
#define JUDGE(...) judge(self, (struct forge_response){ __VA_ARGS__ })
#define SINGLE(...) .single[0] = { __VA_ARGS__ }

static const char *judge_delegate(FIXTURE_DATA(verify) *w,
				  struct forge_cert spec)
{
	struct forged delegate;
	const char *said;

	if (!spec.cn)
		spec.cn = "Bad Delegate";
	if (!spec.issuer)
		spec.issuer = &w->ca;
	if (!spec.key)
		spec.key = forge_ec(4);
	delegate = forge_cert(&spec);
	said = judge(w, (struct forge_response){ .signer = &delegate });
	forge_free(&delegate);
	return said;
}

#define JUDGE_DELEGATE(...) \
	judge_delegate(self, (struct forge_cert){ __VA_ARGS__ })

TEST_F(verify, issuer_signs)
{
	EXPECT_STREQ(ACCEPTED, JUDGE());
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_GOOD, self->verdict.status);
	EXPECT_EQ(FORGE_NOW - 3600, self->verdict.this_update);
	EXPECT_EQ(FORGE_NOW + FORGE_DAY, self->verdict.next_update);
	EXPECT_EQ(-1, self->verdict.revocation_reason);
	EXPECT_STREQ(ACCEPTED, JUDGE(.by_key = true));
	EXPECT_STREQ(ACCEPTED, JUDGE(.no_certs = true));
	EXPECT_STREQ(ACCEPTED, JUDGE(.by_key = true, .no_certs = true));
}

TEST_F(verify, cert_id)
{
	EXPECT_STREQ(ACCEPTED, JUDGE(SINGLE(.hash = EVP_sha1())));
	EXPECT_STREQ(ACCEPTED, JUDGE(SINGLE(.hash = EVP_sha256())));
	EXPECT_STREQ("CertID by sha384, not by SHA-1 or SHA-256",
		     JUDGE(SINGLE(.hash = EVP_sha384())));
	/* RFC 9919 3.2.1: one of each. */
	EXPECT_STREQ(ACCEPTED, JUDGE(
		.single = { { .of = &self->leaf, .hash = EVP_sha256() },
			    { .of = &self->leaf, .hash = EVP_sha1() } }));
	/* A responder may tell of more than was asked. */
	EXPECT_STREQ(ACCEPTED, JUDGE(
		.single = { { .of = &self->other_leaf, .status =
				V_OCSP_CERTSTATUS_REVOKED },
			    { .of = &self->leaf } }));
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_GOOD, self->verdict.status);
}

TEST_F(verify, another_certificate)
{
	EXPECT_STREQ(OTHER, JUDGE(SINGLE(.of = &self->other_leaf)));
	EXPECT_STREQ(OTHER, JUDGE(SINGLE(.of = &self->other_leaf,
					 .hash = EVP_sha256())));
}

/* The serial alone is not the certificate: the issuer must match as well. */
TEST_F(verify, another_issuers_certificate)
{
	struct forged twin = make_ca("Twin", self->ca.key);
	struct forged twin_leaf = make_leaf("leaf", &twin, 100);
	struct forged namesake = make_ca("Issuer", forge_ec(4));

	EXPECT_STREQ(OTHER, JUDGE(SINGLE(.of = &self->strange_leaf,
					 .issuer = &self->stranger)));
	EXPECT_STREQ(OTHER, JUDGE(SINGLE(.of = &twin_leaf, .issuer = &twin)));
	EXPECT_STREQ(OTHER, JUDGE(SINGLE(.issuer = &namesake)));
	EXPECT_STREQ("response is for another issuer as well", JUDGE(
		.single = { { .of = &self->leaf },
			    { .of = &self->strange_leaf,
			      .issuer = &self->stranger } }));
	forge_free(&twin_leaf);
	forge_free(&twin);
	forge_free(&namesake);
}

TEST_F(verify, delegate_signs)
{
	EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &self->delegate));
	EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &self->delegate,
				     .by_key = true));
	EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &self->delegate,
				     .embed = &self->ca));
	EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &self->delegate, .single = {
		{ .of = &self->leaf, .hash = EVP_sha256() },
		{ .of = &self->leaf, .hash = EVP_sha1() } }));
	/* Without its certificate nobody knows it. */
	EXPECT_STREQ(NO_SIGNER, JUDGE(.signer = &self->delegate,
				      .no_certs = true));
	EXPECT_STREQ(ACCEPTED,
		     JUDGE_DELEGATE(.ext_key_usage = "OCSPSigning"));
	EXPECT_STREQ(ACCEPTED,
		     JUDGE_DELEGATE(.ext_key_usage = "serverAuth,OCSPSigning",
				    .key_usage = "nonRepudiation"));
}

/* To make RSA keys takes its time under a slow emulation. */
TEST_F_TIMEOUT(verify, key_types, 300)
{
	EVP_PKEY *keys[] = { forge_rsa(0), forge_ec(4), forge_ed25519(0) };
	struct forged ca, leaf, delegate;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		ca = make_ca("CA", keys[i]);
		leaf = make_leaf("leaf", &ca, 5);
		forge_free(&self->leaf);
		forge_free(&self->ca);
		self->ca = ca;
		self->leaf = leaf;
		EXPECT_STREQ(ACCEPTED, JUDGE());
		EXPECT_STREQ(ACCEPTED, JUDGE(.by_key = true));
		for (size_t j = 0; j < ARRAY_SIZE(keys); j++) {
			delegate = forge_cert(&(struct forge_cert){
				.cn = "D", .issuer = &ca, .key = keys[j],
				.ext_key_usage = "OCSPSigning" });
			EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &delegate));
			forge_free(&delegate);
		}
	}
}

TEST_F_TIMEOUT(verify, rsa_digests, 300)
{
	forge_free(&self->ca);
	forge_free(&self->leaf);
	self->ca = make_ca("CA", forge_rsa(0));
	self->leaf = make_leaf("leaf", &self->ca, 5);
	EXPECT_STREQ(ACCEPTED, JUDGE(.pss = true));
	EXPECT_STREQ(ACCEPTED, JUDGE(.md = EVP_sha512()));
	EXPECT_STREQ(ACCEPTED, JUDGE(.pss = true, .md = EVP_sha384()));
	EXPECT_STREQ("signed with SHA1, which is no longer secure",
		     JUDGE(.md = EVP_sha1()));
	EXPECT_STREQ("signed with SHA1, which is no longer secure",
		     JUDGE(.pss = true, .md = EVP_sha1()));
	EXPECT_STREQ("signed with MD5, which is no longer secure",
		     JUDGE(.md = EVP_md5()));
}

TEST_F(verify, status)
{
	EXPECT_STREQ(ACCEPTED, JUDGE(SINGLE(
		.status = V_OCSP_CERTSTATUS_REVOKED,
		.reason = OCSP_REVOKED_STATUS_KEYCOMPROMISE)));
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_REVOKED, self->verdict.status);
	EXPECT_EQ(FORGE_NOW - 3600, self->verdict.revoked_at);
	EXPECT_EQ(1, self->verdict.revocation_reason);
	EXPECT_STREQ(ACCEPTED, JUDGE(SINGLE(
		.status = V_OCSP_CERTSTATUS_REVOKED)));
	EXPECT_EQ(-1, self->verdict.revocation_reason);
	EXPECT_STREQ(ACCEPTED, JUDGE(SINGLE(
		.status = V_OCSP_CERTSTATUS_UNKNOWN)));
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_UNKNOWN, self->verdict.status);
}

TEST_F(verify, contradiction)
{
	EXPECT_STREQ("contradicts itself: good and revoked", JUDGE(.single = {
		{ .of = &self->leaf },
		{ .of = &self->leaf, .status = V_OCSP_CERTSTATUS_REVOKED } }));
	EXPECT_STREQ("contradicts itself: revoked and good", JUDGE(.single = {
		{ .of = &self->leaf, .hash = EVP_sha256(),
		  .status = V_OCSP_CERTSTATUS_REVOKED },
		{ .of = &self->other_leaf },
		{ .of = &self->leaf } }));
}

/* Two answers, one validity: what both allow. */
TEST_F(verify, two_validities)
{
	EXPECT_STREQ(ACCEPTED, JUDGE(.single = {
		{ .of = &self->leaf, .this_update = -100, .next_update = 500 },
		{ .of = &self->leaf, .hash = EVP_sha256(),
		  .this_update = -200, .next_update = 300 } }));
	EXPECT_EQ(FORGE_NOW - 100, self->verdict.this_update);
	EXPECT_EQ(FORGE_NOW + 300, self->verdict.next_update);
	EXPECT_STREQ("response expired on 2027-01-15 07:58:20 UTC",
		     JUDGE(.single = {
		{ .of = &self->leaf },
		{ .of = &self->leaf, .hash = EVP_sha256(),
		  .this_update = -200, .next_update = -100 } }));
	EXPECT_STREQ("its parts are never valid at the same time", JUDGE(.single = {
		{ .of = &self->leaf, .this_update = 200, .next_update = 500 },
		{ .of = &self->leaf, .this_update = -9, .next_update = 100 },
		}));
}

TEST_F(verify, times)
{
	const long ahead = KTLS_OCSP_CLOCK_TOLERANCE;

	EXPECT_STREQ(ACCEPTED, JUDGE(SINGLE(.this_update = ahead,
					    .next_update = 9999)));
	EXPECT_STREQ("response not valid before 2027-01-15 08:05:01 UTC",
		     JUDGE(SINGLE(.this_update = ahead + 1,
				  .next_update = 9999)));
	EXPECT_STREQ(ACCEPTED, JUDGE(SINGLE(.this_update = -9,
					    .next_update = 1)));
	EXPECT_STREQ("response expired on 2027-01-15 08:00:00 UTC",
		     JUDGE(SINGLE(.this_update = -9, .next_update = 0)));
	EXPECT_STREQ("nextUpdate is not after thisUpdate",
		     JUDGE(SINGLE(.this_update = 60, .next_update = 60)));
	EXPECT_STREQ("nextUpdate is not after thisUpdate",
		     JUDGE(SINGLE(.this_update = -60, .next_update = -61)));
	EXPECT_STREQ("no nextUpdate in the response",
		     JUDGE(SINGLE(.no_next_update = true)));
	/* The time is the caller's, not the clock's. */
	self->now = FORGE_NOW + FORGE_DAY;
	EXPECT_STREQ("response expired on 2027-01-16 08:00:00 UTC", JUDGE());
	self->now = FORGE_NOW - 3600 - ahead - 1;
	EXPECT_STREQ("response not valid before 2027-01-15 07:00:00 UTC",
		     JUDGE());
}

/* More of them are for verify_der.c. */
TEST_F(verify, no_produced_at)
{
	EXPECT_STREQ("producedAt is not a date and time",
		     JUDGE(.no_produced_at = true));
}

/* From a signer's last second on no client takes its signature. */
TEST_F(verify, validity_ends_with_the_signers)
{
	EXPECT_STREQ(ACCEPTED, JUDGE_DELEGATE(.ext_key_usage = "OCSPSigning",
					      .not_before = -60,
					      .not_after = 60));
	EXPECT_EQ(FORGE_NOW + 60, self->verdict.next_update);
	EXPECT_EQ(FORGE_NOW - 3600, self->verdict.this_update);
}

TEST_F(verify, bad_delegates)
{
	EXPECT_STREQ(BAD "has no id-kp-OCSPSigning",
		     JUDGE_DELEGATE());
	EXPECT_STREQ(BAD "has no id-kp-OCSPSigning",
		     JUDGE_DELEGATE(.ext_key_usage = "serverAuth"));
	EXPECT_STREQ(BAD "has no id-kp-OCSPSigning",
		     JUDGE_DELEGATE(.ext_key_usage = "anyExtendedKeyUsage"));
	EXPECT_STREQ(BAD "has a key usage without digitalSignature",
		     JUDGE_DELEGATE(.ext_key_usage = "OCSPSigning",
				    .key_usage = "keyEncipherment"));
	EXPECT_STREQ(BAD "expired on 2027-01-15 07:59:59 UTC",
		     JUDGE_DELEGATE(.ext_key_usage = "OCSPSigning",
				    .not_before = -60, .not_after = -1));
	EXPECT_STREQ(BAD "not valid before 2027-01-15 08:00:01 UTC",
		     JUDGE_DELEGATE(.ext_key_usage = "OCSPSigning",
				    .not_before = 1, .not_after = 60));
	EXPECT_STREQ(TOO_WEAK,
		     JUDGE_DELEGATE(.ext_key_usage = "OCSPSigning",
				    .md = EVP_sha1()));
}

TEST_F(verify, strange_signers)
{
	struct forged namesake = make_ca("Issuer", forge_ec(4));

	EXPECT_STREQ(NO_SIGNER, JUDGE(.signer = &self->stranger));
	EXPECT_STREQ(NO_SIGNER, JUDGE(.signer = &self->stranger,
				      .no_certs = true));
	/* A certificate does not answer for itself. */
	EXPECT_STREQ("delegate CN=leaf has no id-kp-OCSPSigning",
		     JUDGE(.signer = &self->leaf));
	EXPECT_STREQ("delegate CN=other has no id-kp-OCSPSigning",
		     JUDGE(.signer = &self->other_leaf));
	/* A stranger under the issuer's name, as the one, or as a delegate. */
	EXPECT_STREQ("bad signature", JUDGE(.signer = &namesake,
					    .no_certs = true));
	EXPECT_STREQ(NO_SIGNER, JUDGE(.signer = &namesake));
	EXPECT_STREQ(NO_SIGNER, JUDGE(.signer = &namesake, .by_key = true));
	/* A stranger's delegates, also under the issuer's name. */
	EXPECT_STREQ(NO_SIGNER,
		     JUDGE_DELEGATE(.issuer = &self->stranger,
				    .ext_key_usage = "OCSPSigning"));
	EXPECT_STREQ(NO_SIGNER, JUDGE_DELEGATE(.issuer = &namesake,
					       .ext_key_usage = "OCSPSigning"));
	forge_free(&namesake);
}

/* RFC 6960 4.2.2.2: the issuer itself signs the delegate's certificate. */
TEST_F(verify, delegate_of_a_sub_ca)
{
	struct forged sub = forge_cert(&(struct forge_cert){
		.cn = "Sub", .issuer = &self->ca, .key = forge_ec(4),
		.basic_constraints = ca_constraints, .key_usage = ca_usage });
	struct forged delegate = forge_cert(&(struct forge_cert){
		.cn = "D", .issuer = &sub, .key = forge_ec(5),
		.ext_key_usage = "OCSPSigning" });

	EXPECT_STREQ(NO_SIGNER, JUDGE(.signer = &delegate, .embed = &sub));
	EXPECT_STREQ("delegate CN=Sub has no id-kp-OCSPSigning",
		     JUDGE(.signer = &sub));
	forge_free(&delegate);
	forge_free(&sub);
}

/* What is remembered of a delegate holds for the issuer that signed it. */
TEST_F(verify, known_delegate)
{
	struct forged namesake = make_ca("Issuer", forge_ec(4));
	struct forged ca = self->ca, leaf = self->leaf, delegate;
	int i;

	EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &self->delegate));
	self->ca = namesake;
	self->leaf = make_leaf("leaf", &namesake, 100);
	EXPECT_STREQ(NO_SIGNER, JUDGE(.signer = &self->delegate));
	forge_free(&self->leaf);
	forge_free(&namesake);
	self->ca = ca;
	self->leaf = leaf;
	/* The first ones make room for the last. */
	for (i = 0; i < OCSP_DELEGATES_MAX + 1; i++) {
		delegate = forge_cert(&(struct forge_cert){
			.cn = "D", .issuer = &self->ca, .key = forge_ec(5),
			.serial = 200 + i, .ext_key_usage = "OCSPSigning" });
		EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &delegate));
		forge_free(&delegate);
	}
	EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &self->delegate));
}

TEST_F(verify, bad_signature)
{
	EXPECT_STREQ("bad signature", JUDGE(.wrong_key = forge_ec(5)));
	EXPECT_STREQ("bad signature", JUDGE(.wrong_key = forge_ec(5),
					    .no_certs = true));
	EXPECT_STREQ("bad signature", JUDGE(.signer = &self->delegate,
					    .wrong_key = forge_ec(5)));
	EXPECT_STREQ("bad signature", JUDGE(.wrong_key = forge_ed25519(0)));
}

#define NOT_ISSUER	"issuer CN=Issuer did not issue the certificate"

TEST_F(verify, wrong_issuer)
{
	struct forged ca = self->ca;
	struct forged old = forge_cert(&(struct forge_cert){
		.cn = "Issuer", .key = ca.key, .not_before = -FORGE_DAY,
		.not_after = -1, .basic_constraints = ca_constraints });
	struct forged no_ca = forge_cert(&(struct forge_cert){
		.cn = "Issuer", .key = ca.key,
		.basic_constraints = "CA:FALSE" });
	struct forged no_usage = forge_cert(&(struct forge_cert){
		.cn = "Issuer", .key = ca.key, .key_usage = "cRLSign",
		.basic_constraints = ca_constraints });
	struct forged namesake = make_ca("Issuer", forge_ec(5));

	self->ca = self->stranger;
	EXPECT_STREQ("issuer CN=Stranger did not issue the certificate, which names another issuer",
		     JUDGE());
	self->ca = namesake;
	EXPECT_STREQ(NOT_ISSUER ": its key did not sign it", JUDGE());
	self->ca = no_ca;
	EXPECT_STREQ("issuer CN=Issuer is not a CA certificate", JUDGE());
	self->ca = no_usage;
	EXPECT_STREQ("issuer CN=Issuer has a key usage without keyCertSign",
		     JUDGE());
	self->ca = old;
	EXPECT_STREQ("issuer CN=Issuer expired on 2027-01-15 07:59:59 UTC",
		     JUDGE());
	self->ca = ca;
	EXPECT_STREQ(ACCEPTED, JUDGE());
	forge_free(&old);
	forge_free(&no_ca);
	forge_free(&no_usage);
	forge_free(&namesake);
}

static struct forged make_ca_with_key_id(const char *cn, EVP_PKEY *key)
{
	return forge_cert(&(struct forge_cert){
		.cn = cn, .key = key, .basic_constraints = ca_constraints,
		.key_usage = ca_usage, .key_id = "hash", .serial = 7 });
}

/* RFC 5280 6.1 does not look at it. */
TEST_F(verify, authority_key_identifiers)
{
	struct forged ca = make_ca_with_key_id("Issuer", self->ca.key);
	struct forged other = make_ca_with_key_id("Other", forge_ec(5));
	const struct forge_authority all[] = {
		{ &ca, NULL }, { &other, NULL }, { NULL, &ca },
		{ NULL, &other }, { &ca, &other }, { &other, &ca },
	};

	forge_free(&self->ca);
	self->ca = ca;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		forge_free(&self->leaf);
		self->leaf = forge_cert(&(struct forge_cert){
			.cn = "leaf", .issuer = &ca, .key = forge_ec(1),
			.authority = all[i] });
		EXPECT_STREQ(ACCEPTED, JUDGE());
	}
	/* OpenSSL does, where it has to find the delegate's issuer. */
	EXPECT_STREQ(ACCEPTED, JUDGE_DELEGATE(.ext_key_usage = "OCSPSigning",
					      .authority = { &ca, &ca }));
	EXPECT_STREQ(BAD "has an authority key identifier that is not the issuer's, which OpenSSL clients refuse",
		     JUDGE_DELEGATE(.ext_key_usage = "OCSPSigning",
				    .authority = { &other, NULL }));
	EXPECT_STREQ(BAD "has an authority key identifier that is not the issuer's, which OpenSSL clients refuse",
		     JUDGE_DELEGATE(.ext_key_usage = "OCSPSigning",
				    .authority = { NULL, &other }));
	forge_free(&other);
}

/* By name it may be either: whose key verifies the signature it is. */
TEST_F(verify, delegate_of_the_issuers_name)
{
	struct forged ca = make_ca_with_key_id("Issuer", self->ca.key);
	struct forge_cert spec = {
		.cn = "Issuer", .issuer = &ca, .key = forge_ec(4),
		.ext_key_usage = "OCSPSigning", .key_id = "hash",
		.authority = { &ca, NULL } };
	struct forged delegate = forge_cert(&spec);

	forge_free(&self->ca);
	self->ca = ca;
	EXPECT_STREQ(ACCEPTED, JUDGE());
	EXPECT_STREQ(ACCEPTED, JUDGE(.embed = &delegate));
	EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &delegate));
	EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &delegate, .by_key = true));
	EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &delegate, .embed = &ca));
	EXPECT_STREQ("bad signature", JUDGE(.signer = &delegate,
					    .no_certs = true));
	EXPECT_STREQ("bad signature", JUDGE(.signer = &delegate,
					    .wrong_key = forge_ec(5)));
	forge_free(&delegate);
	/* The name gives nobody the right to sign. */
	spec.ext_key_usage = "serverAuth";
	delegate = forge_cert(&spec);
	EXPECT_STREQ("delegate CN=Issuer has no id-kp-OCSPSigning",
		     JUDGE(.signer = &delegate));
	forge_free(&delegate);
	/* Without identifiers OpenSSL takes it for self-signed. */
	delegate = forge_cert(&(struct forge_cert){
		.cn = "Issuer", .issuer = &ca, .key = forge_ec(4),
		.ext_key_usage = "OCSPSigning" });
	EXPECT_STREQ("signer refused: Verify error: self-signed certificate",
		     JUDGE(.signer = &delegate));
	forge_free(&delegate);
}

/* Two of a delegate's name, as while its key is changed. */
TEST_F(verify, delegate_with_a_new_key)
{
	struct forged old = forge_cert(&(struct forge_cert){
		.cn = "Delegate", .issuer = &self->ca, .key = forge_ec(4),
		.ext_key_usage = "OCSPSigning" });

	EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &self->delegate,
				     .embed = &old));
	EXPECT_STREQ(ACCEPTED, JUDGE(.signer = &old,
				     .embed = &self->delegate));
	forge_free(&old);
}

TEST_F(verify, critical_extensions)
{
	EXPECT_STREQ(ACCEPTED, JUDGE(.padding = 10));
	EXPECT_STREQ("unknown critical extension 1.3.6.1.4.1.55555.1",
		     JUDGE(.critical = true));
	EXPECT_STREQ("unknown critical extension 1.3.6.1.4.1.55555.1",
		     JUDGE(SINGLE(.critical = true)));
}

/* Names are the responder's to choose: not the administrator's terminal. */
TEST_F(verify, names_in_reasons)
{
	char ou[61];

	EXPECT_STREQ("delegate CN=\\1B[2J\\0A\\07x has no id-kp-OCSPSigning",
		     JUDGE_DELEGATE(.cn = "\033[2J\n\ax"));
	/* That it turns text around is why. NOLINTNEXTLINE(misc-misleading-bidirectional) */
	EXPECT_STREQ("delegate CN=\\C3\\A9\\E2\\80\\AE has no id-kp-OCSPSigning",
		     JUDGE_DELEGATE(.cn = "\xc3\xa9\xe2\x80\xae"));
	memset(ou, 'x', sizeof(ou) - 1);
	ou[sizeof(ou) - 1] = 0;
	JUDGE_DELEGATE(.cn = "long", .ou = { ou, ou, ou, ou, ou, ou, ou, ou });
	EXPECT_GT(140, strlen(self->verdict.reason));
	EXPECT_NE(NULL, strstr(self->verdict.reason, "id-kp-OCSPSigning"));
}

/* Our errors stay ours, and the caller's stay the caller's. */
TEST_F(verify, error_queue)
{
	ERR_clear_error();
	EXPECT_STREQ("bad signature", JUDGE(.wrong_key = forge_ec(5)));
	EXPECT_STREQ(TRUNCATED, judge_bytes(self, (void *)"x", 1));
	EXPECT_STREQ(ACCEPTED, JUDGE());
	EXPECT_EQ(0, ERR_peek_error());
	ERR_raise(ERR_LIB_USER, 42);
	EXPECT_STREQ("bad signature", JUDGE(.wrong_key = forge_ec(5)));
	EXPECT_STREQ(TOO_WEAK,
		     JUDGE_DELEGATE(.ext_key_usage = "OCSPSigning",
				    .md = EVP_sha1()));
	EXPECT_EQ(42, ERR_GET_REASON(ERR_get_error()));
	EXPECT_EQ(0, ERR_peek_error());
}

TEST_F(verify, without_next_update)
{
	const char *path = allow("# nothing\n\n");
	uint8_t key[KTLS_OCSP_KEY_LEN];
	char text[200];
	int n = 0;

#define WITHOUT(t) JUDGE(SINGLE(.no_next_update = true, .this_update = (t)))
	EXPECT_STREQ("no nextUpdate in the response", WITHOUT(-60));
	allow("* 3600 # an hour\n");
	EXPECT_STREQ(ACCEPTED, WITHOUT(-60));
	EXPECT_EQ(FORGE_NOW - 60 + 3600, self->verdict.next_update);
	EXPECT_STREQ("response expired on 2027-01-15 08:00:00 UTC",
		     WITHOUT(-3600));
	/* One that has it is valid as long as it says. */
	EXPECT_STREQ(ACCEPTED, JUDGE(SINGLE(.this_update = -9999,
					    .next_update = 9999)));
	EXPECT_EQ(FORGE_NOW + 9999, self->verdict.next_update);
	/* Of one issuer, whatever comes first. */
	ASSERT_EQ(0, ocsp_cert_key(self->ca.cert, key));
	for (size_t i = 0; i < sizeof(key); i++)
		n += sprintf(text + n, "%02X", key[i]);
	strcpy(text + n, " 43200\n* 0\n");
	allow(text);
	EXPECT_STREQ(ACCEPTED, WITHOUT(-43199));
	text[0] = text[0] == '0' ? '1' : '0';
	allow(text);
	EXPECT_STREQ("no nextUpdate in the response", WITHOUT(-60));
	/* Not for longer than that, nor for what is not understood. */
	allow("* 1\n* 43201\n");
	EXPECT_NE(NULL, strstr(WITHOUT(0), ":2 is not"));
	allow("* 1\nca.pem 3600\n");
	EXPECT_NE(NULL, strstr(WITHOUT(0), ":2 is not"));
	allow("3600\n");
	EXPECT_NE(NULL, strstr(WITHOUT(0), path));
	unlink(path);
	EXPECT_STREQ("no nextUpdate in the response", WITHOUT(-60));
}

TEST_HARNESS_MAIN
