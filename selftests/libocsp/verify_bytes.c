// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The verifier on bytes that are no response, or no sound one. What a sound
 * one may say is for verify.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "kselftest_harness.h"
#include "verify.h"

#define TRUNCATED	"truncated or not a DER OCSPResponse"
#define TOO_LARGE	" bytes, more than the 65527 that TLS can carry"
#define ACCEPTED	"accepted"

/* Seconds that a test may take: RSA keys are slow to make in an emulator. */
#define SLOW		600

FIXTURE(bytes) {
	struct forged ca;
	struct forged leaf;
	struct forged delegate;
	struct ocsp_verdict verdict;
	unsigned char *der;		/* a sound response, to be damaged */
	size_t len;
};

/* Whose key signs: the delegate's response has its certificate in it. */
FIXTURE_VARIANT(bytes) {
	bool rsa;
};

FIXTURE_VARIANT_ADD(bytes, ecdsa_delegate) {
	.rsa = false,
};

FIXTURE_VARIANT_ADD(bytes, rsa_issuer) {
	.rsa = true,
};

FIXTURE_SETUP(bytes)
{
	struct forge_response spec = { .no_certs = variant->rsa };

	self->ca = forge_cert(&(struct forge_cert){
		.cn = "CA", .basic_constraints = "CA:TRUE",
		.key = variant->rsa ? forge_rsa(0) : forge_ec(0) });
	self->leaf = forge_cert(&(struct forge_cert){
		.cn = "leaf", .issuer = &self->ca, .key = forge_ec(1) });
	self->delegate = forge_cert(&(struct forge_cert){
		.cn = "Delegate", .issuer = &self->ca, .key = forge_ec(2),
		.ext_key_usage = "OCSPSigning" });
	spec.signer = variant->rsa ? &self->ca : &self->delegate;
	spec.single[0].of = &self->leaf;
	spec.single[0].issuer = &self->ca;
	self->der = forge_response(&spec, &self->len);
}

FIXTURE_TEARDOWN(bytes)
{
	forge_free(&self->ca);
	forge_free(&self->leaf);
	forge_free(&self->delegate);
	free(self->der);
}

static unsigned char *room(size_t len)
{
	unsigned char *bytes = calloc(1, len ? len : 1);

	if (!bytes)
		abort();
	return bytes;
}

static const char *judge(FIXTURE_DATA(bytes) *w, const void *der, size_t len)
{
	/* Of the exact size, so that a sanitizer sees who reads behind it. */
	unsigned char *copy = room(len);
	int err;

	memcpy(copy, der, len);
	err = ocsp_verify(copy, len, w->leaf.cert, w->ca.cert, FORGE_NOW,
			  &w->verdict);
	free(copy);
	if (!err)
		return ACCEPTED;
	return err == -EBADMSG ? w->verdict.reason : "wrong error";
}

TEST_F_TIMEOUT(bytes, sound, SLOW)
{
	EXPECT_STREQ(ACCEPTED, judge(self, self->der, self->len));
}

TEST_F_TIMEOUT(bytes, response_status, SLOW)
{
	static const struct {
		int status;
		const char *reason;
	} all[] = {
		{ 0, "no basic response (id-pkix-ocsp-basic) in it" },
		{ 1, "responder says malformedRequest" },
		{ 2, "responder says internalError" },
		{ 3, "responder says tryLater" },
		{ 4, "responder says status 4" },
		{ 5, "responder says sigRequired" },
		{ 6, "responder says unauthorized" },
		{ 7, "responder says status 7" },
		{ -1, "responder says status -1" },
	};
	unsigned char *der;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		der = forge_status(all[i].status, &len);
		EXPECT_STREQ(all[i].reason, judge(self, der, len));
		free(der);
	}
}

