// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Which of several certificates issued another. Needs no kernel. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "forge.h"
#include "issuer.h"
#include "kselftest_harness.h"

#define YEAR	(365L * FORGE_DAY)

/* CAs that a bundle may have, all of the one name but the stranger. */
enum {
	RIGHT, EXPIRED, FUTURE, LONGER, REKEYED, NO_CA, NO_USAGE, CROSS,
	STRANGER, CAS
};

FIXTURE(issuer) {
	struct forged ca[CAS];
	struct forged leaf;
	STACK_OF(X509) *certs;
};

static struct forged make_ca(struct forge_cert spec)
{
	if (!spec.cn)
		spec.cn = "CA";
	if (!spec.key)
		spec.key = forge_ec(0);
	if (!spec.basic_constraints)
		spec.basic_constraints = "critical,CA:TRUE";
	return forge_cert(&spec);
}

#define MAKE_CA(...) make_ca((struct forge_cert){ __VA_ARGS__ })

FIXTURE_SETUP(issuer)
{
	struct forged *ca = self->ca;

	ca[RIGHT] = MAKE_CA(.serial = 1);
	ca[EXPIRED] = MAKE_CA(.not_before = -2 * YEAR, .not_after = -FORGE_DAY);
	ca[FUTURE] = MAKE_CA(.not_before = FORGE_DAY, .not_after = 2 * YEAR);
	ca[LONGER] = MAKE_CA(.not_before = -YEAR, .not_after = YEAR);
	ca[REKEYED] = MAKE_CA(.key = forge_ec(2), .not_before = -YEAR,
			      .not_after = 9 * YEAR);
	ca[NO_CA] = MAKE_CA(.basic_constraints = "CA:FALSE",
			    .not_before = -YEAR, .not_after = 9 * YEAR);
	ca[NO_USAGE] = MAKE_CA(.key_usage = "digitalSignature",
			       .not_before = -YEAR, .not_after = 9 * YEAR);
	ca[STRANGER] = MAKE_CA(.cn = "Stranger", .key = forge_ec(3));
	ca[CROSS] = MAKE_CA(.issuer = &ca[STRANGER], .not_before = -YEAR,
			    .not_after = 3 * YEAR);
	self->leaf = forge_cert(&(struct forge_cert){
		.cn = "leaf", .issuer = &ca[RIGHT], .key = forge_ec(1) });
	self->certs = sk_X509_new_null();
}

FIXTURE_TEARDOWN(issuer)
{
	for (int i = 0; i < CAS; i++)
		forge_free(&self->ca[i]);
	forge_free(&self->leaf);
	sk_X509_free(self->certs);
	EXPECT_EQ(0, ERR_peek_error());
}

static void add(FIXTURE_DATA(issuer) *w, X509 *cert)
{
	if (!sk_X509_push(w->certs, cert))
		abort();
}

static X509 *find(FIXTURE_DATA(issuer) *w)
{
	X509 *found;

	errno = ENOMEM;
	found = ocsp_find_issuer(w->certs, w->leaf.cert, NULL, FORGE_NOW);
	return errno ? NULL : found;
}

/* In either order of the two, with others around and twice. */
static bool is_preferred(FIXTURE_DATA(issuer) *w, int good, int bad)
{
	X509 *a = w->ca[good].cert, *b = w->ca[bad].cert;
	bool right = true;

	for (int order = 0; order < 2; order++) {
		sk_X509_zero(w->certs);
		add(w, w->ca[STRANGER].cert);
		add(w, w->leaf.cert);
		for (int twice = 0; twice < 2; twice++) {
			add(w, order ? a : b);
			add(w, order ? b : a);
		}
		add(w, w->ca[STRANGER].cert);
		right &= find(w) == a;
	}
	return right;
}

