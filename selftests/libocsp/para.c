// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * libocsp against a store: what CERT_SERVER_OCSP_RESPONSE_OPEN_PARA brings, the
 * update callback and the directory.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <openssl/err.h>
#include <openssl/sha.h>

#include "store_test.h"

/* Seconds that the clocks of this process are ahead */
static long ahead;

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int rc = syscall(SYS_clock_gettime, clock, ts);

	ts->tv_sec += ahead;
	return rc;
}

time_t time(time_t *now)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (now)
		*now = ts.tv_sec;
	return ts.tv_sec;
}

/* What the update callback saw. */
struct seen {
	HCERT_SERVER_OCSP_RESPONSE h;
	bool get_inside;		/* Get worked in the callback */
	bool close_inside;		/* it shall close the handle */
	uint64_t next_update;
	DWORD write_error;
	atomic_int calls;		/* last, so that the others are seen */
};

/* Wait until it was called so often: that is another thread's. */
static bool calls_become(struct seen *seen, int n)
{
	int tries;

	for (tries = 0; tries < 500 && atomic_load(&seen->calls) < n; tries++)
		kt_sleep_ms(20);
	return atomic_load(&seen->calls) == n;
}

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
	seen->write_error = write_error;
	seen->next_update = (uint64_t)ft.dwHighDateTime << 32 |
			    ft.dwLowDateTime;
	if (seen->h)
		seen->get_inside = get_is_ok(seen->h);
	if (seen->h && seen->close_inside)
		CertCloseServerOcspResponse(seen->h, 0);
	atomic_fetch_add(&seen->calls, 1);
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
	EXPECT_TRUE(calls_become(&seen, 1));
	EXPECT_TRUE(seen.get_inside);
	next = (int64_t)(seen.next_update / 10000000) - 11644473600LL;
	EXPECT_LT(kt_now() + PKI_DAY - 60, next);
	EXPECT_GT(kt_now() + PKI_DAY + 60, next);

	/* One that is not time valid is told as well. */
	ASSERT_EQ(0, set_for(self, &self->pki, 0, 100));
	EXPECT_FALSE(get_is_ok(seen.h));
	EXPECT_TRUE(calls_become(&seen, 2));

	/* From then on the handle is closed, at any time. */
	seen.close_inside = true;
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(calls_become(&seen, 3));
	EXPECT_TRUE(handles_become(self, 0));
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

/* A program that only waits to be told: a thread does, which is its own. */
TEST_F(store, callback_without_a_get)
{
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para = { .cbSize = sizeof(para) };
	HCERT_SERVER_OCSP_RESPONSE h;
	struct seen seen = { 0 };
	int i;

	para.pfnUpdateCallback = on_update;
	para.pvUpdateCallbackArg = &seen;
	h = CertOpenServerOcspResponse(self->chain, ASYNC, &para);
	ASSERT_NE(NULL, h);
	for (i = 1; i <= 3; i++) {
		ASSERT_EQ(0, set_good(self));
		EXPECT_TRUE(calls_become(&seen, i));
	}
	CertCloseServerOcspResponse(h, 0);
	/* Nobody is called behind its back. */
	ASSERT_EQ(0, set_good(self));
	kt_sleep_ms(2000);
	EXPECT_EQ(3, atomic_load(&seen.calls));
}

static int count_threads(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[128];
	int n = 0;

	while (fgets(line, sizeof(line), f))
		sscanf(line, "Threads: %d", &n);
	fclose(f);
	return n;
}

static bool threads_become(int n)
{
	int tries;

	for (tries = 0; tries < 200 && count_threads() != n; tries++)
		kt_sleep_ms(20);
	return count_threads() == n;
}

static void *end_at_once(void *arg)
{
	return arg;
}

