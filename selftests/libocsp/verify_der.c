// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The verifier on responses that libcrypto takes, and that are not in DER or
 * have times in a form that RFC 5280 forbids. Each is signed properly, after it
 * was changed. Needs no kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "der.h"
#include "forge.h"
#include "kselftest_harness.h"
#include "verify.h"

#define ACCEPTED	"accepted"

/* Where things are in a response, from its BasicOCSPResponse on. */
#define BASIC		"1.0.1.0"
#define DATA		BASIC ".0"
#define RESPONDER	DATA ".0"
#define PRODUCED_AT	DATA ".1"
#define SINGLE		DATA ".2.0"
#define CERT_ID		SINGLE ".0"
#define STATUS		SINGLE ".1"
#define THIS_UPDATE	SINGLE ".2"
#define NEXT_UPDATE	SINGLE ".3.0"
#define SIGNATURE	BASIC ".2"
#define CERT		BASIC ".3.0.0"
#define TBS		CERT ".0"

#define GENERALIZED	0x18
#define UTC		0x17
#define BOOLEAN_FALSE	"\1\1\0"
#define BOOLEAN_TRUE	"\1\1\377"

FIXTURE(der) {
	struct forged ca;
	struct forged leaf;
	struct forged delegate;
	struct ocsp_verdict verdict;
	struct der *root;		/* by the delegate, with its certificate */
};

FIXTURE_SETUP(der)
{
	struct forge_response spec = { .signer = &self->delegate };
	unsigned char *der;
	size_t len;

	self->ca = forge_cert(&(struct forge_cert){
		.cn = "CA", .basic_constraints = "CA:TRUE",
		.key = forge_ec(0) });
	self->leaf = forge_cert(&(struct forge_cert){
		.cn = "leaf", .issuer = &self->ca, .key = forge_ec(1) });
	self->delegate = forge_cert(&(struct forge_cert){
		.cn = "Delegate", .issuer = &self->ca, .key = forge_ec(2),
		.ext_key_usage = "OCSPSigning" });
	spec.single[0].of = &self->leaf;
	spec.single[0].issuer = &self->ca;
	spec.single[0].status = V_OCSP_CERTSTATUS_REVOKED;
	spec.single[0].reason = OCSP_REVOKED_STATUS_SUPERSEDED;
	der = forge_response(&spec, &len);
	self->root = der_parse(der, len);
	free(der);
}

FIXTURE_TEARDOWN(der)
{
	forge_free(&self->ca);
	forge_free(&self->leaf);
	forge_free(&self->delegate);
	der_free(self->root);
}

/* What is said of the response as it is now. */
static const char *judge_unsigned(FIXTURE_DATA(der) *w)
{
	unsigned char *der;
	size_t len;
	int err;

	der = der_encode(w->root, &len);
	err = ocsp_verify(der, len, w->leaf.cert, w->ca.cert, FORGE_NOW,
			  &w->verdict);
	free(der);
	if (!err)
		return ACCEPTED;
	return err == -EBADMSG ? w->verdict.reason : "wrong error";
}

/* And with the signatures that it should have. */
static const char *judge(FIXTURE_DATA(der) *w)
{
	der_sign(w->root, CERT, w->ca.key);
	der_sign(w->root, BASIC, w->delegate.key);
	return judge_unsigned(w);
}

static size_t put(unsigned char *out, int tag, const void *data, size_t len)
{
	if (len > 0x7f)
		abort();
	out[0] = tag;
	out[1] = len;
	memcpy(out + 2, data, len);
	return len + 2;
}

static void set_time(FIXTURE_DATA(der) *w, const char *path, int tag,
		     const char *text)
{
	unsigned char tlv[64];

	der_replace(w->root, path, tlv, put(tlv, tag, text, strlen(text)));
}