TEST_F(issuer, preferred)
{
	static const int bad[] = {
		EXPIRED, FUTURE, REKEYED, NO_CA, NO_USAGE, STRANGER
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_TRUE(is_preferred(self, RIGHT, bad[i])) {
			TH_LOG("%d", bad[i]);
		}
	}
	/* What is left of its time is left for the response. */
	EXPECT_TRUE(is_preferred(self, LONGER, RIGHT));
	EXPECT_TRUE(is_preferred(self, CROSS, RIGHT));
	EXPECT_TRUE(is_preferred(self, CROSS, LONGER));
}

/* All of them, from each on. */
TEST_F(issuer, any_order)
{
	for (int start = 0; start < CAS; start++) {
		sk_X509_zero(self->certs);
		for (int i = 0; i < CAS; i++)
			add(self, self->ca[(start + i) % CAS].cert);
		EXPECT_EQ(self->ca[CROSS].cert, find(self));
	}
}

TEST_F(issuer, none)
{
	EXPECT_EQ(NULL, find(self));
	add(self, self->leaf.cert);
	add(self, self->ca[STRANGER].cert);
	add(self, self->ca[REKEYED].cert);
	EXPECT_EQ(NULL, find(self));
	/* Better a bad one, which says what is wrong, than none. */
	add(self, self->ca[EXPIRED].cert);
	EXPECT_EQ(self->ca[EXPIRED].cert, find(self));
	EXPECT_EQ(NULL, ocsp_find_issuer(NULL, self->leaf.cert, NULL,
					 FORGE_NOW));
}

TEST_F(issuer, except)
{
	STACK_OF(X509) *except = sk_X509_new_null();

	ASSERT_NE(NULL, except);
	sk_X509_push(except, self->ca[LONGER].cert);
	add(self, self->ca[LONGER].cert);
	EXPECT_EQ(NULL, ocsp_find_issuer(self->certs, self->leaf.cert, except,
					 FORGE_NOW));
	add(self, self->ca[RIGHT].cert);
	EXPECT_EQ(self->ca[RIGHT].cert,
		  ocsp_find_issuer(self->certs, self->leaf.cert, except,
				   FORGE_NOW));
	sk_X509_free(except);
}

/* Identifiers that are wrong, or another CA's of the name. */
TEST_F(issuer, key_identifiers)
{
	struct forged right = MAKE_CA(.key_id = "hash", .serial = 5);
	struct forged other = MAKE_CA(.key_id = "hash", .key = forge_ec(4),
				      .serial = 6, .not_after = 9 * YEAR,
				      .not_before = -YEAR);
	const struct forge_authority all[] = {
		{ NULL, NULL }, { &right, NULL }, { &other, NULL },
		{ NULL, &other }, { &other, &other }, { &right, &other },
	};

	add(self, other.cert);
	add(self, right.cert);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		forge_free(&self->leaf);
		self->leaf = forge_cert(&(struct forge_cert){
			.cn = "leaf", .issuer = &right, .key = forge_ec(1),
			.authority = all[i] });
		EXPECT_EQ(right.cert, find(self));
	}
	forge_free(&other);
	forge_free(&right);
}

static X509 *presume(FIXTURE_DATA(issuer) *w, const STACK_OF(X509) *except)
{
	X509 *found;

	errno = ENOMEM;
	found = ocsp_presume_issuer(w->certs, w->leaf.cert, except, FORGE_NOW);
	return errno ? NULL : found;
}

static void make_leaf(FIXTURE_DATA(issuer) *w, const struct forged *issuer,
		      struct forge_authority authority)
{
	forge_free(&w->leaf);
	w->leaf = forge_cert(&(struct forge_cert){
		.cn = "leaf", .issuer = issuer, .key = forge_ec(1),
		.authority = authority });
}