TEST_F(store, thread_is_there_when_it_is_asked_for)
{
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para = { .cbSize = sizeof(para) };
	HCERT_SERVER_OCSP_RESPONSE plain, h;
	struct seen seen = { 0 };
	pthread_t first;
	int before;

	/* With the first, a sanitizer starts one of its own. */
	ASSERT_EQ(0, pthread_create(&first, NULL, end_at_once, NULL));
	pthread_join(first, NULL);
	plain = CertOpenServerOcspResponse(self->chain, ASYNC, NULL);
	ASSERT_NE(NULL, plain);
	before = count_threads();
	para.pfnUpdateCallback = on_update;
	para.pvUpdateCallbackArg = &seen;
	h = CertOpenServerOcspResponse(self->chain, ASYNC, &para);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(before + 1, count_threads());
	CertCloseServerOcspResponse(h, 0);
	EXPECT_TRUE(threads_become(before));
	h = CertOpenServerOcspResponse(self->chain, ASYNC, &para);
	EXPECT_TRUE(threads_become(before + 1));

	/* The application takes it over. */
	OcspDispatchUpdates();
	EXPECT_TRUE(threads_become(before));
	ASSERT_EQ(0, set_good(self));
	EXPECT_TRUE(get_is_ok(h));
	kt_sleep_ms(1500);
	EXPECT_EQ(0, atomic_load(&seen.calls));
	OcspDispatchUpdates();
	EXPECT_EQ(1, atomic_load(&seen.calls));
	EXPECT_EQ(before, count_threads());
	CertCloseServerOcspResponse(h, 0);
	CertCloseServerOcspResponse(plain, 0);
}

/* Many see new responses at once; the last that is told is the newest. */

#define TELLERS	4

struct order {
	HCERT_SERVER_OCSP_RESPONSE h;
	atomic_bool stop;
	atomic_int inside, overlaps;
	uint8_t last[BLOB];
};

static VOID CALLBACK on_update_slowly(PCCERT_CHAIN_CONTEXT chain,
				      PCCERT_SERVER_OCSP_RESPONSE_CONTEXT context,
				      PCCRL_CONTEXT new_crl,
				      PCCRL_CONTEXT previous_crl, PVOID arg,
				      DWORD write_error)
{
	struct order *order = arg;

	(void)chain;
	(void)new_crl;
	(void)previous_crl;
	(void)write_error;
	if (atomic_fetch_add(&order->inside, 1))
		atomic_fetch_add(&order->overlaps, 1);
	kt_sleep_ms(20);
	memcpy(order->last, context->pbEncodedOcspResponse, BLOB);
	atomic_fetch_sub(&order->inside, 1);
}

static void *dispatch(void *arg)
{
	struct order *order = arg;

	while (!atomic_load(&order->stop)) {
		get_is_ok(order->h);
		OcspDispatchUpdates();
	}
	return NULL;
}

TEST_F_TIMEOUT(store, callbacks_come_in_order, 120)
{
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para = { .cbSize = sizeof(para) };
	struct order order = { 0 };
	pthread_t threads[TELLERS];
	uint8_t newest[BLOB];
	int i;

	para.pfnUpdateCallback = on_update_slowly;
	para.pvUpdateCallbackArg = &order;
	order.h = CertOpenServerOcspResponse(self->chain, ASYNC, &para);
	ASSERT_NE(NULL, order.h);
	for (i = 0; i < TELLERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, dispatch, &order));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, set_good(self));
		kt_sleep_ms(7);
	}
	kt_sleep_ms(500);
	atomic_store(&order.stop, true);
	for (i = 0; i < TELLERS; i++)
		pthread_join(threads[i], NULL);
	OcspDispatchUpdates();
	kt_blob(newest, sizeof(newest), self->seed);
	EXPECT_EQ(0, memcmp(newest, order.last, BLOB));
	EXPECT_EQ(0, atomic_load(&order.overlaps));
	CertCloseServerOcspResponse(order.h, 0);
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
		OcspDispatchUpdates();
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
		OcspDispatchUpdates();					\
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