/* An extension; critical is the encoding of that, which may be "". */
static size_t put_extension(unsigned char *out, const char *oid,
			    const void *critical, size_t critical_len,
			    const void *value, size_t len)
{
	unsigned char in[128];
	size_t n;

	n = put(in, 0x06, oid, strlen(oid));
	memcpy(in + n, critical, critical_len);
	n += critical_len;
	n += put(in + n, 0x04, value, len);
	return put(out, 0x30, in, n);
}

/* Adds it as the one extension of the single response, or of all. */
static void add_extension(FIXTURE_DATA(der) *w, const char *path,
			  const char *oid, const void *critical,
			  size_t critical_len, const void *value, size_t len)
{
	unsigned char one[128], list[128];
	size_t n;

	n = put_extension(one, oid, critical, critical_len, value, len);
	n = put(list, 0x30, one, n);
	memcpy(one, list, n);
	der_append(w->root, path, list, put(list, 0xa1, one, n));
}

#define ADD_EXTENSION(path, oid, critical, value)			\
	add_extension(self, path, oid, critical, sizeof(critical) - 1,	\
		      value, sizeof(value) - 1)

TEST_F(der, sound)
{
	EXPECT_STREQ(ACCEPTED, judge_unsigned(self));
	EXPECT_STREQ(ACCEPTED, judge(self));
	EXPECT_EQ(KTLS_OCSP_CERT_STATUS_REVOKED, self->verdict.status);
}

/* Times */

#define OFFSET		"has an offset from UTC, which DER forbids"
#define FRACTION	"has a fraction of a second, which RFC 5280 forbids"
#define NO_SECONDS	"has no seconds, which DER requires"
#define NO_Z		"has no Z at its end, as DER requires"
#define NO_DATE		"is not a valid date"
#define NO_TIME		"is not a date and time"

static const struct {
	const char *text;	/* behind the century */
	const char *reason;
} bad_times[] = {
	{ "270115075900-0500", OFFSET }, { "270115075900+0000", OFFSET },
	{ "2701150759+0100", OFFSET }, { "270115075900.25Z", FRACTION },
	{ "270115075900.0Z", FRACTION }, { "270115075900,5Z", FRACTION },
	{ "270115075900.5", FRACTION }, { "270115075900.5+0100", FRACTION },
	{ "2701150759Z", NO_SECONDS }, { "270115075900", NO_Z },
	{ "2701150759", NO_Z }, { "270115075960Z", NO_DATE },
	{ "270115076000Z", NO_DATE }, { "270115240000Z", NO_DATE },
	{ "270229120000Z", NO_DATE }, { "270431120000Z", NO_DATE },
	{ "271301120000Z", NO_DATE }, { "270001120000Z", NO_DATE },
	{ "270100120000Z", NO_DATE }, { "27011507590Z", NO_TIME },
	{ "270115075900z", NO_TIME }, { "270115075900ZZ", NO_TIME },
	{ "270115075900 Z", NO_TIME }, { "27-01-15 07:59Z", NO_TIME },
	{ "2701150759000Z", NO_TIME }, { "270115075900Z\033[2J", NO_TIME },
};

static void expect_bad_times(struct __test_metadata *_metadata,
			     FIXTURE_DATA(der) *self, const char *path,
			     int tag, const char *name)
{
	const char *century = tag == UTC ? "" : "20";
	char text[64], want[256], *p;

	for (size_t i = 0; i < ARRAY_SIZE(bad_times); i++) {
		snprintf(text, sizeof(text), "%s%s", century,
			 bad_times[i].text);
		set_time(self, path, tag, text);
		/* A terminal is not to be told what to do. */
		for (p = text; *p; p++)
			if (*p <= ' ')
				*p = '?';
		snprintf(want, sizeof(want), "%s %s %s", name, text,
			 bad_times[i].reason);
		EXPECT_STREQ(want, judge(self));
	}
	set_time(self, path, tag, "");
	snprintf(want, sizeof(want), "%s %s", name, NO_TIME);
	EXPECT_STREQ(want, judge(self));
}

