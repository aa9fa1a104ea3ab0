/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * OCSP responses for TLS servers, from the store of the Linux kernel
 * (ktls_ocsp.ko).
 *
 * The functions Cert... are those of Windows' server OCSP response API; those
 * called Ocsp... are what Windows does otherwise: chains from PEM files and from
 * OpenSSL's objects, errors in words. Source that was written for Windows
 * includes <windows.h> and <wincrypt.h>, from "pkg-config libocsp-windows"; this
 * header has none of Windows' base types and macros in it. <libocsp/ocsp_ssl.h>
 * takes a chain from an SSL_CTX.
 *
 * All functions may be called by any thread, and by both sides of a fork(). None
 * is a cancellation point.
 */
#ifndef LIBOCSP_OCSP_H
#define LIBOCSP_OCSP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _CERT_CHAIN_CONTEXT CERT_CHAIN_CONTEXT, *PCERT_CHAIN_CONTEXT;
typedef const CERT_CHAIN_CONTEXT *PCCERT_CHAIN_CONTEXT;

typedef void *HCERT_SERVER_OCSP_RESPONSE;

typedef struct _CERT_SERVER_OCSP_RESPONSE_CONTEXT {
	uint32_t		cbSize;
	uint8_t			*pbEncodedOcspResponse;	/* DER OCSPResponse */
	uint32_t		cbEncodedOcspResponse;
} CERT_SERVER_OCSP_RESPONSE_CONTEXT, *PCERT_SERVER_OCSP_RESPONSE_CONTEXT;
typedef const CERT_SERVER_OCSP_RESPONSE_CONTEXT
	*PCCERT_SERVER_OCSP_RESPONSE_CONTEXT;

/* A callback and a directory: see <wincrypt.h>. */
typedef struct _CERT_SERVER_OCSP_RESPONSE_OPEN_PARA
	CERT_SERVER_OCSP_RESPONSE_OPEN_PARA,
	*PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA;

#define CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG	0x00000001
/* Of this library: a handle all the same where the kernel gives none yet. */
#define OCSP_OPEN_LATER_FLAG			0x00010000

/*
 * Why a function failed, for a caller that has no use for the calling thread's
 * last error, such as a runtime that moves between threads. The functions that
 * take one fill it where they fail, and set the last error, too; NULL: they do
 * only that. Its layout never changes.
 */
#define OCSP_ERROR_MESSAGE_SIZE	508

typedef struct _OCSP_ERROR {
	uint32_t		dwCode;		/* as GetLastError() */
	char			szMessage[OCSP_ERROR_MESSAGE_SIZE];
} OCSP_ERROR;

enum {
	OCSP_STATUS_GOOD	= 0,
	OCSP_STATUS_REVOKED	= 1,
};

typedef struct _OCSP_RESPONSE_INFO {
	uint32_t		cbSize;		/* the caller's size of it */
	uint32_t		dwStatus;	/* OCSP_STATUS_... */
	int64_t			llThisUpdate;	/* seconds since 1970, UTC */
	int64_t			llNextUpdate;
	uint64_t		ullGeneration;	/* 0: read from a directory */
} OCSP_RESPONSE_INFO;

#pragma GCC visibility push(default)

/*
 * Open a handle on the response for the first certificate of the chain. With
 * dwFlags 0 the call waits for a first response, or the report that there is
 * none, for at most URL_RETRIEVAL_TIMEOUT_MILLISECONDS, and not at all while
 * nobody fetches responses; with CERT_SERVER_OCSP_RESPONSE_ASYNC_FLAG it does
 * not wait. No response is no failure.
 *
 * The handle keeps a reference on the chain, which is one that this library made;
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
HCERT_SERVER_OCSP_RESPONSE CertOpenServerOcspResponse(
	PCCERT_CHAIN_CONTEXT pChainContext,
	uint32_t dwFlags,
	PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA pOpenPara);

/* One more reference, which needs one more close. NULL does nothing. */
void CertAddRefServerOcspResponse(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse);

/*
 * Drop a reference. NULL does nothing. dwFlags other than 0: the last error is
 * ERROR_INVALID_PARAMETER, and the handle stays as it was.
 */
void CertCloseServerOcspResponse(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse,
	uint32_t dwFlags);

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
PCCERT_SERVER_OCSP_RESPONSE_CONTEXT CertGetServerOcspResponseContext(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse,
	uint32_t dwFlags,
	void *pvReserved);