static size_t read_file(const char *path, unsigned char *data, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(data, 1, size, f) : 0;

	if (f)
		fclose(f);
	return n;
}

/* The library's thread writes it. */
static bool length_becomes(const char *path, size_t len)
{
	unsigned char data[8192];
	int tries;

	for (tries = 0; tries < 500; tries++) {
		if (read_file(path, data, sizeof(data)) == len)
			return true;
		kt_sleep_ms(20);
	}
	return false;
}

/* What a file has that is newer stays, also when a handle is opened. */
TEST_F(directory, write_does_not_go_back)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	unsigned char *der, data[8192];
	size_t len;

	self->para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG;
	der = pki_response(&self->store.pki, V_OCSP_CERTSTATUS_REVOKED, 60,
			   PKI_DAY, &len);
	write_file(self->file, der, len);
	ASSERT_EQ(0, set_good(&self->store));
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(len, read_file(self->file, data, sizeof(data)));
	EXPECT_EQ(0, memcmp(der, data, len));
	CertCloseServerOcspResponse(h, 0);
	free(der);

	/* An older one does not. */
	der = pki_response(&self->store.pki, V_OCSP_CERTSTATUS_REVOKED, -60,
			   PKI_DAY, &len);
	write_file(self->file, der, len);
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	EXPECT_TRUE(length_becomes(self->file, BLOB));
	CertCloseServerOcspResponse(h, 0);
	free(der);
}

/*
 * Who writes compares and replaces with the directory locked: threads, processes
 * and PID namespaces may meet there. What one that died has left is in nobody's way.
 */
TEST_F(directory, write_waits_for_the_lock)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	unsigned char data[8192];
	char temp[sizeof(self->file) + 8];
	int dir;

	snprintf(temp, sizeof(temp), "%s.tmp", self->file);
	write_file(temp, "left", 4);
	self->para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG;
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	dir = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, dir);
	ASSERT_EQ(0, flock(dir, LOCK_EX));
	ASSERT_EQ(0, set_good(&self->store));
	EXPECT_TRUE(get_is_ok(h));
	/* The library's thread is at it. */
	kt_sleep_ms(400);
	EXPECT_EQ(0, read_file(self->file, data, sizeof(data)));
	EXPECT_EQ(4, read_file(temp, data, sizeof(data)));
	close(dir);
	EXPECT_TRUE(length_becomes(self->file, BLOB));
	EXPECT_EQ(0, read_file(temp, data, sizeof(data)));
	CertCloseServerOcspResponse(h, 0);
}

static void put_response(FIXTURE_DATA(directory) *self, int status, long from,
			 long to)
{
	unsigned char *der;
	size_t len;

	der = pki_response(&self->store.pki, status, from, to, &len);
	write_file(self->file, der, len);
	free(der);
}

static void until_it_is_read_again(void)
{
	kt_sleep_ms(1000 * CERT_SRV_OCSP_RESP_MIN_SYNC_CERT_FILE_SECONDS_DEFAULT
		    + 1100);
}

static int stapled_len(HCERT_SERVER_OCSP_RESPONSE h)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;
	int len;

	c = CertGetServerOcspResponseContext(h, 0, NULL);
	len = c ? (int)c->cbEncodedOcspResponse : 0;
	CertFreeServerOcspResponseContext(c);
	return len;
}