TEST_F(der, times)
{
	static const struct {
		const char *path, *name, *good;
	} times[] = {
		{ PRODUCED_AT, "producedAt", "20270115080000Z" },
		{ THIS_UPDATE, "thisUpdate", "20270115070000Z" },
		{ NEXT_UPDATE, "nextUpdate", "20280229235959Z" },
		{ STATUS ".0", "revocationTime", "20260101000000Z" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		expect_bad_times(_metadata, self, times[i].path, GENERALIZED,
				 times[i].name);
		set_time(self, times[i].path, GENERALIZED, times[i].good);
		EXPECT_STREQ(ACCEPTED, judge(self));
	}
}

TEST_F(der, times_of_extensions)
{
	ADD_EXTENSION(SINGLE, "\x55\x1d\x18", "", "\x18\1x");
	expect_bad_times(_metadata, self, SINGLE ".4.0.0.0.1.0", GENERALIZED,
			 "invalidityDate");
	set_time(self, SINGLE ".4.0.0.0.1.0", GENERALIZED, "20250101000000Z");
	EXPECT_STREQ(ACCEPTED, judge(self));
	/* id-pkix-ocsp-archive-cutoff, and -crl with its third member */
	der_remove(self->root, SINGLE ".4");
	ADD_EXTENSION(SINGLE, "\x2b\6\1\5\5\7\x30\1\6", "", "\x18\1x");
	expect_bad_times(_metadata, self, SINGLE ".4.0.0.0.1.0", GENERALIZED,
			 "archiveCutoff");
	der_remove(self->root, SINGLE ".4");
	ADD_EXTENSION(SINGLE, "\x2b\6\1\5\5\7\x30\1\3", "",
		      "\x30\5\xa2\3\x18\1x");
	expect_bad_times(_metadata, self, SINGLE ".4.0.0.0.1.0.0.0", GENERALIZED,
			 "crlTime");
}

TEST_F(der, times_of_certificates)
{
	static const char *const paths[] = { TBS ".4.0", TBS ".4.1" };
	static const char *const names[] = {
		"the certificate's notBefore", "the certificate's notAfter",
	};

	for (int i = 0; i < 2; i++) {
		struct der *at = der_at(self->root, paths[i]);
		char good[20];

		ASSERT_EQ(13, at->len);
		sprintf(good, "20%.13s", (char *)at->data);
		expect_bad_times(_metadata, self, paths[i], GENERALIZED,
				 names[i]);
		expect_bad_times(_metadata, self, paths[i], UTC, names[i]);
		set_time(self, paths[i], GENERALIZED, good);
		EXPECT_STREQ(ACCEPTED, judge(self));
		set_time(self, paths[i], UTC, good + 2);
		EXPECT_STREQ(ACCEPTED, judge(self));
	}
}

TEST_F(der, utc_times)
{
	set_time(self, PRODUCED_AT, UTC, "270115075900Z");
	EXPECT_STREQ("producedAt is a UTCTime, not a GeneralizedTime",
		     judge(self));
	set_time(self, PRODUCED_AT, GENERALIZED, "20270115075900Z");
	set_time(self, NEXT_UPDATE, UTC, "270116075900Z");
	EXPECT_STREQ("nextUpdate is a UTCTime, not a GeneralizedTime",
		     judge(self));
	set_time(self, THIS_UPDATE, UTC, "270115075900Z");
	EXPECT_STREQ("thisUpdate is a UTCTime, not a GeneralizedTime",
		     judge(self));
	set_time(self, STATUS ".0", UTC, "270115075900Z");
	EXPECT_STREQ("revocationTime is a UTCTime, not a GeneralizedTime",
		     judge(self));
}

/* DER, but nothing that makes sense, or that the store could keep. */
TEST_F(der, early_times)
{
	set_time(self, PRODUCED_AT, GENERALIZED, "19491231235959Z");
	set_time(self, STATUS ".0", GENERALIZED, "19491231235959Z");
	EXPECT_STREQ(ACCEPTED, judge(self));
	set_time(self, THIS_UPDATE, GENERALIZED, "19491231235959Z");
	EXPECT_STREQ("thisUpdate 1949-12-31 23:59:59 UTC is before 1970",
		     judge(self));
	set_time(self, THIS_UPDATE, GENERALIZED, "19700101000000Z");
	EXPECT_STREQ(ACCEPTED, judge(self));
	set_time(self, NEXT_UPDATE, GENERALIZED, "19491231235959Z");
	EXPECT_STREQ("nextUpdate is not after thisUpdate", judge(self));
	set_time(self, NEXT_UPDATE, GENERALIZED, "99991231235959Z");
	EXPECT_STREQ(ACCEPTED, judge(self));
}

/* Encoding */

#define NOT_DER		"not DER: "

static bool is_not_der(const char *reason)
{
	return !strncmp(reason, NOT_DER, strlen(NOT_DER));
}

/*
 * Every value of the response, in a form that is longer than needed. Those in
 * an OCTET STRING that was not opened are bytes to everybody.
 */
static int expect_no_form(struct __test_metadata *_metadata,
			  FIXTURE_DATA(der) *self, struct der *at,
			  enum der_form form)
{
	int count = 0;

	for (; at; at = at->next) {
		count += expect_no_form(_metadata, self, at->first, form);
		if (form == DER_INDEFINITE && !(at->tag & 0x20))
			continue;
		at->form = form;
		EXPECT_TRUE(is_not_der(judge(self))) {
			TH_LOG("tag %02x: %s", at->tag, self->verdict.reason);
		}
		at->form = DER_SHORTEST;
		count++;
	}
	return count;
}

TEST_F(der, long_lengths)
{
	EXPECT_STREQ(ACCEPTED, judge(self));
	EXPECT_LT(60, expect_no_form(_metadata, self, self->root,
				     DER_LONG_LENGTH));
	EXPECT_STREQ(ACCEPTED, judge(self));
}

TEST_F(der, indefinite_lengths)
{
	EXPECT_STREQ(ACCEPTED, judge(self));
	EXPECT_LT(25, expect_no_form(_metadata, self, self->root,
				     DER_INDEFINITE));
	EXPECT_STREQ(ACCEPTED, judge(self));
}

TEST_F(der, encoded_defaults)
{
	static const char v1[] = "\xa0\3\2\1\0";
	static const char byte_one[] = "\1\1\1";

	der_insert(self->root, RESPONDER, v1, 5);
	EXPECT_STREQ("not DER: version is encoded although it has its default value (byte 39)",
		     judge(self));
	der_remove(self->root, RESPONDER);
	EXPECT_STREQ(ACCEPTED, judge(self));
	/* Of the certificate's version, and of its extension's critical. */
	der_insert(self->root, TBS ".7.0.0.1", BOOLEAN_FALSE, 3);
	EXPECT_TRUE(is_not_der(judge(self)));
	EXPECT_NE(NULL, strstr(self->verdict.reason, "critical is encoded"));
	der_replace(self->root, TBS ".7.0.0.1", byte_one, 3);
	EXPECT_TRUE(is_not_der(judge(self)));
	EXPECT_NE(NULL, strstr(self->verdict.reason, "neither 00 nor FF"));
	der_remove(self->root, TBS ".7.0.0.1");
	EXPECT_STREQ(ACCEPTED, judge(self));
	der_replace(self->root, TBS ".0", v1, 5);
	EXPECT_TRUE(is_not_der(judge(self)));
	EXPECT_NE(NULL, strstr(self->verdict.reason, "version is encoded"));
}

TEST_F(der, encoded_defaults_of_extensions)
{
	static const char *const paths[] = { SINGLE, DATA };

	for (int i = 0; i < 2; i++) {
		ADD_EXTENSION(paths[i], "\x2a\3\4", BOOLEAN_FALSE, "\5");
		EXPECT_TRUE(is_not_der(judge(self)));
		EXPECT_NE(NULL, strstr(self->verdict.reason,
				       "critical is encoded"));
		der_remove(self->root, i ? DATA ".3" : SINGLE ".4");
		EXPECT_STREQ(ACCEPTED, judge(self));
	}
}

/* Values that have one encoding in DER, and more in BER. */
TEST_F(der, values)
{
	static const struct {
		const char *path;
		const char *bytes;
		size_t len;
		const char *reason;
	} bad[] = {
#define VALUE(path, bytes, reason) { path, bytes, sizeof(bytes) - 1, reason }
		VALUE(STATUS ".1.0", "\12\2\0\4",
		      "a number is not in its shortest form"),
		VALUE(CERT_ID ".3", "\2\2\0\1",
		      "a number is not in its shortest form"),
		VALUE(CERT_ID ".3", "\2\2\xff\x80",
		      "a number is not in its shortest form"),
		VALUE(CERT_ID ".3", "\2\0", "a number without a value"),
		VALUE(CERT_ID ".1", "\x24\4\4\2xx",
		      "issuerNameHash is in pieces"),
		VALUE(CERT_ID ".0.1", "\5\1x", "a NULL with a value"),
		VALUE(CERT_ID ".0.0", "\6\3\x2a\x80\1",
		      "an OBJECT IDENTIFIER is not in its shortest form"),
		VALUE(CERT_ID ".0.0", "\6\2\x2a\x83",
		      "a malformed OBJECT IDENTIFIER"),
		VALUE(TBS ".1", "\2\2\0\1",
		      "a number is not in its shortest form"),
		VALUE(TBS ".3", "\x30\6\x31\4\x30\2\x2c\0",
		      "a string in pieces"),
		VALUE(TBS ".3", "\x30\x0a\x31\x08\x30\2\5\0\x30\2\4\0",
		      "a SET is not sorted"),
		VALUE(TBS ".3", "\x30\2\x10\0",
		      "a SEQUENCE or SET is not constructed"),
		VALUE(TBS ".3", "\x30\4\x9f\x1e\1x",
		      "a tag is not in its shortest form"),
		VALUE(TBS ".3", "\x30\5\x9f\x80\x21\1x",
		      "a tag is not in its shortest form"),
		VALUE(TBS ".3", "\x30\2\x9f\xa1", "a tag is cut off"),
		VALUE(TBS ".3", "\x30\1\5", "a length is cut off"),
		VALUE(TBS ".3", "\x30\2\5\1",
		      "a value ends behind what it is in"),
		VALUE(TBS ".3", "\x30\2\0\0", "end-of-contents octets"),
		VALUE(CERT ".2", "\3\2\7\1",
		      "unused bits of a BIT STRING are not 0"),
		VALUE(CERT ".2", "\3\1\1", "a malformed BIT STRING"),
		VALUE(CERT ".2", "\3\0", "a malformed BIT STRING"),
#undef VALUE
	};
	struct der *kept;
	char want[128];
	bool good;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		unsigned char *old;
		size_t len;

		kept = der_at(self->root, bad[i].path);
		old = der_encode(kept, &len);
		der_replace(self->root, bad[i].path, bad[i].bytes, bad[i].len);
		der_sign(self->root, BASIC, self->delegate.key);
		snprintf(want, sizeof(want), NOT_DER "%s", bad[i].reason);
		judge_unsigned(self);
		good = !strncmp(want, self->verdict.reason, strlen(want));
		EXPECT_TRUE(good) {
			TH_LOG("%zu: want %s, have %s", i, want,
			       self->verdict.reason);
		}
		der_replace(self->root, bad[i].path, old, len);
		free(old);
	}
	der_sign(self->root, BASIC, self->delegate.key);
	EXPECT_STREQ(ACCEPTED, judge_unsigned(self));
}

