// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <windows.h>
#include <wincrypt.h>
#include <libocsp/ocsp.h>

#include "fake_store.h"

#define KEY_SIZE 32

struct fake_store fake_store = { .has_module = true };

/* A chain of one or two elements, of which only the number counts. */
struct fake_chain {
	CERT_CHAIN_CONTEXT context;
	CERT_SIMPLE_CHAIN simple, *simples;
	unsigned char key[KEY_SIZE];
};

PCCERT_CHAIN_CONTEXT OcspCreateCertificateChain(X509 *leaf,
						STACK_OF(X509) *others)
{
	struct fake_chain *c = calloc(1, sizeof(*c));

	X509_digest(leaf, EVP_sha256(), c->key, NULL);
	c->simple.cElement = sk_X509_num(others) > 0 ? 2 : 1;
	c->simples = &c->simple;
	c->context.cChain = 1;
	c->context.rgpChain = &c->simples;
	fake_store.chains++;
	return &c->context;
}

VOID WINAPI CertFreeCertificateChain(PCCERT_CHAIN_CONTEXT chain)
{
	if (!chain)
		return;
	free((void *)chain);
	fake_store.chains--;
}

HCERT_SERVER_OCSP_RESPONSE WINAPI
CertOpenServerOcspResponse(PCCERT_CHAIN_CONTEXT chain, DWORD flags,
			   PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA para)
{
	const struct fake_chain *c = (const struct fake_chain *)chain;
	unsigned char *handle;

	fake_store.attempts++;
	/* The library leaves errno and the queue of errors as it likes. */
	errno = EPERM;
	ERR_raise(ERR_LIB_USER, 1);
	usleep(fake_store.open_us);
	if (flags != CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG || para ||
	    fake_store.refuses ||
	    (fake_store.wants_issuer && c->simple.cElement < 2))
		return NULL;
	handle = malloc(KEY_SIZE);
	memcpy(handle, c->key, KEY_SIZE);
	fake_store.handles++;
	return handle;
}

VOID WINAPI CertCloseServerOcspResponse(HCERT_SERVER_OCSP_RESPONSE handle,
					DWORD flags)
{
	(void)flags;
	if (!handle)
		return;
	memset(handle, 0, KEY_SIZE);
	free(handle);
	fake_store.handles--;
}

PCCERT_SERVER_OCSP_RESPONSE_CONTEXT WINAPI
CertGetServerOcspResponseContext(HCERT_SERVER_OCSP_RESPONSE handle, DWORD flags,
				 LPVOID reserved)
{
	CERT_SERVER_OCSP_RESPONSE_CONTEXT *c;

	(void)flags;
	(void)reserved;
	errno = ENODATA;
	if (fake_store.is_empty)
		return NULL;
	c = calloc(1, sizeof(*c) + KEY_SIZE);
	c->pbEncodedOcspResponse = (BYTE *)(c + 1);
	c->cbEncodedOcspResponse = KEY_SIZE;
	memcpy(c + 1, handle, KEY_SIZE);
	fake_store.contexts++;
	return c;
}

VOID WINAPI
CertFreeServerOcspResponseContext(PCCERT_SERVER_OCSP_RESPONSE_CONTEXT context)
{
	free((void *)context);
	fake_store.contexts--;
}

int OcspGetResponseInfo(PCCERT_SERVER_OCSP_RESPONSE_CONTEXT context,
			OCSP_RESPONSE_INFO *info)
{
	(void)context;
	info->dwStatus = fake_store.is_revoked ? OCSP_STATUS_REVOKED : OCSP_STATUS_GOOD;
	return 1;
}

DWORD WINAPI GetLastError(VOID)
{
	return fake_store.is_empty ? CRYPT_E_REVOCATION_OFFLINE :
				     ERROR_ACCESS_DENIED;
}

/* Numbers in it do not make a reason another one. */
const char *OcspGetLastErrorMessage(void)
{
	static __thread char text[64];
	static atomic_uint calls;

	snprintf(text, sizeof(text), "%s, for %u seconds",
		 fake_store.is_empty ? "nothing is there" : "it is refused",
		 ++calls);
	return text;
}

int access(const char *path, int mode)
{
	if (!strcmp(path, "/sys/module/ktls_ocsp") ||
	    !strcmp(path, "/proc/sys/net/ktls_ocsp"))
		return fake_store.has_module ? 0 : -1;
	if (!strcmp(path, "/sys/module") || !strcmp(path, "/proc/sys/net"))
		return 0;
	return faccessat(AT_FDCWD, path, mode, 0);
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int rc = syscall(SYS_clock_gettime, clock, ts);

	ts->tv_sec += fake_store.ahead / 1000;
	ts->tv_nsec += fake_store.ahead % 1000 * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_nsec -= 1000000000;
		ts->tv_sec++;
	}
	return rc;
}