/* One more reference, which needs one more free. NULL does nothing. */
void CertAddRefServerOcspResponseContext(
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT pServerOcspResponseContext);

/* Drop a reference. NULL does nothing. */
void CertFreeServerOcspResponseContext(
	PCCERT_SERVER_OCSP_RESPONSE_CONTEXT pServerOcspResponseContext);

/* One more reference on a chain that this library made; returns it. NULL: NULL. */
PCCERT_CHAIN_CONTEXT CertDuplicateCertificateChain(
	PCCERT_CHAIN_CONTEXT pChainContext);

/* Drop a reference. NULL does nothing. */
void CertFreeCertificateChain(PCCERT_CHAIN_CONTEXT pChainContext);

struct x509_st;			/* X509 of <openssl/x509.h> */
struct stack_st_X509;		/* STACK_OF(X509) */

/*
 * Make a chain context: leaf, then its issuer, that one's issuer and so on as
 * far as they are found among others (in any order; may be NULL, and may have
 * leaf in it). An issuer is one whose key signed; of several, one that is valid
 * now, and longest. Nothing else is verified, and the arguments' references
 * stay the caller's. CertFreeCertificateChain() frees the chain. A chain that does not
 * end in a self-signed certificate has CERT_TRUST_IS_PARTIAL_CHAIN set; for
 * CertOpenServerOcspResponse() leaf and issuer are enough.
 *
 * NULL with the last error ERROR_INVALID_PARAMETER (no leaf) or
 * ERROR_NOT_ENOUGH_MEMORY.
 */
PCCERT_CHAIN_CONTEXT OcspCreateCertificateChain(struct x509_st *leaf,
						struct stack_st_X509 *others);

/*
 * The same from a file of certificates in PEM, the leaf first; other things in
 * it, such as a private key, are passed over. NULL with the last error
 * ERROR_FILE_NOT_FOUND (no such file), ERROR_ACCESS_DENIED, ERROR_INVALID_DATA
 * (anything else that is wrong with it), ERROR_INVALID_PARAMETER (path is
 * NULL) or ERROR_NOT_ENOUGH_MEMORY.
 */
PCCERT_CHAIN_CONTEXT OcspCreateCertificateChainFromFile(const char *path);

/*
 * The same from bytes in memory, as a file would have them: PEM, or one
 * certificate in DER. At most 1 MiB. NULL with the last error
 * ERROR_INVALID_DATA, ERROR_INVALID_PARAMETER or ERROR_NOT_ENOUGH_MEMORY.
 */
PCCERT_CHAIN_CONTEXT OcspCreateCertificateChainFromMemory(const void *pData,
							  size_t cbData,
							  OCSP_ERROR *pError);

/*
 * The same from cDer certificates in DER, the leaf first, the others in any
 * order: rgpDer[i] has rgcbDer[i] bytes.
 */
PCCERT_CHAIN_CONTEXT
OcspCreateCertificateChainFromDer(const void *const *rgpDer,
				  const size_t *rgcbDer, uint32_t cDer,
				  OCSP_ERROR *pError);

/* How many certificates a chain has. NULL: 0. */
uint32_t OcspGetCertificateChainLength(PCCERT_CHAIN_CONTEXT pChainContext);

/*
 * Does a certificate of the chain, 0 being the leaf, ask for a staple in every
 * handshake (RFC 7633)? 1: it does, 0: it does not, -1: there is no such
 * certificate, as the last error says.
 */
int OcspMustStaple(PCCERT_CHAIN_CONTEXT pChainContext, uint32_t dwIndex);

/*
 * As CertOpenServerOcspResponse(), for certificate dwIndex of the chain, 0 being
 * the leaf; its issuer is the next one.
 */
HCERT_SERVER_OCSP_RESPONSE OcspOpenServerOcspResponse(
	PCCERT_CHAIN_CONTEXT pChainContext,
	uint32_t dwIndex,
	uint32_t dwFlags,
	PCERT_SERVER_OCSP_RESPONSE_OPEN_PARA pOpenPara,
	OCSP_ERROR *pError);

/*
 * Open a handle for each of the first cResponse certificates of the chain that
 * names a responder. rghResponse[i] is that of certificate i, or NULL. It
 * waits, if at all, for the leaf's response alone.
 *
 * Returns how many were opened. 0 with an error: that of the leaf, if it names a
 * responder; else CRYPT_E_NOT_IN_REVOCATION_DATABASE where none does. A CA's
 * certificate that cannot have one, as when the chain lacks its issuer, does not
 * fail the call; *pError says why, and its dwCode is 0 where none is missing.
 */
