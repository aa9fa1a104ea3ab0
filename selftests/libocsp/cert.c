// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Certificates: their files, and what they say. Needs no kernel. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "cert.h"
#include "forge.h"
#include "issuer.h"
#include "kselftest_harness.h"
#include "cert_summary.h"

#define URL		"OCSP;URI:http://ocsp.example/"

FIXTURE(cert) {
	char dir[32];
	char path[64];
	char error[256];
	struct forged ca;
	struct forged leaf;
};

FIXTURE_SETUP(cert)
{
	strcpy(self->dir, "/tmp/certXXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	sprintf(self->path, "%s/file", self->dir);
	self->ca = forge_cert(&(struct forge_cert){
		.cn = "CA", .key = forge_ec(0),
		.basic_constraints = "CA:TRUE" });
	self->leaf = forge_cert(&(struct forge_cert){
		.cn = "leaf", .issuer = &self->ca, .key = forge_ec(1),
		.aia = URL, .tls_feature = "status_request" });
}

FIXTURE_TEARDOWN(cert)
{
	forge_free(&self->ca);
	forge_free(&self->leaf);
	unlink(self->path);
	rmdir(self->path);
	rmdir(self->dir);
	/* None of this leaves an error of libcrypto's behind. */
	EXPECT_EQ(0, ERR_peek_error());
}

static void write_path(FIXTURE_DATA(cert) *t, const void *data, size_t len)
{
	FILE *f = fopen(t->path, "w");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		abort();
}

/* Why a file is refused, without its name; or that it is not. */
static const char *fault_of_certs(FIXTURE_DATA(cert) *t)
{
	STACK_OF(X509) *certs;
	size_t len = strlen(t->path);

	certs = ocsp_read_certs(t->path, t->error, sizeof(t->error));
	if (certs) {
		sk_X509_pop_free(certs, X509_free);
		return "none";
	}
	if (strncmp(t->error, t->path, len) || t->error[len] != ':')
		return "does not name the file";
	return t->error + len + 2;
}

static const char *fault_of_file(FIXTURE_DATA(cert) *t)
{
	size_t size, len = strlen(t->path);
	unsigned char *data;

	data = ocsp_read_file(t->path, &size, t->error, sizeof(t->error));
	free(data);
	if (data)
		return "none";
	if (strncmp(t->error, t->path, len) || t->error[len] != ':')
		return "does not name the file";
	return t->error + len + 2;
}

TEST_F(cert, files)
{
	static char huge[OCSP_FILE_MAX + 1];
	unsigned char *data;
	size_t len;

	EXPECT_STREQ("No such file or directory", fault_of_file(self));
	ASSERT_EQ(0, mkdir(self->path, 0700));
	EXPECT_STREQ("is a directory", fault_of_file(self));
	rmdir(self->path);
	/* Nobody writes into it; to wait for somebody would be to hang. */
	ASSERT_EQ(0, mkfifo(self->path, 0600));
	EXPECT_STREQ("is not a regular file", fault_of_file(self));
	unlink(self->path);
	write_path(self, huge, sizeof(huge));
	EXPECT_STREQ("is larger than 1048576 bytes", fault_of_file(self));
	write_path(self, huge, sizeof(huge) - 1);
	EXPECT_STREQ("none", fault_of_file(self));
	write_path(self, "", 0);
	EXPECT_STREQ("none", fault_of_file(self));
	write_path(self, "a\0b", 3);
	data = ocsp_read_file(self->path, &len, self->error,
			      sizeof(self->error));
	ASSERT_NE(NULL, data);
	EXPECT_EQ(3, len);
	EXPECT_EQ(0, memcmp(data, "a\0b", 3));
	free(data);
}

/* A file whose size says nothing (0), and one that never ends. */
TEST_F(cert, files_without_a_size)
{
	unsigned char *data;
	size_t len;

	data = ocsp_read_file("/proc/self/status", &len, self->error,
			      sizeof(self->error));
	ASSERT_NE(NULL, data);
	EXPECT_LT(0, len);
	free(data);
	EXPECT_EQ(NULL, ocsp_read_file("/dev/zero", &len, self->error,
				       sizeof(self->error)));
	EXPECT_STREQ("/dev/zero: is not a regular file", self->error);
}

/* The error is cut to what there is room for. */
TEST_F(cert, short_error)
{
	char error[8];
	size_t len;

	EXPECT_EQ(NULL, ocsp_read_file(self->path, &len, error,
				       sizeof(error)));
	EXPECT_EQ(7, strlen(error));
}

static BIO *start(void)
{
	return BIO_new(BIO_s_mem());
}

static void finish(FIXTURE_DATA(cert) *t, BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	write_path(t, data, len);
	BIO_free(bio);
}

/* The certificates of the file, which are to be leaf and ca. */
static STACK_OF(X509) *read_pair(struct __test_metadata *_metadata,
				 FIXTURE_DATA(cert) *self)
{
	STACK_OF(X509) *certs;

	certs = ocsp_read_certs(self->path, self->error, sizeof(self->error));
	ASSERT_NE(NULL, certs);
	ASSERT_EQ(2, sk_X509_num(certs));
	EXPECT_EQ(0, X509_cmp(self->leaf.cert, sk_X509_value(certs, 0)));
	EXPECT_EQ(0, X509_cmp(self->ca.cert, sk_X509_value(certs, 1)));
	return certs;
}

TEST_F(cert, pem)
{
	STACK_OF(X509) *certs;
	BIO *bio = start();

	BIO_puts(bio, "Certificate of somebody:\n");
	PEM_write_bio_PrivateKey(bio, self->leaf.key, NULL, NULL, 0, NULL,
				 NULL);
	PEM_write_bio_X509(bio, self->leaf.cert);
	BIO_puts(bio, "\nand its issuer\n");
	PEM_write_bio_X509(bio, self->ca.cert);
	finish(self, bio);
	certs = read_pair(_metadata, self);
	EXPECT_EQ(sk_X509_value(certs, 1),
		  ocsp_find_issuer(certs, sk_X509_value(certs, 0), NULL, FORGE_NOW));
	sk_X509_pop_free(certs, X509_free);
}

/* As OpenSSL's servers read it, and whatever it is trusted for. */
TEST_F(cert, trusted_pem)
{
	STACK_OF(X509) *certs;
	BIO *bio = start();

	X509_add1_trust_object(self->leaf.cert, OBJ_nid2obj(NID_server_auth));
	X509_add1_reject_object(self->ca.cert, OBJ_nid2obj(NID_OCSP_sign));
	PEM_write_bio_X509_AUX(bio, self->leaf.cert);
	PEM_write_bio_X509_AUX(bio, self->ca.cert);
	finish(self, bio);
	certs = read_pair(_metadata, self);
	EXPECT_EQ(NULL, X509_get0_trust_objects(sk_X509_value(certs, 0)));
	EXPECT_EQ(NULL, X509_get0_reject_objects(sk_X509_value(certs, 1)));
	sk_X509_pop_free(certs, X509_free);
}

TEST_F(cert, damaged_trusted_pem)
{
	BIO *bio = start();
	char *data;

	X509_add1_trust_object(self->leaf.cert, OBJ_nid2obj(NID_server_auth));
	PEM_write_bio_X509_AUX(bio, self->leaf.cert);
	PEM_write_bio_X509(bio, self->ca.cert);
	BIO_get_mem_data(bio, &data);
	data[100] = '!';
	finish(self, bio);
	EXPECT_STREQ("certificate 1 in it is damaged", fault_of_certs(self));
}

TEST_F(cert, pem_without_certificate)
{
	BIO *bio = start();

	PEM_write_bio_PrivateKey(bio, self->leaf.key, NULL, NULL, 0, NULL,
				 NULL);
	finish(self, bio);
	EXPECT_STREQ("no certificate in it", fault_of_certs(self));
	write_path(self, "-----BEGIN ", 11);
	EXPECT_STREQ("no certificate in it", fault_of_certs(self));
}

TEST_F(cert, damaged_pem)
{
	BIO *bio = start();
	char *data;

	PEM_write_bio_X509(bio, self->leaf.cert);
	PEM_write_bio_X509(bio, self->ca.cert);
	BIO_get_mem_data(bio, &data);
	strstr(data + 100, "-----BEGIN")[80] = '!';
	finish(self, bio);
	EXPECT_STREQ("certificate 2 in it is damaged", fault_of_certs(self));
	/* Cut off: no END. */
	bio = start();
	PEM_write_bio_X509(bio, self->leaf.cert);
	BIO_get_mem_data(bio, &data);
	strstr(data, "-----END")[0] = '\n';
	finish(self, bio);
	EXPECT_STREQ("certificate 1 in it is damaged", fault_of_certs(self));
}

/* Nobody is asked for a pass phrase: there may be nobody. */
TEST_F(cert, encrypted_pem)
{
	BIO *bio = start();

	PEM_ASN1_write_bio((i2d_of_void *)i2d_X509, PEM_STRING_X509, bio,
			   self->leaf.cert, EVP_aes_128_cbc(),
			   (unsigned char *)"secret", 6, NULL, NULL);
	finish(self, bio);
	EXPECT_STREQ("certificate 1 in it is damaged", fault_of_certs(self));
}

TEST_F(cert, der)
{
	unsigned char *der = NULL;
	STACK_OF(X509) *certs;
	X509 *copy;
	int len;

	len = i2d_X509(self->leaf.cert, &der);
	ASSERT_LT(0, len);
	write_path(self, der, len);
	certs = ocsp_read_certs(self->path, self->error, sizeof(self->error));
	ASSERT_NE(NULL, certs);
	ASSERT_EQ(1, sk_X509_num(certs));
	EXPECT_EQ(0, X509_cmp(self->leaf.cert, sk_X509_value(certs, 0)));
	EXPECT_EQ(NULL, ocsp_find_issuer(certs, sk_X509_value(certs, 0), NULL, FORGE_NOW));
	sk_X509_pop_free(certs, X509_free);
	write_path(self, der, len - 1);
	EXPECT_STREQ("no certificate in it, in PEM or in DER",
		     fault_of_certs(self));
	copy = ocsp_cert_decode(der, len);
	EXPECT_EQ(0, X509_cmp(self->leaf.cert, copy));
	X509_free(copy);
	EXPECT_EQ(NULL, ocsp_cert_decode(der, len - 1));
	EXPECT_EQ(NULL, ocsp_cert_decode(NULL, 0));
	der = OPENSSL_realloc(der, len + 2);
	memset(der + len, 0, 2);
	write_path(self, der, len + 2);
	EXPECT_STREQ("2 bytes after the certificate", fault_of_certs(self));
	OPENSSL_free(der);
}

TEST_F(cert, no_certificate)
{
	write_path(self, "", 0);
	EXPECT_STREQ("is empty", fault_of_certs(self));
	write_path(self, "hello\n", 6);
	EXPECT_STREQ("no certificate in it, in PEM or in DER",
		     fault_of_certs(self));
}

TEST_F(cert, key)
{
	uint8_t key[KTLS_OCSP_KEY_LEN], want[EVP_MAX_MD_SIZE];
	unsigned int len;

	ASSERT_EQ(0, ocsp_cert_key(self->leaf.cert, key));
	ASSERT_EQ(1, X509_digest(self->leaf.cert, EVP_sha256(), want, &len));
	ASSERT_EQ(KTLS_OCSP_KEY_LEN, len);
	EXPECT_EQ(0, memcmp(key, want, len));
}

/* The URL of a certificate that has this AIA; free() it. */
static char *url_of(FIXTURE_DATA(cert) *t, const char *aia)
{
	struct forged made = forge_cert(&(struct forge_cert){
		.cn = "x", .issuer = &t->ca, .key = forge_ec(1), .aia = aia });
	char *url = ocsp_cert_url(made.cert);

	forge_free(&made);
	return url;
}

TEST_F(cert, url)
{
	char *url = url_of(self, URL);

	EXPECT_STREQ("http://ocsp.example/", url);
	free(url);
	url = url_of(self, "caIssuers;URI:http://a/,OCSP;URI:ldap://x/,OCSP;URI:HTTPS://y/,OCSP;URI:http://z/");
	EXPECT_STREQ("HTTPS://y/", url);
	free(url);
	EXPECT_EQ(NULL, url_of(self, NULL));
	EXPECT_EQ(NULL, url_of(self, "caIssuers;URI:http://ca/"));
	EXPECT_EQ(NULL, url_of(self, "OCSP;URI:file:///etc/passwd"));
	EXPECT_EQ(NULL, url_of(self, "OCSP;URI:http://x/\033y"));
	EXPECT_EQ(NULL, url_of(self, "OCSP;URI:http://x/ y"));
	EXPECT_EQ(NULL, url_of(self, "OCSP;DNS:x"));
}

static char *url_fault_of(FIXTURE_DATA(cert) *t, const char *url)
{
	ACCESS_DESCRIPTION *one = ACCESS_DESCRIPTION_new();
	AUTHORITY_INFO_ACCESS *all = AUTHORITY_INFO_ACCESS_new();
	ASN1_IA5STRING *location = ASN1_IA5STRING_new();
	X509 *cert = X509_dup(t->leaf.cert);
	STACK_OF(OPENSSL_STRING) *urls;
	char *fault;

	if (!one || !all || !location || !cert)
		abort();
	ASN1_STRING_set(location, url, -1);
	ASN1_OBJECT_free(one->method);
	one->method = OBJ_nid2obj(NID_ad_OCSP);
	GENERAL_NAME_set0_value(one->location, GEN_URI, location);
	sk_ACCESS_DESCRIPTION_push(all, one);
	X509_add1_ext_i2d(cert, NID_info_access, all, 0, X509V3_ADD_REPLACE);
	fault = ocsp_cert_url_fault(cert);
	/* Either there is a URL, or something is wrong with it. */
	urls = ocsp_cert_urls(cert);
	if (!fault == !urls)
		abort();
	X509_email_free(urls);
	AUTHORITY_INFO_ACCESS_free(all);
	X509_free(cert);
	return fault;
}

TEST_F(cert, url_faults)
{
	static const struct {
		const char *url, *fault;
	} all[] = {
		{ " http://x/", "its OCSP URL \" http://x/\" begins with a blank or control character" },
		{ "\nhttp://x/", "its OCSP URL \"\\0Ahttp://x/\" begins with a blank or control character" },
		{ "http://x/ ", "its OCSP URL \"http://x/ \" ends with a blank or control character" },
		{ "http://x/\r\n", "its OCSP URL \"http://x/\\0D\\0A\" ends with a blank or control character" },
		{ "http://x /", "its OCSP URL \"http://x /\" has a blank, control or non-ASCII character in it" },
		{ "http://x/\033[2J", "its OCSP URL \"http://x/\\1B[2J\" has a blank, control or non-ASCII character in it" },
		{ "http://\xfc/", "its OCSP URL \"http://\\FC/\" has a blank, control or non-ASCII character in it" },
		{ "ldap://x/", "its OCSP URL \"ldap://x/\" is not an http or https URL" },
		{ "", "its OCSP URL \"\" is empty" },
		{ "http://x/", NULL },
	};
	char *fault;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		fault = url_fault_of(self, all[i].url);
		EXPECT_STREQ(all[i].fault ? all[i].fault : "none",
			     fault ? fault : "none");
		free(fault);
	}
	EXPECT_EQ(NULL, ocsp_cert_url_fault(self->ca.cert));
}

