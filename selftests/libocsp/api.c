// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The server OCSP response API, from a source that knows no system: it is
 * compiled against libocsp on Linux, and against Windows' own header and
 * crypt32 with mingw-w64. That is what source compatible means here.
 *
 * It prints TAP by itself, for the kernel's harness is not portable.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <windows.h>
#include <wincrypt.h>

#include "api_os.h"

/* Layouts, for pointers of 8 bytes, as Windows' header makes them. */
#define SIZE_IS(type, size) \
	_Static_assert(sizeof(type) == (size), #type " has a size of its own")
#define OFFSET_IS(type, member, offset) \
	_Static_assert(offsetof(type, member) == (offset), \
		       #type "." #member " is elsewhere")

SIZE_IS(void *, 8);
SIZE_IS(BYTE, 1);
SIZE_IS(WCHAR, 2);
SIZE_IS(DWORD, 4);
SIZE_IS(LONG, 4);
SIZE_IS(BOOL, 4);
SIZE_IS(GUID, 16);
SIZE_IS(FILETIME, 8);

SIZE_IS(CERT_SERVER_OCSP_RESPONSE_CONTEXT, 24);
OFFSET_IS(CERT_SERVER_OCSP_RESPONSE_CONTEXT, cbSize, 0);
OFFSET_IS(CERT_SERVER_OCSP_RESPONSE_CONTEXT, pbEncodedOcspResponse, 8);
OFFSET_IS(CERT_SERVER_OCSP_RESPONSE_CONTEXT, cbEncodedOcspResponse, 16);

SIZE_IS(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA, 40);
OFFSET_IS(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA, cbSize, 0);
OFFSET_IS(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA, dwFlags, 4);
OFFSET_IS(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA, pcbUsedSize, 8);
OFFSET_IS(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA, pwszOcspDirectory, 16);
OFFSET_IS(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA, pfnUpdateCallback, 24);
OFFSET_IS(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA, pvUpdateCallbackArg, 32);

SIZE_IS(CERT_TRUST_STATUS, 8);
SIZE_IS(CERT_CHAIN_CONTEXT, 72);
OFFSET_IS(CERT_CHAIN_CONTEXT, TrustStatus, 4);
OFFSET_IS(CERT_CHAIN_CONTEXT, cChain, 12);
OFFSET_IS(CERT_CHAIN_CONTEXT, rgpChain, 16);
OFFSET_IS(CERT_CHAIN_CONTEXT, cLowerQualityChainContext, 24);
OFFSET_IS(CERT_CHAIN_CONTEXT, rgpLowerQualityChainContext, 32);
OFFSET_IS(CERT_CHAIN_CONTEXT, fHasRevocationFreshnessTime, 40);
OFFSET_IS(CERT_CHAIN_CONTEXT, dwRevocationFreshnessTime, 44);
OFFSET_IS(CERT_CHAIN_CONTEXT, dwCreateFlags, 48);
OFFSET_IS(CERT_CHAIN_CONTEXT, ChainId, 52);

SIZE_IS(CERT_SIMPLE_CHAIN, 40);
OFFSET_IS(CERT_SIMPLE_CHAIN, TrustStatus, 4);
OFFSET_IS(CERT_SIMPLE_CHAIN, cElement, 12);
OFFSET_IS(CERT_SIMPLE_CHAIN, rgpElement, 16);
OFFSET_IS(CERT_SIMPLE_CHAIN, pTrustListInfo, 24);
OFFSET_IS(CERT_SIMPLE_CHAIN, fHasRevocationFreshnessTime, 32);
OFFSET_IS(CERT_SIMPLE_CHAIN, dwRevocationFreshnessTime, 36);

SIZE_IS(CERT_CHAIN_ELEMENT, 56);
OFFSET_IS(CERT_CHAIN_ELEMENT, pCertContext, 8);
OFFSET_IS(CERT_CHAIN_ELEMENT, TrustStatus, 16);
OFFSET_IS(CERT_CHAIN_ELEMENT, pRevocationInfo, 24);
OFFSET_IS(CERT_CHAIN_ELEMENT, pIssuanceUsage, 32);
OFFSET_IS(CERT_CHAIN_ELEMENT, pApplicationUsage, 40);
OFFSET_IS(CERT_CHAIN_ELEMENT, pwszExtendedErrorInfo, 48);

SIZE_IS(CERT_CONTEXT, 40);
OFFSET_IS(CERT_CONTEXT, dwCertEncodingType, 0);
OFFSET_IS(CERT_CONTEXT, pbCertEncoded, 8);
OFFSET_IS(CERT_CONTEXT, cbCertEncoded, 16);
OFFSET_IS(CERT_CONTEXT, pCertInfo, 24);
OFFSET_IS(CERT_CONTEXT, hCertStore, 32);

SIZE_IS(CRL_CONTEXT, 40);
OFFSET_IS(CRL_CONTEXT, pbCrlEncoded, 8);
OFFSET_IS(CRL_CONTEXT, cbCrlEncoded, 16);
OFFSET_IS(CRL_CONTEXT, pCrlInfo, 24);
OFFSET_IS(CRL_CONTEXT, hCertStore, 32);

SIZE_IS(CERT_INFO, 208);
OFFSET_IS(CERT_INFO, SerialNumber, 8);
OFFSET_IS(CERT_INFO, SignatureAlgorithm, 24);
OFFSET_IS(CERT_INFO, Issuer, 48);
OFFSET_IS(CERT_INFO, NotBefore, 64);
OFFSET_IS(CERT_INFO, Subject, 80);
OFFSET_IS(CERT_INFO, SubjectPublicKeyInfo, 96);
OFFSET_IS(CERT_INFO, cExtension, 192);
OFFSET_IS(CERT_INFO, rgExtension, 200);

SIZE_IS(CRL_INFO, 96);
OFFSET_IS(CRL_INFO, ThisUpdate, 48);
OFFSET_IS(CRL_INFO, NextUpdate, 56);
OFFSET_IS(CRL_INFO, cCRLEntry, 64);
OFFSET_IS(CRL_INFO, rgCRLEntry, 72);
SIZE_IS(CRL_ENTRY, 40);
SIZE_IS(CERT_EXTENSION, 32);
SIZE_IS(CTL_USAGE, 16);

/* Values. */
#define VALUE_IS(name, value) \
	_Static_assert((name) == (value), #name " has another value")

VALUE_IS((DWORD)CRYPT_E_NOT_FOUND, 0x80092004);
VALUE_IS((DWORD)CRYPT_E_REVOKED, 0x80092010);
VALUE_IS((DWORD)CRYPT_E_NO_REVOCATION_DLL, 0x80092011);
VALUE_IS((DWORD)CRYPT_E_NO_REVOCATION_CHECK, 0x80092012);
VALUE_IS((DWORD)CRYPT_E_REVOCATION_OFFLINE, 0x80092013);
VALUE_IS((DWORD)CRYPT_E_NOT_IN_REVOCATION_DATABASE, 0x80092014);
VALUE_IS(ERROR_SUCCESS, 0);
VALUE_IS(ERROR_FILE_NOT_FOUND, 2);
VALUE_IS(ERROR_PATH_NOT_FOUND, 3);
VALUE_IS(ERROR_TOO_MANY_OPEN_FILES, 4);
VALUE_IS(ERROR_ACCESS_DENIED, 5);
VALUE_IS(ERROR_INVALID_HANDLE, 6);
VALUE_IS(ERROR_NOT_ENOUGH_MEMORY, 8);
VALUE_IS(ERROR_INVALID_DATA, 13);
VALUE_IS(ERROR_OUTOFMEMORY, 14);
VALUE_IS(ERROR_WRITE_PROTECT, 19);
VALUE_IS(ERROR_WRITE_FAULT, 29);
VALUE_IS(ERROR_GEN_FAILURE, 31);
VALUE_IS(ERROR_INVALID_PARAMETER, 87);
VALUE_IS(ERROR_DISK_FULL, 112);
VALUE_IS(ERROR_FILENAME_EXCED_RANGE, 206);
VALUE_IS(ERROR_SERVICE_NOT_ACTIVE, 1062);
VALUE_IS(ERROR_NO_SYSTEM_RESOURCES, 1450);
VALUE_IS(X509_ASN_ENCODING, 1);
VALUE_IS(PKCS_7_ASN_ENCODING, 0x10000);
VALUE_IS(CERT_TRUST_IS_PARTIAL_CHAIN, 0x10000);
VALUE_IS(CERT_TRUST_IS_SELF_SIGNED, 8);
VALUE_IS(CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG, 1);
VALUE_IS(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG, 1);
VALUE_IS(CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG, 2);
VALUE_IS(CERT_SRV_OCSP_RESP_MIN_VALIDITY_SECONDS_DEFAULT, 600);
VALUE_IS(CERT_SRV_OCSP_RESP_URL_RETRIEVAL_TIMEOUT_MILLISECONDS_DEFAULT, 15000);
VALUE_IS(CERT_SRV_OCSP_RESP_MAX_BEFORE_NEXT_UPDATE_SECONDS_DEFAULT, 14400);
VALUE_IS(CERT_SRV_OCSP_RESP_MIN_BEFORE_NEXT_UPDATE_SECONDS_DEFAULT, 120);
VALUE_IS(CERT_SRV_OCSP_RESP_MIN_AFTER_NEXT_UPDATE_SECONDS_DEFAULT, 60);
VALUE_IS(CERT_SRV_OCSP_RESP_MIN_SYNC_CERT_FILE_SECONDS_DEFAULT, 5);
VALUE_IS(CERT_SRV_OCSP_RESP_MAX_SYNC_CERT_FILE_SECONDS_DEFAULT, 3600);

/* The settings' names, as literals that a PCWSTR points to. */
static const struct {
	PCWSTR name;
	const char *ascii;
} settings[] = {
	{ CERT_SRV_OCSP_RESP_MIN_VALIDITY_SECONDS_VALUE_NAME,
	  "SrvOcspRespMinValiditySeconds" },
	{ CERT_SRV_OCSP_RESP_URL_RETRIEVAL_TIMEOUT_MILLISECONDS_VALUE_NAME,
	  "SrvOcspRespUrlRetrievalTimeoutMilliseconds" },
	{ CERT_SRV_OCSP_RESP_MAX_BEFORE_NEXT_UPDATE_SECONDS_VALUE_NAME,
	  "SrvOcspRespMaxBeforeNextUpdateSeconds" },
	{ CERT_SRV_OCSP_RESP_MIN_BEFORE_NEXT_UPDATE_SECONDS_VALUE_NAME,
	  "SrvOcspRespMinBeforeNextUpdateSeconds" },
	{ CERT_SRV_OCSP_RESP_MIN_AFTER_NEXT_UPDATE_SECONDS_VALUE_NAME,
	  "SrvOcspRespMinAfterNextUpdateSeconds" },
	{ CERT_SRV_OCSP_RESP_MIN_SYNC_CERT_FILE_SECONDS_VALUE_NAME,
	  "SrvOcspRespMinSyncCertFileSeconds" },
	{ CERT_SRV_OCSP_RESP_MAX_SYNC_CERT_FILE_SECONDS_VALUE_NAME,
	  "SrvOcspRespMaxSyncCertFileSeconds" },
	{ CERT_CHAIN_CONFIG_REGPATH,
	  "Software\\Microsoft\\Cryptography\\OID\\EncodingType 0\\CertDllCreateCertificateChainEngine\\Config"
	},
};

static int tests, failures, test_failed;

#define expect(condition) expect_at((condition), #condition, __LINE__)

/* The call returns NULL, and leaves that last error. */
#define expect_error(error, call)					\
	do {								\
		SetLastError(0);					\
		expect(!(call));					\
		expect(GetLastError() == (DWORD)(error));		\
	} while (0)

static BOOL expect_at(int good, const char *condition, int line)
{
	if (!good) {
		printf("# api.c:%d: expected: %s (last error %#x)\n", line,
		       condition, (unsigned int)GetLastError());
		test_failed = 1;
	}
	return good;
}

static void done(const char *name)
{
	printf("%s %d %s\n", test_failed ? "not ok" : "ok", ++tests, name);
	failures += test_failed;
	test_failed = 0;
}

static void skip(const char *name, const char *why)
{
	printf("ok %d %s # SKIP %s\n", ++tests, name, why);
}

static void test_names(void)
{
	size_t i, j;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		for (j = 0; expect(settings[i].name[j] ==
				   (BYTE)settings[i].ascii[j]); j++)
			if (!settings[i].ascii[j])
				break;
	done("names_of_settings");
}

static void test_nothing(void)
{
	CertAddRefServerOcspResponse(NULL);
	CertCloseServerOcspResponse(NULL, 0);
	CertAddRefServerOcspResponseContext(NULL);
	CertFreeServerOcspResponseContext(NULL);
	CertFreeCertificateChain(NULL);
	done("null_does_nothing");
}

static void test_bad_arguments(void)
{
	static const DWORD flags[] = { 2, 3, 4, 0x80000000, 0xffffffff };
	PCCERT_CHAIN_CONTEXT chain = api_chain(API_CERT);
	size_t i;

	expect_error(ERROR_INVALID_PARAMETER,
		     CertOpenServerOcspResponse(NULL, 0, NULL));
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		expect_error(ERROR_INVALID_PARAMETER,
			     CertOpenServerOcspResponse(chain, flags[i], NULL));
	expect_error(ERROR_INVALID_PARAMETER,
		     CertGetServerOcspResponseContext(NULL, 0, NULL));
	CertFreeCertificateChain(chain);
	done("bad_arguments");
}

static void test_bad_para(void)
{
	PCCERT_CHAIN_CONTEXT chain = api_chain(API_CERT);
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para = { 0 };

	para.cbSize = sizeof(para);
	para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG |
		       CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG;
	para.pwszOcspDirectory = api_directory();
	expect_error(ERROR_INVALID_PARAMETER,
		     CertOpenServerOcspResponse(chain, 1, &para));
	CertFreeCertificateChain(chain);
	done("read_and_write_at_once");
}

static void test_no_url(void)
{
	PCCERT_CHAIN_CONTEXT chain = api_chain(API_CERT_NO_URL);

	expect_error(CRYPT_E_NOT_IN_REVOCATION_DATABASE,
		     CertOpenServerOcspResponse(chain, 0, NULL));
	CertFreeCertificateChain(chain);
	done("no_ocsp_url");
}

/* A handle on API_CERT, which keeps the chain. */
static HCERT_SERVER_OCSP_RESPONSE
open_handle(DWORD flags, PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA para)
{
	PCCERT_CHAIN_CONTEXT chain = api_chain(API_CERT);
	HCERT_SERVER_OCSP_RESPONSE h;

	h = CertOpenServerOcspResponse(chain, flags, para);
	expect(!!h);
	CertFreeCertificateChain(chain);
	return h;
}

static void test_no_response(void)
{
	HCERT_SERVER_OCSP_RESPONSE h;

	h = open_handle(CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG, NULL);
	expect_error(CRYPT_E_REVOCATION_OFFLINE,
		     CertGetServerOcspResponseContext(h, 0, NULL));
	expect_error(ERROR_INVALID_PARAMETER,
		     CertGetServerOcspResponseContext(h, 1, NULL));
	expect_error(ERROR_INVALID_PARAMETER,
		     CertGetServerOcspResponseContext(h, 0, &h));
	CertCloseServerOcspResponse(h, 0);
	done("no_response_yet");
}

static BOOL context_is(PCCERT_SERVER_OCSP_RESPONSE_CONTEXT context,
		       const char *bytes)
{
	return context && context->cbSize == sizeof(*context) &&
	       context->cbEncodedOcspResponse == strlen(bytes) &&
	       !memcmp(context->pbEncodedOcspResponse, bytes, strlen(bytes));
}

static void test_contexts(void)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT first, second;
	HCERT_SERVER_OCSP_RESPONSE h;

	if (!api_respond("the first", 9)) {
		skip("contexts", "no response to be had");
		return;
	}
	h = open_handle(0, NULL);
	first = CertGetServerOcspResponseContext(h, 0, NULL);
	expect(context_is(first, "the first"));
	expect(api_respond("the second", 10));
	second = CertGetServerOcspResponseContext(h, 0, NULL);
	expect(context_is(second, "the second"));
	expect(context_is(first, "the first"));
	CertAddRefServerOcspResponseContext(first);
	CertFreeServerOcspResponseContext(first);
	CertCloseServerOcspResponse(h, 0);
	expect(context_is(first, "the first"));
	expect(context_is(second, "the second"));
	CertFreeServerOcspResponseContext(first);
	CertFreeServerOcspResponseContext(second);
	done("contexts");
}

static void test_references(void)
{
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT context;
	HCERT_SERVER_OCSP_RESPONSE h;
	int i;

	if (!api_respond("counted", 7)) {
		skip("references", "no response to be had");
		return;
	}
	h = open_handle(CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG, NULL);
	for (i = 0; i < 3; i++)
		CertAddRefServerOcspResponse(h);
	for (i = 0; i < 3; i++)
		CertCloseServerOcspResponse(h, 0);
	context = CertGetServerOcspResponseContext(h, 0, NULL);
	expect(context_is(context, "counted"));
	CertFreeServerOcspResponseContext(context);
	CertCloseServerOcspResponse(h, 0);
	done("references");
}

/* What the callback was told. */
struct told {
	atomic_int calls;		/* last, so that the others are seen */
	BOOL same;			/* the response that was set last */
	BOOL previous;
	DWORD error;
	const char *bytes;
};

static VOID CALLBACK on_update(PCCERT_CHAIN_CONTEXT pChainContext,
			       PCCERT_SERVER_OCSP_RESPONSE_CONTEXT pResponse,
			       PCCRL_CONTEXT pNewCrlContext,
			       PCCRL_CONTEXT pPrevCrlContext,
			       PVOID pvArg, DWORD dwWriteOcspFileError)
{
	struct told *told = pvArg;

	told->same = pChainContext && pNewCrlContext &&
		     context_is(pResponse, told->bytes);
	told->previous = !!pPrevCrlContext;
	told->error = dwWriteOcspFileError;
	atomic_fetch_add(&told->calls, 1);
}

/* It may be another thread that calls: give it ten seconds. */
static BOOL called(struct told *told, int times)
{
	int tries;

	for (tries = 0; tries < 500 && atomic_load(&told->calls) < times;
	     tries++)
		api_sleep(20);
	return atomic_load(&told->calls) == times;
}

/* A Get for what it does beside: it may find an update, and call back. */
static void get_and_free(HCERT_SERVER_OCSP_RESPONSE h)
{
	CertFreeServerOcspResponseContext(
		CertGetServerOcspResponseContext(h, 0, NULL));
}

static void test_callback(void)
{
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA para = { 0 };
	struct told told = { 0 };
	HCERT_SERVER_OCSP_RESPONSE h;
	DWORD used = 0;

	told.bytes = "callback 1";
	if (!api_respond(told.bytes, 10)) {
		skip("callback", "no response to be had");
		return;
	}
	para.cbSize = sizeof(para);
	para.dwFlags = CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG;
	para.pcbUsedSize = &used;
	para.pwszOcspDirectory = api_directory();
	para.pfnUpdateCallback = on_update;
	para.pvUpdateCallbackArg = &told;
	h = open_handle(0, &para);
	expect(used == sizeof(para));
	get_and_free(h);
	expect(called(&told, 1) && told.same && !told.previous && !told.error);

	told.bytes = "callback 2";
	expect(api_respond(told.bytes, 10));
	get_and_free(h);
	get_and_free(h);
	expect(called(&told, 2) && told.same && told.previous && !told.error);
	CertCloseServerOcspResponse(h, 0);

	/* Nothing can be written there. */
	atomic_store(&told.calls, 0);
	para.pwszOcspDirectory = L"/nowhere/at/all";
	h = open_handle(0, &para);
	get_and_free(h);
	expect(called(&told, 1) && told.same &&
	       told.error == ERROR_PATH_NOT_FOUND);
	CertCloseServerOcspResponse(h, 0);
	done("callback");
}

int main(int argc, char **argv)
{
	int rc;

	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	printf("TAP version 13\n");
	rc = api_start(argc, argv);
	if (rc)
		return rc;
	test_names();
	test_nothing();
	test_bad_arguments();
	test_bad_para();
	test_no_url();
	test_no_response();
	test_contexts();
	test_references();
	test_callback();
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