/* In whatever is made of others, something behind the last. */
TEST_F(der, bytes_behind)
{
	static const char *const paths[] = {
		"1.0.1", BASIC, DATA, SINGLE, CERT_ID, STATUS,
		SINGLE ".3", CERT, TBS, TBS ".4", TBS ".7", TBS ".7.0.0",
		RESPONDER, BASIC ".3",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct der *before = der_at(self->root, paths[i]), *last;

		der_append(self->root, paths[i], "\5\0", 2);
		EXPECT_STRNE(ACCEPTED, judge(self));
		EXPECT_NE(NULL, strstr(self->verdict.reason,
				       "2 bytes after ")) {
			TH_LOG("%s: %s", paths[i], self->verdict.reason);
		}
		for (last = before->first; last->next->next; last = last->next)
			;
		der_free(last->next);
		last->next = NULL;
		EXPECT_STREQ(ACCEPTED, judge(self));
	}
}

TEST_F(der, deeply_nested)
{
	unsigned char deep[100], *p = deep;

	for (size_t left = sizeof(deep) - 2; ; left -= 2) {
		*p++ = 0x30;
		*p++ = left;
		if (!left)
			break;
	}
	der_replace(self->root, TBS ".3", deep, sizeof(deep));
	der_sign(self->root, BASIC, self->delegate.key);
	EXPECT_NE(NULL, strstr(judge_unsigned(self), "nested too deeply"));
}