static bool summarize(X509 *cert, struct ocsp_cert_summary *summary,
		      unsigned char **der)
{
	int len;

	*der = NULL;
	len = i2d_X509(cert, der);
	return ocsp_cert_summarize(*der, len, summary);
}

/* A summary says what the whole certificate would. */
TEST_F(cert, summary)
{
	struct ocsp_cert_summary ca, leaf;
	unsigned char *ca_der, *leaf_der;

	ASSERT_TRUE(summarize(self->ca.cert, &ca, &ca_der));
	ASSERT_TRUE(summarize(self->leaf.cert, &leaf, &leaf_der));
	EXPECT_TRUE(ocsp_cert_summary_issued(&ca, &leaf));
	EXPECT_TRUE(ocsp_cert_summary_issued(&ca, &ca));
	EXPECT_FALSE(ocsp_cert_summary_issued(&leaf, &ca));
	EXPECT_FALSE(ocsp_cert_summary_issued(&leaf, &leaf));
	EXPECT_TRUE(ocsp_cert_summary_has_url(&leaf));
	EXPECT_FALSE(ocsp_cert_summary_has_url(&ca));
	/* Names are not compared by their bytes: case does not count. */
	leaf_der[leaf.issuer.data + leaf.issuer.len - 1 - leaf_der] ^= 0x20;
	EXPECT_TRUE(ocsp_cert_summary_issued(&ca, &leaf));
	OPENSSL_free(ca_der);
	OPENSSL_free(leaf_der);
}