/* Where all fits, no signature is looked at: here is one that is wrong. */
TEST_F(issuer, presumed)
{
	struct forged right = MAKE_CA(.key_id = "hash", .serial = 5);
	struct forged other = MAKE_CA(.key_id = "hash", .key = forge_ec(4),
				      .serial = 6);
	STACK_OF(X509) *except = sk_X509_new_null();

	ASSERT_NE(NULL, except);
	make_leaf(self, &right, (struct forge_authority){ &other, NULL });
	EXPECT_EQ(NULL, presume(self, NULL));
	add(self, self->leaf.cert);
	add(self, self->ca[STRANGER].cert);
	add(self, other.cert);
	EXPECT_EQ(other.cert, presume(self, NULL));
	EXPECT_EQ(NULL, find(self));
	add(self, other.cert);
	EXPECT_EQ(other.cert, presume(self, NULL));
	sk_X509_push(except, other.cert);
	EXPECT_EQ(NULL, presume(self, except));
	sk_X509_free(except);
	/* Another one of the name: the signature decides. */
	add(self, right.cert);
	EXPECT_EQ(right.cert, presume(self, NULL));
	forge_free(&other);
	forge_free(&right);
}

/* With a wrong identifier, or without one, the signature decides. */
TEST_F(issuer, not_presumed)
{
	struct forged right = MAKE_CA(.key_id = "hash", .serial = 5);
	struct forged other = MAKE_CA(.key_id = "hash", .key = forge_ec(4),
				      .serial = 6);
	struct forged no_usage = MAKE_CA(.key_id = "hash", .serial = 7,
					 .key_usage = "digitalSignature");

	add(self, right.cert);
	make_leaf(self, &right, (struct forge_authority){ &other, NULL });
	EXPECT_EQ(right.cert, presume(self, NULL));
	make_leaf(self, &other, (struct forge_authority){ NULL, NULL });
	EXPECT_EQ(NULL, presume(self, NULL));
	make_leaf(self, &other, (struct forge_authority){ &right, &other });
	EXPECT_EQ(NULL, presume(self, NULL));
	sk_X509_zero(self->certs);
	add(self, self->ca[REKEYED].cert);
	make_leaf(self, &right, (struct forge_authority){ &right, NULL });
	EXPECT_EQ(NULL, presume(self, NULL));
	sk_X509_zero(self->certs);
	add(self, no_usage.cert);
	make_leaf(self, &other, (struct forge_authority){ &no_usage, NULL });
	EXPECT_EQ(NULL, presume(self, NULL));
	forge_free(&no_usage);
	forge_free(&other);
	forge_free(&right);
}

/* As in the bundle of a system, and with as many of one name. */
TEST_F(issuer, hundreds)
{
	struct forged many[400];
	char cn[32];

	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		sprintf(cn, i % 2 ? "CA" : "CA %zu", i);
		many[i] = MAKE_CA(.cn = cn, .key = forge_ec(5),
				  .serial = i + 1);
		add(self, many[i].cert);
		if (i == ARRAY_SIZE(many) / 2)
			add(self, self->ca[RIGHT].cert);
	}
	EXPECT_EQ(self->ca[RIGHT].cert, find(self));
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		forge_free(&many[i]);
}

TEST_F(issuer, self_signed)
{
	struct forged rollover = MAKE_CA(.issuer = &self->ca[RIGHT],
					 .key = forge_ec(2));

	/* The second time it is known. */
	EXPECT_TRUE(ocsp_cert_is_self_signed(self->ca[RIGHT].cert));
	EXPECT_TRUE(ocsp_cert_is_self_signed(self->ca[RIGHT].cert));
	EXPECT_FALSE(ocsp_cert_is_self_signed(self->ca[CROSS].cert));
	EXPECT_FALSE(ocsp_cert_is_self_signed(self->leaf.cert));
	/* Named as its issuer, and signed with the key before it. */
	EXPECT_FALSE(ocsp_cert_is_self_signed(rollover.cert));
	EXPECT_TRUE(ocsp_cert_is_self_signed(self->ca[RIGHT].cert));
	ERR_clear_error();
	forge_free(&rollover);
}

TEST_HARNESS_MAIN