uint32_t OcspOpenServerOcspResponses(PCCERT_CHAIN_CONTEXT pChainContext,
				     uint32_t dwFlags,
				     HCERT_SERVER_OCSP_RESPONSE *rghResponse,
				     uint32_t cResponse,
				     OCSP_ERROR *pError);

/*
 * With OCSP_OPEN_LATER_FLAG an open fails for its arguments, for a certificate
 * that names no responder, and for want of memory for the handle alone. For what
 * else is missing (the module, the privilege to add an entry, room in the store,
 * descriptors) it is tried again: by whichever call on the handle comes after 1
 * second first, then after twice as long, up to 32 seconds; or 64 where the kernel
 * cannot be reached. Until then there is no response.
 *
 * Is the handle attached to the kernel's entry? If not and an attempt is due it
 * is made. 1; or 0 with the last error, whose text says what it waits for: one of
 * CertOpenServerOcspResponse()'s.
 */
int OcspIsAttached(HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse,
		   OCSP_ERROR *pError);

/* As CertGetServerOcspResponseContext(). */
PCCERT_SERVER_OCSP_RESPONSE_CONTEXT OcspGetServerOcspResponseContext(
	HCERT_SERVER_OCSP_RESPONSE hServerOcspResponse,
	OCSP_ERROR *pError);

/*
 * What is known of a response that this library handed out. The caller sets
 * cbSize. The generation counts what the store was given: the same response of
 * the same store has the same one, and a later one a larger one.
 *
 * 1; or 0 with the last error ERROR_INVALID_PARAMETER.
 */
int OcspGetResponseInfo(PCCERT_SERVER_OCSP_RESPONSE_CONTEXT pContext,
			OCSP_RESPONSE_INFO *pInfo);

/*
 * One line that says why a function of this library failed last in the calling
 * thread: the kernel's own words where it gave some. Never NULL; "" when none
 * failed. It stays as it is until the next failure in this thread.
 */
const char *OcspGetLastErrorMessage(void);

/*
 * Use a session that somebody else made and passed: over a Unix socket, or to a
 * child that runs another program. With it go its store, which may be that of
 * another network namespace, and its privilege to add entries.
 *
 * The descriptor becomes the library's, until the process ends or another one is
 * adopted; handles that are open stay where they are. A child of fork() reads
 * through it, and adopts another one, or has one of its own, to open more.
 *
 * Without it the library asks the broker at /run/ktls-ocsp/session.sock, or where
 * KTLS_OCSP_SOCKET says, and the kernel where there is no broker.
 *
 * 1; or 0 with the last error: ERROR_GEN_FAILURE where it is no session, and
 * CertOpenServerOcspResponse()'s. Then the descriptor stays the caller's.
 */
int OcspAdoptSession(int fd, OCSP_ERROR *pError);

/*
 * In a worker that was forked, before it locks itself in (seccomp, a chroot,
 * limits of descriptors, address families that are restricted): make what the
 * library will need later, a netlink socket, and hold again what was lost. Which
 * system calls it makes after that is in libocsp(7). Not needed by others.
 *
 * 1; or 0 with the last error, which is one of CertOpenServerOcspResponse()'s:
 * responses that were seen are stapled until they end all the same.
 */
int OcspPrepareWorker(void);
int OcspPrepareWorkerEx(OCSP_ERROR *pError);

/*
 * Look for new responses of all handles that have a callback, or a directory
 * that is written, and call and write in this thread; and try to attach all
 * handles that are not. From the first call on the library starts no thread for
 * that, and the one that it had has ended. To be called when the event descriptor
 * is readable, or about once a second.
 */
void OcspDispatchUpdates(void);

/*
 * A descriptor for poll(), epoll and the like that is readable when there is
 * something for OcspDispatchUpdates() to do: also when a response changed of a
 * handle without a callback, which the next Get then returns. It stays the
 * library's and is neither read nor closed by the application, which dispatches
 * from now on. A child of fork() asks again, and so does a process that has
 * closed all descriptors.
 *
 * -1: there is none, with the last error; then dispatch once a second.
 */
int OcspGetEventDescriptor(OCSP_ERROR *pError);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* LIBOCSP_OCSP_H */
