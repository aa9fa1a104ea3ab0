/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What the tests of libocsp against a store share: an empty store in a
 * network namespace of its own, and who writes to it. Included once in each
 * program, for the harness keeps its tests in static lists.
 */
#ifndef STORE_TEST_H
#define STORE_TEST_H

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <libocsp/ocsp.h>
#include <wincrypt.h>

#include "ktest.h"
#include "pki.h"
#if defined(STANDIN) || defined(STANDIN_PROGRAM)
#include "standin.h"
#include "standin_local.h"
#endif
#include "kselftest_harness.h"

#define ASYNC	CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG
#define BLOB	200

/* What an OCSP_ERROR has: the code, and a text with the word in it. */
#define expect_told(error, code, word)					\
	do {								\
		EXPECT_EQ((DWORD)(code), (error).dwCode);		\
		EXPECT_NE(NULL, strstr((error).szMessage, word))	\
			TH_LOG("text: %s", (error).szMessage);		\
	} while (0)

/* Of this process, and two entries and the descriptor that counting takes. */
static inline int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	closedir(dir);
	return n;
}

#ifdef STANDIN_PROGRAM

/* Runs for as long as this process, the test; returns when the store is there. */
static inline void run_standin(void)
{
	int fds[2];
	pid_t pid;
	char c;

	if (pipe(fds))
		abort();
	pid = fork();
	if (pid < 0)
		abort();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], STDOUT_FILENO);
		close_range(STDERR_FILENO + 1, ~0U, 0);
		execl("../lib/standin/standin", "standin", "run", NULL);
		_exit(127);
	}
	close(fds[1]);
	/* It ends, or closes its output. */
	if (read(fds[0], &c, 1))
		abort();
	close(fds[0]);
}

#endif

/* A limit of the store, by the name of its sysctl. 0 or a negative errno. */
static inline int set_limit(const char *name, unsigned int value)
{
#if defined(STANDIN) || defined(STANDIN_PROGRAM)
	return standin_limit(name, value);
#else
	return kt_sysctl(name, value);
#endif
}

/*
 * For a fixture's setup: enter a netns of one's own, whose store is empty, and
 * connect a client to it. With STANDIN defined, the store is a stand-in in this
 * process; with STANDIN_PROGRAM, one in a process of its own, which knows this
 * process and its children apart. Returns why a test is to be skipped, or NULL.
 */
static inline const char *enter_new_store(struct ocsp_client **client)
{
	int rc;

#ifdef STANDIN
	if (standin_local_load())
		abort();
#else
	if (geteuid())
		return "needs root";
	kt_new_netns();
#endif
#ifdef STANDIN_PROGRAM
	run_standin();
#endif
	rc = ocsp_client_new(client);
	if (rc == -ENOENT)
		return ocsp_client_error(*client);
	if (rc) {
		fprintf(stderr, "# no store: %s\n", ocsp_client_error(*client));
		abort();
	}
	return NULL;
}

/* An empty store in a netns of its own, and whoever writes to it. */
FIXTURE(store) {
	struct ocsp_client *client;
	struct pki pki;
	PCCERT_CHAIN_CONTEXT chain;
	uint64_t seed;
};

FIXTURE_SETUP(store)
{
	const char *reason = enter_new_store(&self->client);

	if (reason)
		SKIP(return, "%s", reason);
	pki_new(&self->pki, 0x10, PKI_URL, 0);
	self->chain = pki_chain(&self->pki);
}

FIXTURE_TEARDOWN(store)
{
	if (!self->chain)
		return;
	CertFreeCertificateChain(self->chain);
	pki_free(&self->pki);
	ocsp_client_free(self->client);
}

/* Store a blob that proves itself (kt_blob_ok), and is not the one before. */
static inline int set_for(FIXTURE_DATA(store) *self, const struct pki *pki,
			  enum ktls_ocsp_cert_status status, long seconds)
{
	uint8_t blob[BLOB];

	kt_blob(blob, sizeof(blob), ++self->seed);
	return pki_set(self->client, pki, blob, sizeof(blob), status, seconds);
}

static inline int set_good(FIXTURE_DATA(store) *self)
{
	return set_for(self, &self->pki, KTLS_OCSP_CERT_STATUS_GOOD, PKI_DAY);
}

/* A handle on the response, which is stored first; NULL: that did not work. */
static inline HCERT_SERVER_OCSP_RESPONSE open_good(FIXTURE_DATA(store) *self)
{
	if (set_good(self))
		return NULL;
	return CertOpenServerOcspResponse(self->chain, 0, NULL);
}

/* How many sessions hold the response; -1: there is none. */
static inline int handles(FIXTURE_DATA(store) *self)
{
	struct ocsp_name name = OCSP_NAME_INIT;
	struct ocsp_entry r;
	int rc;

	name.key = self->pki.key;
	rc = ocsp_client_get(self->client, &name, 0, &r);
	return rc ? -1 : (int)r.handles;
}

/* Wait until so many sessions hold it: a dead process takes its time. */
static inline bool handles_become(FIXTURE_DATA(store) *self, int n)
{
	int tries;

	for (tries = 0; tries < 200; tries++) {
		if (handles(self) == n)
			return true;
		kt_sleep_ms(20);
	}
	return false;
}

/* Get, check by the blob's own hash, free. */
static inline bool get_is_ok(HCERT_SERVER_OCSP_RESPONSE h)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT c;
	bool ok;

	c = CertGetServerOcspResponseContext(h, 0, NULL);
	if (!c)
		return false;
	ok = c->cbSize == sizeof(*c) &&
	     kt_blob_ok(c->pbEncodedOcspResponse, c->cbEncodedOcspResponse);
	CertFreeServerOcspResponseContext(c);
	return ok;
}

/* A Get that fails with that code, and a text that has word in it. */
#define expect_no_context(h, code, word)				\
	do {								\
		SetLastError(0);					\
		EXPECT_EQ(NULL, CertGetServerOcspResponseContext(h, 0, NULL)); \
		EXPECT_EQ((DWORD)(code), GetLastError());		\
		EXPECT_NE(NULL, strstr(OcspGetLastErrorMessage(), word)) \
			TH_LOG("text: %s", OcspGetLastErrorMessage());	\
	} while (0)

#define expect_offline(h, word) \
	expect_no_context(h, CRYPT_E_REVOCATION_OFFLINE, word)

/* A callback that counts its calls; arg is the atomic_int. */
static inline VOID CALLBACK
count_update(PCCERT_CHAIN_CONTEXT chain,
	     PCCERT_SERVER_OCSP_RESPONSE_CONTEXT context, PCCRL_CONTEXT new_crl,
	     PCCRL_CONTEXT previous_crl, PVOID arg, DWORD write_error)
{
	(void)chain;
	(void)context;
	(void)new_crl;
	(void)previous_crl;
	(void)write_error;
	atomic_fetch_add((atomic_int *)arg, 1);
}

#endif /* STORE_TEST_H */