TEST_F_TIMEOUT(bytes, largest, SLOW)
{
	struct forge_response spec = {
		.signer = &self->ca, .no_certs = true, .padding = 65000,
		.single = { { .of = &self->leaf, .issuer = &self->ca } },
	};
	unsigned char *der;
	size_t len = 0;

	/* An ECDSA signature takes a few lengths: until one fits. */
	for (int i = 0; i < 100 && len != KTLS_OCSP_BLOB_MAX; i++) {
		der = forge_response(&spec, &len);
		if (len != KTLS_OCSP_BLOB_MAX)
			free(der);
		spec.padding += KTLS_OCSP_BLOB_MAX - len;
	}
	ASSERT_EQ(KTLS_OCSP_BLOB_MAX, len);
	EXPECT_STREQ(ACCEPTED, judge(self, der, len));
	free(der);
}

TEST_F_TIMEOUT(bytes, too_large, SLOW)
{
	static const unsigned char zeroes[1 << 20];

	EXPECT_STREQ("65528" TOO_LARGE, judge(self, zeroes, 65528));
	/* One that a 16-bit length would make small. */
	EXPECT_STREQ("65540" TOO_LARGE, judge(self, zeroes, 65540));
	EXPECT_STREQ("1048576" TOO_LARGE, judge(self, zeroes, 1 << 20));
}

TEST_F_TIMEOUT(bytes, garbage, SLOW)
{
	static const char html[] = "<html>503</html>";
	static const char zeroes[64];

	EXPECT_STREQ("the response is empty", judge(self, "", 0));
	EXPECT_STREQ(TRUNCATED, judge(self, html, sizeof(html)));
	EXPECT_STREQ(TRUNCATED, judge(self, zeroes, sizeof(zeroes)));
}

TEST_F_TIMEOUT(bytes, every_truncation, SLOW)
{
	for (size_t i = 1; i < self->len; i++)
		EXPECT_STREQ(TRUNCATED, judge(self, self->der, i));
}

/* Nothing in a response may change: all of it is signed, or checked. */
TEST_F_TIMEOUT(bytes, every_flipped_bit, SLOW)
{
	for (size_t i = 0; i < self->len * 8; i++) {
		self->der[i / 8] ^= 1 << i % 8;
		EXPECT_STRNE(ACCEPTED, judge(self, self->der, self->len)) {
			TH_LOG("bit %zu of byte %zu of %zu", i % 8, i / 8,
			       self->len);
		}
		self->der[i / 8] ^= 1 << i % 8;
	}
}

TEST_F_TIMEOUT(bytes, bytes_behind, SLOW)
{
	unsigned char *longer = room(self->len + 3);

	memcpy(longer, self->der, self->len);
	EXPECT_STREQ("1 bytes after the OCSPResponse",
		     judge(self, longer, self->len + 1));
	EXPECT_STREQ("3 bytes after the OCSPResponse",
		     judge(self, longer, self->len + 3));
	free(longer);
}

/* What a lenient parser takes, and a strict client does not. */
TEST_F_TIMEOUT(bytes, not_der, SLOW)
{
	unsigned char *ber = room(self->len + 2);

	ASSERT_EQ(0x30, self->der[0]);
	ASSERT_EQ(0x82, self->der[1]);
	/* Indefinite length. */
	ber[0] = 0x30;
	ber[1] = 0x80;
	memcpy(ber + 2, self->der + 4, self->len - 4);
	EXPECT_STREQ("not DER: indefinite length (byte 1)",
		     judge(self, ber, self->len));
	/* A length that starts with zero. */
	ber[1] = 0x83;
	ber[2] = 0;
	memcpy(ber + 3, self->der + 2, self->len - 2);
	EXPECT_STREQ("not DER: a length is not in its shortest form (byte 1)",
		     judge(self, ber, self->len + 1));
	free(ber);
}

TEST_F_TIMEOUT(bytes, bytes_behind_the_basic_response, SLOW)
{
	/* The lengths on the way in to the OCTET STRING, and its own. */
	static const size_t lengths[] = { 2, 9, 13, 28 };
	unsigned char *longer = room(self->len + 1);

	memcpy(longer, self->der, self->len);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t at = lengths[i];

		ASSERT_EQ(0x82, longer[at - 1]);
		if (!++longer[at + 1])
			longer[at]++;
	}
	EXPECT_EQ(0, strncmp("1 bytes after BasicOCSPResponse (byte ",
			     judge(self, longer, self->len + 1), 38));
	free(longer);
}

TEST_HARNESS_MAIN