/* Revoked stays revoked, in the file and in the store, and after it is over. */
TEST_F_TIMEOUT(directory, read_does_not_go_back, 120)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	int revoked;

	self->para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG;
	put_response(self, V_OCSP_CERTSTATUS_REVOKED, -60, PKI_DAY);
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	revoked = stapled_len(h);
	EXPECT_LT(0, revoked);
	put_response(self, V_OCSP_CERTSTATUS_GOOD, -3600, PKI_DAY);
	until_it_is_read_again();
	EXPECT_EQ(revoked, stapled_len(h));
	/* One that the responder does not know is no news either. */
	put_response(self, V_OCSP_CERTSTATUS_UNKNOWN, -10, PKI_DAY);
	until_it_is_read_again();
	EXPECT_EQ(revoked, stapled_len(h));
	put_response(self, V_OCSP_CERTSTATUS_GOOD, -5, PKI_DAY);
	until_it_is_read_again();
	EXPECT_LT(0, stapled_len(h));
	EXPECT_NE(revoked, stapled_len(h));
	CertCloseServerOcspResponse(h, 0);

	ASSERT_EQ(0, set_limit("min_validity", 0));
	put_response(self, V_OCSP_CERTSTATUS_GOOD, -3600, PKI_DAY);
	ASSERT_EQ(0, set_for(&self->store, &self->store.pki,
			     KTLS_OCSP_CERT_STATUS_REVOKED, 3));
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(BLOB, stapled_len(h));
	kt_sleep_ms(4100);
	EXPECT_EQ(0, stapled_len(h));
	CertCloseServerOcspResponse(h, 0);
	/* Who comes then has not seen it, and is told of it by the store. */
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(0, stapled_len(h));
	CertCloseServerOcspResponse(h, 0);
}

/* Nobody is told of a handle that the application does not get. */
TEST_F(directory, open_that_fails_tells_nothing)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	struct seen seen = { 0 };

	self->para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG;
	self->para.pfnUpdateCallback = on_update;
	self->para.pvUpdateCallbackArg = &seen;
	put_response(self, V_OCSP_CERTSTATUS_GOOD, -60, PKI_DAY);
	ASSERT_EQ(0, set_good(&self->store));
	ASSERT_EQ(0, set_limit("max_handles", 0));
	/* It looks for a file before it waits. */
	EXPECT_EQ(NULL, CertOpenServerOcspResponse(self->store.chain, 0,
						   &self->para));
	EXPECT_EQ(ERROR_NO_SYSTEM_RESOURCES, GetLastError());
	kt_sleep_ms(1200);
	EXPECT_EQ(0, atomic_load(&seen.calls));
	/* One that is there is told. */
	ASSERT_EQ(0, set_limit("max_handles", 100));
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	EXPECT_LT(0, atomic_load(&seen.calls));
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

/* One that did not change is not read, let alone verified, for a handshake. */
TEST_F(directory, read_once)
{
	HCERT_SERVER_OCSP_RESPONSE h;
	char events[1024];
	int inotify;

	self->para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG;
	put_response(self, V_OCSP_CERTSTATUS_GOOD, -3600, PKI_DAY);
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	EXPECT_LT(0, stapled_len(h));
	inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	ASSERT_LE(0, inotify_add_watch(inotify, self->file, IN_OPEN));
	ahead = 100;
	EXPECT_LT(0, stapled_len(h));
	EXPECT_EQ(-1, read(inotify, events, sizeof(events)));
	EXPECT_EQ(EAGAIN, errno);
	close(inotify);
	put_response(self, V_OCSP_CERTSTATUS_REVOKED, -60, PKI_DAY);
	ahead = 200;
	EXPECT_LT(0, stapled_len(h));
	CertCloseServerOcspResponse(h, 0);
}

/* What is refused for the time may do later, however seldom a handshake asks. */
TEST_F(directory, refused_is_read_again)
{
	HCERT_SERVER_OCSP_RESPONSE h;

	self->para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG;
	put_response(self, V_OCSP_CERTSTATUS_GOOD,
		     KTLS_OCSP_CLOCK_TOLERANCE + 30, PKI_DAY);
	h = CertOpenServerOcspResponse(self->store.chain, ASYNC, &self->para);
	ASSERT_NE(NULL, h);
	expect_offline(h, self->file);
	for (ahead = 31; ahead < 50; ahead += 7)
		expect_offline(h, self->file);
	ahead = 70;
	EXPECT_LT(0, stapled_len(h));
	CertCloseServerOcspResponse(h, 0);
}

TEST_HARNESS_MAIN