/* What is cut off, has more behind it, or is not DER. */
TEST_F(cert, no_summary)
{
	struct ocsp_cert_summary summary;
	unsigned char *der = NULL, other[4096];
	int len = i2d_X509(self->leaf.cert, &der);

	ASSERT_LT(256, len);
	ASSERT_GT(sizeof(other) - 1, len);
	ASSERT_TRUE(ocsp_cert_summarize(der, len, &summary));
	for (int i = 0; i < len; i++)
		ASSERT_FALSE(ocsp_cert_summarize(der, i, &summary));
	memcpy(other, der, len);
	other[len] = 0;
	EXPECT_FALSE(ocsp_cert_summarize(other, len + 1, &summary));
	/* Its length in three bytes instead of two. */
	ASSERT_EQ(0x82, der[1]);
	other[1] = 0x83;
	other[2] = 0;
	memcpy(other + 3, der + 2, len - 2);
	EXPECT_FALSE(ocsp_cert_summarize(other, len + 1, &summary));
	OPENSSL_free(der);
}

/* Whatever is changed, it reads nothing outside of the bytes. */
TEST_F(cert, summary_of_anything)
{
	struct ocsp_cert_summary summary;
	unsigned char *der = NULL, *copy;
	int len = i2d_X509(self->leaf.cert, &der);

	for (int i = 0; i < len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			/* Exactly as large, for what looks over memory. */
			copy = malloc(len);
			memcpy(copy, der, len);
			copy[i] ^= 1 << bit;
			if (ocsp_cert_summarize(copy, len, &summary))
				ocsp_cert_summary_has_url(&summary);
			free(copy);
		}
	}
	OPENSSL_free(der);
}

