// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libocsp against a store: what CERT_SERVER_OCSP_RESPONSE_OPEN_PARA brings, the
 * update callback and the directory.
 */
#include <sched.h>
#include <stddef.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/sha.h>

#include "store_test.h"

/* What the update callback saw. */
struct seen {
	HCERT_SERVER_OCSP_RESPONSE h;
	int calls;
	bool get_inside;		/* Get worked in the callback */
	bool close_inside;		/* it shall close the handle */
	uint64_t next_update;
	DWORD write_error;
};

static VOID CALLBACK on_update(PCCERT_CHAIN_CONTEXT chain,
			       PCCERT_SERVER_OCSP_RESPONSE_CONTEXT context,
			       PCCRL_CONTEXT new_crl, PCCRL_CONTEXT previous_crl,
			       PVOID arg, DWORD write_error)
{
	struct seen *seen = arg;
	FILETIME ft = new_crl->pCrlInfo->NextUpdate;

	(void)chain;
	(void)context;
	(void)previous_crl;
	seen->calls++;
	seen->write_error = write_error;
	seen->next_update = (uint64_t)ft.dwHighDateTime << 32 |
			    ft.dwLowDateTime;
	if (seen->h)
		seen->get_inside = get_is_ok(seen->h);
	if (seen->h && seen->close_inside)
		CertCloseServerOcspResponse(seen->h, 0);
}

TEST_F(store, callback_may_use_the_api)
{
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para = { .cbSize = sizeof(para) };
	struct seen seen = { 0 };
	int64_t next;

	para.pfnUpdateCallback = on_update;
	para.pvUpdateCallbackArg = &seen;
	seen.h = CertOpenServerOcspResponse(self->chain, ASYNC, &para);
	ASSERT_NE(NULL, seen.h);
	EXPECT_EQ(0, seen.calls);
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(seen.h));
	EXPECT_EQ(1, seen.calls);
	EXPECT_TRUE(seen.get_inside);
	next = (int64_t)(seen.next_update / 10000000) - 11644473600LL;
	EXPECT_LT(kt_now() + PKI_DAY - 60, next);
	EXPECT_GT(kt_now() + PKI_DAY + 60, next);

	/* One that is not time valid is told as well. */
	ASSERT_EQ(0, set_for(self, &self->pki, 0, 100));
	EXPECT_FALSE(get_is_ok(seen.h));
	EXPECT_EQ(2, seen.calls);

	seen.close_inside = true;
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(seen.h));
	EXPECT_EQ(3, seen.calls);
	EXPECT_EQ(0, handles(self));
}

TEST_F(store, shorter_para)
{
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para = { 0 };
	HCERT_SERVER_OCSP_RESPONSE h;
	DWORD used = 0;

	para.cbSize = offsetof(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA,
			       pfnUpdateCallback);
	para.pcbUsedSize = &used;
	para.pfnUpdateCallback = (void *)1;	/* not ours to see */
	ASSERT_EQ(0, set_good(self));
	h = CertOpenServerOcspResponse(self->chain, 0, &para);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(para.cbSize, used);
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
}

/* The directory. */

FIXTURE(directory) {
	char path[40];
	WCHAR wide[40];
	char file[128];			/* by the SHA-1, upper case */
	char lower[128];
	FIXTURE_DATA(store) store;
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para;
};

FIXTURE_SETUP(directory)
{
	struct __test_metadata *metadata = _metadata;
	const uint8_t *der;
	uint8_t sha1[20];
	size_t i;
	int len;

	store_setup(metadata, &self->store, NULL);
	if (!self->store.chain)
		return;
	/* A name with a character of each length in UTF-8. */
	strcpy(self->path, "/tmp/ocsp-\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x92-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->path));
	memcpy(self->wide, u"/tmp/ocsp-\u00e9\u20ac\U0001f512-",
	       sizeof(u"/tmp/ocsp-\u00e9\u20ac\U0001f512-"));
	for (i = 0; self->wide[i]; i++)
		;
	for (len = 0; len < 6; len++)
		self->wide[i + len] = (unsigned char)
			self->path[strlen(self->path) - 6 + len];
	der = self->store.chain->rgpChain[0]->rgpElement[0]
		->pCertContext->pbCertEncoded;
	SHA1(der, self->store.chain->rgpChain[0]->rgpElement[0]
	     ->pCertContext->cbCertEncoded, sha1);
	len = sprintf(self->file, "%s/", self->path);
	strcpy(self->lower, self->file);
	for (i = 0; i < sizeof(sha1); i++) {
		sprintf(self->file + len + 2 * i, "%02X", sha1[i]);
		sprintf(self->lower + len + 2 * i, "%02x", sha1[i]);
	}
	strcat(self->file, ".ocsp");
	strcat(self->lower, ".ocsp");
	self->para.cbSize = sizeof(self->para);
	self->para.pwszOcspDirectory = self->wide;
}

FIXTURE_TEARDOWN(directory)
{
	if (!self->store.chain)
		return;
	EXPECT_EQ(0, ERR_peek_error());
	kt_remove_tree(self->path);
	store_teardown(_metadata, &self->store, NULL);
}

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		abort();
}

