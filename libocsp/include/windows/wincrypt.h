/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Windows' server OCSP response API, on the response store of the Linux kernel
 * (ktls_ocsp.ko). The names, values and layouts are those of Windows' header of
 * this name; this one was written from Microsoft's public documentation of the
 * API. What Windows leaves open, and the differences from Windows, are described
 * here and in libocsp(7).
 *
 * All functions may be called by any thread, and by both sides of a fork().
 */
#ifndef LIBOCSP_WINCRYPT_H
#define LIBOCSP_WINCRYPT_H

#include <libocsp/ocsp.h>

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

/*
 * Called when a handle sees a new response, which may be one that is no longer
 * time valid: of the first one by the thread that is inside
 * CertOpenServerOcspResponse(), of the others by a thread that the library has
 * where a handle has a callback or the WRITE flag, or by that which calls
 * OcspDispatchUpdates() from <libocsp/ocsp.h>. No lock is held, so it may use
 * this API, and close the handle. For one handle there is one call at a time, in
 * the order of the responses; what is replaced before its turn is passed over.
 * When the last CertCloseServerOcspResponse() returns, none is in progress,
 * unless that was called inside of it. A child of fork() gets a thread of its
 * own when it first calls CertGetServerOcspResponseContext() for such a handle
 * and something has changed. All pointers end with the call, add references to
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
 * while the store has none or an older one, and is not older than one that
 * the store had. It is verified like any other, and looked for again every
 * MIN_SYNC_CERT_FILE seconds, by CertGetServerOcspResponseContext(). With the
 * WRITE flag: each response that the handle sees is written there. The file is
 * <thumbprint>.ocsp, with the SHA-1 of the certificate in upper-case hex (lower
 * case is read too), holds the DER, and is replaced atomically by what is newer.
 * Both flags, or one of directory and flag without the other:
 * ERROR_INVALID_PARAMETER.
 */
struct _CERT_SERVER_OCSP_RESPONSE_OPEN_PARA {
	DWORD			cbSize;
	DWORD			dwFlags;
	DWORD			*pcbUsedSize;	/* may be NULL */
	PWSTR			pwszOcspDirectory;
	PFN_CERT_SERVER_OCSP_RESPONSE_UPDATE_CALLBACK pfnUpdateCallback;
	PVOID			pvUpdateCallbackArg;
};

#define CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_READ_FLAG	0x00000001
#define CERT_SERVER_OCSP_RESPONSE_OPEN_PARA_WRITE_FLAG	0x00000002

#ifdef __cplusplus
}
#endif

#endif /* LIBOCSP_WINCRYPT_H */