/* Extensions */

/* What is in one is its own matter: a nonce need not be DER at all. */
TEST_F(der, opaque_extensions)
{
	ADD_EXTENSION(DATA, "\x2b\6\1\5\5\7\x30\1\2", "", "\4\x80junk");
	ADD_EXTENSION(SINGLE, "\x2a\3\4", "", "20270115075900.5Z");
	EXPECT_STREQ(ACCEPTED, judge(self));
}

/* A GeneralizedTime; \062 is the 2, which would belong to the escape before. */
#define DATE_2020	"\30\17\0620200101000000Z"

TEST_F(der, critical_extensions)
{
	static const struct {
		const char *path, *oid, *value;
		size_t len;
		const char *unknown;	/* NULL: known */
	} all[] = {
		/* extended-revoke, nonce, archive-cutoff and crl */
		{ DATA, "\x2b\6\1\5\5\7\x30\1\x09", "\5\0", 2, NULL },
		{ SINGLE, "\x2b\6\1\5\5\7\x30\1\x09", "\5\0", 2, NULL },
		{ DATA, "\x2b\6\1\5\5\7\x30\1\2", "\4\1x", 3, NULL },
		{ SINGLE, "\x2b\6\1\5\5\7\x30\1\6",
		  DATE_2020, 17, NULL },
		{ SINGLE, "\x2b\6\1\5\5\7\x30\1\3", "\x30\0", 2, NULL },
		/* reasonCode and invalidityDate */
		{ SINGLE, "\x55\x1d\x15", "\12\1\4", 3, NULL },
		{ SINGLE, "\x55\x1d\x18", DATE_2020, 17,
		  NULL },
		/* pref-sig-algs is for requests; certificateIssuer matters */
		{ DATA, "\x2b\6\1\5\5\7\x30\1\x08", "\x30\0", 2,
		  "1.3.6.1.5.5.7.48.1.8" },
		{ SINGLE, "\x55\x1d\x1d", "\x30\0", 2, "2.5.29.29" },
		{ SINGLE, "\x2a\3\4", "\5\0", 2, "1.2.3.4" },
	};
	char want[64];

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		add_extension(self, all[i].path, all[i].oid, BOOLEAN_TRUE, 3,
			      all[i].value, all[i].len);
		snprintf(want, sizeof(want), "unknown critical extension %s",
			 all[i].unknown ? all[i].unknown : "");
		EXPECT_STREQ(all[i].unknown ? want : ACCEPTED, judge(self));
		der_remove(self->root, !strcmp(all[i].path, DATA) ?
			    DATA ".3" : SINGLE ".4");
	}
}

TEST_HARNESS_MAIN