TEST_F(directory, write)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	uint8_t data[BLOB + 1], before[BLOB];
	struct stat st;
	FILE *f;
	int i;

	self->para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG;
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	EXPECT_NE(0, stat(self->file, &st));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, set_good(&self->store));
		EXPECT_TRUE(get_is_ok(h));
		f = fopen(self->file, "r");
		ASSERT_NE(NULL, f);
		EXPECT_EQ(BLOB, fread(data, 1, sizeof(data), f));
		fclose(f);
		EXPECT_TRUE(kt_blob_ok(data, BLOB));
		EXPECT_TRUE(!i || memcmp(data, before, BLOB));
		memcpy(before, data, BLOB);
	}
	CertCloseServerOcspResponse(h, 0);

	/* Nothing else is left behind: the directory can go with its file. */
	EXPECT_EQ(0, unlink(self->file));
	EXPECT_EQ(0, rmdir(self->path));
}

/* Under valgrind the file is made, and then its descriptor refused. */
#ifdef OCSP_PLAIN_MALLOC
#define LIMITS_DESCRIPTORS	false
#else
#define LIMITS_DESCRIPTORS	true
#endif

/* The next response is served all the same, and the callback told why. */
#define expect_write_error(expected)					\
	do {								\
		seen.write_error = ~0u;					\
		ASSERT_EQ(0, set_good(&self->store));			\
		EXPECT_TRUE(get_is_ok(h));				\
		EXPECT_EQ(expected, seen.write_error);			\
	} while (0)

TEST_F(directory, write_fails)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct rlimit files, none;
	struct seen seen = { 0 };
	char ballast[64];

	self->para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG;
	self->para.pfnUpdateCallback = on_update;
	self->para.pvUpdateCallbackArg = &seen;
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	expect_write_error(0);

	/* Of this thread alone, and of files alone */
	setfsuid(KT_NOBODY);
	expect_write_error(ERROR_ACCESS_DENIED);
	setfsuid(0);

	if (LIMITS_DESCRIPTORS) {
		ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &files));
		none = files;
		none.rlim_cur = 0;
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
		expect_write_error(ERROR_TOO_MANY_OPEN_FILES);
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	}

	/* No file can take the place of a directory. */
	ASSERT_EQ(0, unlink(self->file));
	ASSERT_EQ(0, mkdir(self->file, 0755));
	expect_write_error(ERROR_WRITE_FAULT);
	ASSERT_EQ(0, rmdir(self->file));

	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("none", "/", "", MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("none", self->path, "tmpfs", MS_RDONLY, NULL));
	expect_write_error(ERROR_WRITE_PROTECT);
	ASSERT_EQ(0, umount(self->path));

	ASSERT_EQ(0, mount("none", self->path, "tmpfs", 0, "size=4k"));
	snprintf(ballast, sizeof(ballast), "%s/ballast", self->path);
	write_file(ballast, "x", 1);
	expect_write_error(ERROR_DISK_FULL);
	ASSERT_EQ(0, umount(self->path));

	/* Nothing was left behind by those that failed. */
	expect_write_error(0);
	EXPECT_EQ(0, unlink(self->file));
	EXPECT_EQ(0, rmdir(self->path));
	expect_write_error(ERROR_PATH_NOT_FOUND);
	CertCloseServerOcspResponse(h, 0);
}

TEST_F(directory, read_until_the_store_has_a_newer_one)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;
	HCERT_SERVER_OCSP_RESPONSE h;
	unsigned char *der;
	size_t len;

	der = pki_response(&self->store.pki, V_OCSP_CERTSTATUS_GOOD, -3600,
			   PKI_DAY, &len);
	write_file(self->lower, der, len);
	self->para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG;
	h = CertOpenServerOcspResponse(self->store.chain, 0, &self->para);
	ASSERT_NE(NULL, h);
	c = CertGetServerOcspResponseContext(h, 0, NULL);
	ASSERT_NE(NULL, c)
		TH_LOG("%s", OcspGetLastErrorMessage());
	EXPECT_EQ(len, c->cbEncodedOcspResponse);
	EXPECT_EQ(0, memcmp(der, c->pbEncodedOcspResponse, len));
	CertFreeServerOcspResponseContext(c);
	free(der);

	ASSERT_EQ(0, set_good(&self->store));
	EXPECT_TRUE(get_is_ok(h));
	CertCloseServerOcspResponse(h, 0);
}

/* What is not a response for this certificate is told, and not used. */
TEST_F(directory, read_refuses)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	unsigned char *der;
	struct pki other;
	size_t len;

	self->para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG;

	write_file(self->file, "garbage", 7);
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	expect_offline(h, self->file);
	CertCloseServerOcspResponse(h, 0);

	pki_new(&other, 0x11, PKI_URL, 0);
	der = pki_response(&other, V_OCSP_CERTSTATUS_GOOD, -3600, PKI_DAY,
			   &len);
	write_file(self->file, der, len);
	free(der);
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	expect_offline(h, self->file);
	CertCloseServerOcspResponse(h, 0);
	pki_free(&other);
}

/* The file is looked for again, but not for each handshake. */
TEST_F(directory, read_again)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;
	HCERT_SERVER_OCSP_RESPONSE h;
	unsigned char *der;
	size_t len;

	self->para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG;
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	expect_offline(h, "no response yet");
	der = pki_response(&self->store.pki, V_OCSP_CERTSTATUS_GOOD, -3600,
			   PKI_DAY, &len);
	write_file(self->file, der, len);
	free(der);
	kt_sleep_ms(1000 * CERT_SRV_OCSP_RESP_MIN_SYNC_CERT_FILE_SECONDS_DEFAULT
		    + 1000);
	c = CertGetServerOcspResponseContext(h, 0, NULL);
	EXPECT_NE(NULL, c);
	CertFreeServerOcspResponseContext(c);
	CertCloseServerOcspResponse(h, 0);
}

TEST_HARNESS_MAIN