TEST_F(cert, must_staple)
{
	EXPECT_TRUE(ocsp_cert_must_staple(self->leaf.cert));
	EXPECT_FALSE(ocsp_cert_must_staple(self->ca.cert));
}

/* Of status_request_v2 alone (17) we could not serve anything. */
TEST_F(cert, must_staple_of_another_feature)
{
	struct forged made = forge_cert(&(struct forge_cert){
		.cn = "x", .issuer = &self->ca, .key = forge_ec(1),
		.tls_feature = "17" });

	EXPECT_FALSE(ocsp_cert_must_staple(made.cert));
	forge_free(&made);
	made = forge_cert(&(struct forge_cert){
		.cn = "x", .issuer = &self->ca, .key = forge_ec(1),
		.tls_feature = "17,5" });
	EXPECT_TRUE(ocsp_cert_must_staple(made.cert));
	forge_free(&made);
}

static char *subject_of(FIXTURE_DATA(cert) *t, const char *cn,
			const char *alt_name, bool ascii)
{
	struct forged made = forge_cert(&(struct forge_cert){
		.cn = cn, .issuer = &t->ca, .key = forge_ec(1),
		.alt_name = alt_name });
	char *subject = ocsp_cert_subject(made.cert, ascii);

	forge_free(&made);
	return subject;
}

