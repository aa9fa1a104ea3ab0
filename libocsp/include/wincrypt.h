/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows' server OCSP response API, on the response store of the Linux kernel
 * (ktls_ocsp.ko): the names, values and layouts are those of Windows' header
 * of this name. What Windows leaves open, and where this is not Windows, is
 * said here and in libocsp(7).
 *
 * All functions may be called by any thread, and by both sides of a fork().
 */
#ifndef LIBOCSP_WINCRYPT_H
#define LIBOCSP_WINCRYPT_H

#include "windows.h"

#ifdef __cplusplus
extern "C" {
#endif

#define X509_ASN_ENCODING		0x00000001
#define PKCS_7_ASN_ENCODING		0x00010000

#define CRYPT_E_NOT_FOUND		((HRESULT)0x80092004)
#define CRYPT_E_REVOKED			((HRESULT)0x80092010)
#define CRYPT_E_NO_REVOCATION_DLL	((HRESULT)0x80092011)
#define CRYPT_E_NO_REVOCATION_CHECK	((HRESULT)0x80092012)
#define CRYPT_E_REVOCATION_OFFLINE	((HRESULT)0x80092013)
#define CRYPT_E_NOT_IN_REVOCATION_DATABASE ((HRESULT)0x80092014)

/* Certificates and CRLs */

typedef void *HCERTSTORE;

typedef struct _CRYPTOAPI_BLOB {
	DWORD			cbData;
	BYTE			*pbData;
} CRYPT_INTEGER_BLOB, *PCRYPT_INTEGER_BLOB, CRYPT_OBJID_BLOB,
	*PCRYPT_OBJID_BLOB, CERT_NAME_BLOB, *PCERT_NAME_BLOB, CRYPT_DATA_BLOB,
	*PCRYPT_DATA_BLOB;

typedef struct _CRYPT_BIT_BLOB {
	DWORD			cbData;
	BYTE			*pbData;
	DWORD			cUnusedBits;
} CRYPT_BIT_BLOB, *PCRYPT_BIT_BLOB;

typedef struct _CRYPT_ALGORITHM_IDENTIFIER {
	LPSTR			pszObjId;
	CRYPT_OBJID_BLOB	Parameters;
} CRYPT_ALGORITHM_IDENTIFIER, *PCRYPT_ALGORITHM_IDENTIFIER;

typedef struct _CERT_PUBLIC_KEY_INFO {
	CRYPT_ALGORITHM_IDENTIFIER Algorithm;
	CRYPT_BIT_BLOB		PublicKey;
} CERT_PUBLIC_KEY_INFO, *PCERT_PUBLIC_KEY_INFO;

typedef struct _CERT_EXTENSION {
	LPSTR			pszObjId;
	BOOL			fCritical;
	CRYPT_OBJID_BLOB	Value;
} CERT_EXTENSION, *PCERT_EXTENSION;

typedef struct _CERT_INFO {
	DWORD			dwVersion;
	CRYPT_INTEGER_BLOB	SerialNumber;
	CRYPT_ALGORITHM_IDENTIFIER SignatureAlgorithm;
	CERT_NAME_BLOB		Issuer;
	FILETIME		NotBefore;
	FILETIME		NotAfter;
	CERT_NAME_BLOB		Subject;
	CERT_PUBLIC_KEY_INFO	SubjectPublicKeyInfo;
	CRYPT_BIT_BLOB		IssuerUniqueId;
	CRYPT_BIT_BLOB		SubjectUniqueId;
	DWORD			cExtension;
	PCERT_EXTENSION		rgExtension;
} CERT_INFO, *PCERT_INFO;

typedef struct _CERT_CONTEXT {
	DWORD			dwCertEncodingType;	/* X509_ASN_ENCODING */
	BYTE			*pbCertEncoded;		/* DER */
	DWORD			cbCertEncoded;
	PCERT_INFO		pCertInfo;		/* NULL in this library */
	HCERTSTORE		hCertStore;		/* NULL in this library */
} CERT_CONTEXT, *PCERT_CONTEXT;
typedef const CERT_CONTEXT *PCCERT_CONTEXT;

typedef struct _CRL_ENTRY {
	CRYPT_INTEGER_BLOB	SerialNumber;
	FILETIME		RevocationDate;
	DWORD			cExtension;
	PCERT_EXTENSION		rgExtension;
} CRL_ENTRY, *PCRL_ENTRY;

typedef struct _CRL_INFO {
	DWORD			dwVersion;
	CRYPT_ALGORITHM_IDENTIFIER SignatureAlgorithm;
	CERT_NAME_BLOB		Issuer;
	FILETIME		ThisUpdate;
	FILETIME		NextUpdate;
	DWORD			cCRLEntry;
	PCRL_ENTRY		rgCRLEntry;
	DWORD			cExtension;
	PCERT_EXTENSION		rgExtension;
} CRL_INFO, *PCRL_INFO;

typedef struct _CRL_CONTEXT {
	DWORD			dwCertEncodingType;
	BYTE			*pbCrlEncoded;
	DWORD			cbCrlEncoded;
	PCRL_INFO		pCrlInfo;
	HCERTSTORE		hCertStore;
} CRL_CONTEXT, *PCRL_CONTEXT;
typedef const CRL_CONTEXT *PCCRL_CONTEXT;

/* Chains */

typedef struct _CERT_REVOCATION_INFO CERT_REVOCATION_INFO,
	*PCERT_REVOCATION_INFO;
typedef struct _CERT_TRUST_LIST_INFO CERT_TRUST_LIST_INFO,
	*PCERT_TRUST_LIST_INFO;

typedef struct _CTL_USAGE {
	DWORD			cUsageIdentifier;
	LPSTR			*rgpszUsageIdentifier;
} CTL_USAGE, *PCTL_USAGE, CERT_ENHKEY_USAGE, *PCERT_ENHKEY_USAGE;

typedef struct _CERT_TRUST_STATUS {
	DWORD			dwErrorStatus;
	DWORD			dwInfoStatus;
} CERT_TRUST_STATUS, *PCERT_TRUST_STATUS;

#define CERT_TRUST_NO_ERROR		0x00000000
#define CERT_TRUST_IS_PARTIAL_CHAIN	0x00010000	/* dwErrorStatus */
#define CERT_TRUST_IS_SELF_SIGNED	0x00000008	/* dwInfoStatus */

typedef struct _CERT_CHAIN_ELEMENT {
	DWORD			cbSize;
	PCCERT_CONTEXT		pCertContext;
	CERT_TRUST_STATUS	TrustStatus;
	PCERT_REVOCATION_INFO	pRevocationInfo;
	PCERT_ENHKEY_USAGE	pIssuanceUsage;
	PCERT_ENHKEY_USAGE	pApplicationUsage;
	LPCWSTR			pwszExtendedErrorInfo;
} CERT_CHAIN_ELEMENT, *PCERT_CHAIN_ELEMENT;

typedef struct _CERT_SIMPLE_CHAIN {
	DWORD			cbSize;
	CERT_TRUST_STATUS	TrustStatus;
	DWORD			cElement;
	PCERT_CHAIN_ELEMENT	*rgpElement;
	PCERT_TRUST_LIST_INFO	pTrustListInfo;
	BOOL			fHasRevocationFreshnessTime;
	DWORD			dwRevocationFreshnessTime;
} CERT_SIMPLE_CHAIN, *PCERT_SIMPLE_CHAIN;

typedef struct _CERT_CHAIN_CONTEXT CERT_CHAIN_CONTEXT, *PCERT_CHAIN_CONTEXT;
typedef const CERT_CHAIN_CONTEXT *PCCERT_CHAIN_CONTEXT;
struct _CERT_CHAIN_CONTEXT {
	DWORD			cbSize;
	CERT_TRUST_STATUS	TrustStatus;
	DWORD			cChain;
	PCERT_SIMPLE_CHAIN	*rgpChain;
	DWORD			cLowerQualityChainContext;
	PCCERT_CHAIN_CONTEXT	*rgpLowerQualityChainContext;
	BOOL			fHasRevocationFreshnessTime;
	DWORD			dwRevocationFreshnessTime;
	DWORD			dwCreateFlags;
	GUID			ChainId;
};

#define CERT_CHAIN_CONFIG_REGPATH \
	L"Software\\Microsoft\\Cryptography\\OID\\EncodingType 0\\CertDllCreateCertificateChainEngine\\Config"

/*
 * Settings. There is no registry: MIN_VALIDITY is the sysctl
 * net.ktls_ocsp.min_validity, with the same default; the others are constants
 * here, or belong to whoever fetches responses.
 */
#define CERT_SRV_OCSP_RESP_MIN_VALIDITY_SECONDS_VALUE_NAME \
	L"SrvOcspRespMinValiditySeconds"
#define CERT_SRV_OCSP_RESP_MIN_VALIDITY_SECONDS_DEFAULT \
	(10 * 60)
#define CERT_SRV_OCSP_RESP_URL_RETRIEVAL_TIMEOUT_MILLISECONDS_VALUE_NAME \
	L"SrvOcspRespUrlRetrievalTimeoutMilliseconds"
#define CERT_SRV_OCSP_RESP_URL_RETRIEVAL_TIMEOUT_MILLISECONDS_DEFAULT \
	(15 * 1000)
#define CERT_SRV_OCSP_RESP_MAX_BEFORE_NEXT_UPDATE_SECONDS_VALUE_NAME \
	L"SrvOcspRespMaxBeforeNextUpdateSeconds"
#define CERT_SRV_OCSP_RESP_MAX_BEFORE_NEXT_UPDATE_SECONDS_DEFAULT \
	(4 * 60 * 60)
#define CERT_SRV_OCSP_RESP_MIN_BEFORE_NEXT_UPDATE_SECONDS_VALUE_NAME \
	L"SrvOcspRespMinBeforeNextUpdateSeconds"
#define CERT_SRV_OCSP_RESP_MIN_BEFORE_NEXT_UPDATE_SECONDS_DEFAULT \
	(2 * 60)
#define CERT_SRV_OCSP_RESP_MIN_AFTER_NEXT_UPDATE_SECONDS_VALUE_NAME \
	L"SrvOcspRespMinAfterNextUpdateSeconds"
#define CERT_SRV_OCSP_RESP_MIN_AFTER_NEXT_UPDATE_SECONDS_DEFAULT \
	(1 * 60)
#define CERT_SRV_OCSP_RESP_MIN_SYNC_CERT_FILE_SECONDS_VALUE_NAME \
	L"SrvOcspRespMinSyncCertFileSeconds"
#define CERT_SRV_OCSP_RESP_MIN_SYNC_CERT_FILE_SECONDS_DEFAULT \
	5
#define CERT_SRV_OCSP_RESP_MAX_SYNC_CERT_FILE_SECONDS_VALUE_NAME \
	L"SrvOcspRespMaxSyncCertFileSeconds"
#define CERT_SRV_OCSP_RESP_MAX_SYNC_CERT_FILE_SECONDS_DEFAULT \
	(1 * 60 * 60)

/* Server OCSP responses */

typedef VOID *HCERT_SERVER_OCSP_RESPONSE;

typedef struct _CERT_SERVER_OCSP_RESPONSE_CONTEXT {
	DWORD			cbSize;
	BYTE			*pbEncodedOcspResponse;	/* DER OCSPResponse */
	DWORD			cbEncodedOcspResponse;
} CERT_SERVER_OCSP_RESPONSE_CONTEXT, *PCERT_SERVER_OCSP_RESPONSE_CONTEXT;
typedef const CERT_SERVER_OCSP_RESPONSE_CONTEXT
	*PCCERT_SERVER_OCSP_RESPONSE_CONTEXT;

/*
 * Called when a handle sees a new response, which may be one that is no longer
 * time valid. There are no threads behind the application's back: it is called
 * by the thread that is inside CertOpenServerOcspResponse() or
 * CertGetServerOcspResponseContext() and sees the response first, with no lock
 * held, so it may use this API, and close the handle. Two threads can be in it
 * for two responses at once. All pointers end with the call, add references to
 * what is to stay (a CRL context has none to add).
 *
 * pNewCrlContext and pPrevCrlContext carry the response's times in pCrlInfo
 * and no CRL; the latter is NULL for the first response.
 * dwWriteOcspFileError: with the WRITE flag, 0 or why the file was not written,
 * otherwise 0.
 */
typedef VOID (CALLBACK *PFN_CERT_SERVER_OCSP_RESPONSE_UPDATE_CALLBACK)(
	PCCERT_CHAIN_CONTEXT pChainContext,
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT pServerOcspResponseContext,
	PCCRL_CONTEXT pNewCrlContext,
	PCCRL_CONTEXT pPrevCrlContext,
	PVOID pvArg,
	DWORD dwWriteOcspFileError);

/*
 * pwszOcspDirectory with the READ flag: a response in the directory is used
 * while the store has none or an older one. It is verified like any other,
 * and looked for again every MIN_SYNC_CERT_FILE seconds, by
 * CertGetServerOcspResponseContext(). With the WRITE flag: each response that
 * the handle sees is written there. The file is <thumbprint>.ocsp, with the
 * SHA-1 of the certificate in upper-case hex (lower case is read too), holds
 * the DER, and is replaced atomically. Both flags, or one of directory and
 * flag without the other: ERROR_INVALID_PARAMETER.
 */
typedef struct _CERT_SERVER_OCSP_RESPONSE_OPEN_PARA {
	DWORD			cbSize;
	DWORD			dwFlags;
	DWORD			*pcbUsedSize;	/* may be NULL */
	PWSTR			pwszOcspDirectory;
	PFN_CERT_SERVER_OCSP_RESPONSE_UPDATE_CALLBACK pfnUpdateCallback;
	PVOID			pvUpdateCallbackArg;
} CERT_SERVER_OCSP_RESPONSE_OPEN_PARA, *PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA;

#define CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG	0x00000001
#define CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG	0x00000002

#define CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG		0x00000001

#pragma GCC visibility push(default)

/*
 * Open a handle on the response for the first certificate of the chain. With
 * dwFlags 0 the call waits for a first response, or the report that there is
 * none, for at most URL_RETRIEVAL_TIMEOUT_MILLISECONDS, and not at all while
 * nobody fetches responses; with CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG it does
 * not wait. No response is no failure.
 *
 * The handle keeps a reference on the chain, which is one that <ocsp.h> made;
 * the caller still frees his own. Returns NULL with the last error
 *	ERROR_INVALID_PARAMETER		an argument; a chain without the
 *					certificate's issuer
 *	CRYPT_E_NOT_IN_REVOCATION_DATABASE the certificate has no OCSP URL
 *	ERROR_SERVICE_NOT_ACTIVE	the ktls_ocsp module is not loaded
 *	ERROR_ACCESS_DENIED		the response is not in the store, and
 *					to add it needs CAP_NET_ADMIN
 *	ERROR_NO_SYSTEM_RESOURCES	a limit of the store is reached
 *	ERROR_NOT_ENOUGH_MEMORY, ERROR_TOO_MANY_OPEN_FILES
 *	ERROR_GEN_FAILURE		anything else; see the message
 */
HCERT_SERVER_OCSP_RESPONSE WINAPI CertOpenServerOcspResponse(
	PCCERT_CHAIN_CONTEXT pChainContext,
	DWORD dwFlags,
	PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA pOpenPara);

/* One more reference, which needs one more close. NULL does nothing. */
VOID WINAPI CertAddRefServerOcspResponse(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse);

/*
 * Drop a reference. NULL does nothing. dwFlags other than 0: the last error is
 * ERROR_INVALID_PARAMETER, and the handle stays as it was.
 */
VOID WINAPI CertCloseServerOcspResponse(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse,
	DWORD dwFlags);

/*
 * The response of the moment. Fetches nothing and waits for nobody. The caller
 * frees it with CertFreeServerOcspResponseContext(); it does not change, and
 * stays through updates and the close of the handle.
 *
 * A response that says revoked is returned. NULL with the last error
 *	CRYPT_E_REVOCATION_OFFLINE	there is no response that is valid for
 *					MIN_VALIDITY seconds from now, or the
 *					responder does not know the certificate
 *	ERROR_INVALID_PARAMETER		no handle; dwFlags not 0, pvReserved
 *					not NULL
 * or, where the process needs a new session (after fork(), or because the
 * application closed our descriptors) and cannot have one, an error of
 * CertOpenServerOcspResponse().
 */
PCCERT_SERVER_OCSP_RESPONSE_CONTEXT WINAPI CertGetServerOcspResponseContext(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse,
	DWORD dwFlags,
	LPVOID pvReserved);

/* One more reference, which needs one more free. NULL does nothing. */
VOID WINAPI CertAddRefServerOcspResponseContext(
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT pServerOcspResponseContext);

/* Drop a reference. NULL does nothing. */
VOID WINAPI CertFreeServerOcspResponseContext(
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT pServerOcspResponseContext);

/* One more reference on a chain that <ocsp.h> made; returns it. NULL: NULL. */
PCCERT_CHAIN_CONTEXT WINAPI CertDuplicateCertificateChain(
	PCCERT_CHAIN_CONTEXT pChainContext);

/* Drop a reference. NULL does nothing. */
VOID WINAPI CertFreeCertificateChain(PCCERT_CHAIN_CONTEXT pChainContext);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* LIBOCSP_WINCRYPT_H */