TEST_F(cert, subject)
{
	static const struct {
		const char *cn, *alt_name, *ascii, *utf8;
	} all[] = {
		{ "x", NULL, "CN=x", "CN=x" },
		{ "a,b+c", NULL, "CN=a\\,b\\+c", "CN=a\\,b\\+c" },
		{ "\n\033\x7f", NULL, "CN=\\0A\\1B\\7F", "CN=\\0A\\1B\\7F" },
		{ "\xc3\xa9", NULL, "CN=\\C3\\A9", "CN=\xc3\xa9" },
		{ NULL, NULL, "(no subject)", "(no subject)" },
		{ NULL, "IP:1.2.3.4,DNS:a.b,DNS:c", "DNS:a.b", "DNS:a.b" },
		{ NULL, "IP:1.2.3.4", "(no subject)", "(no subject)" },
		{ NULL, "DNS:a\033b\n", "DNS:a\\1Bb", "DNS:a\\1Bb" },
	};
	char *text;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		text = subject_of(self, all[i].cn, all[i].alt_name, true);
		EXPECT_STREQ(all[i].ascii, text);
		free(text);
		text = subject_of(self, all[i].cn, all[i].alt_name, false);
		EXPECT_STREQ(all[i].utf8, text);
		free(text);
	}
}

/* A lack of memory that somebody else met is not ours, and stays his. */
TEST_F(cert, errors_of_others)
{
	static const unsigned char junk[] = "junk";
	STACK_OF(OPENSSL_STRING) *urls;

	ERR_raise(ERR_LIB_USER, ERR_R_MALLOC_FAILURE);
	EXPECT_EQ(NULL, ocsp_cert_decode(junk, sizeof(junk)));
	EXPECT_EQ(EINVAL, errno);
	urls = ocsp_cert_urls(self->leaf.cert);
	EXPECT_NE(NULL, urls);
	EXPECT_EQ(0, errno);
	X509_email_free(urls);
	EXPECT_EQ(ERR_R_MALLOC_FAILURE, ERR_GET_REASON(ERR_get_error()));
}

TEST_HARNESS_MAIN
