/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Windows does otherwise: chains from PEM files and from OpenSSL's
 * objects, and errors in words. <ocsp_ssl.h> takes a chain from an SSL_CTX.
 */
#ifndef LIBOCSP_OCSP_H
#define LIBOCSP_OCSP_H

#include "wincrypt.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

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
 * One line that says why a function of this library failed last in the calling
 * thread: the kernel's own words where it gave some. Never NULL; "" when none
 * failed. It stays as it is until the next failure in this thread.
 */
const char *OcspGetLastErrorMessage(void);

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

/*
 * Look for new responses of all handles that have a callback, or a directory
 * that is written, and call and write in this thread. From the first call on
 * the library starts no thread for that, and the one that it had has ended. To
 * be called about once a second.
 */
void OcspDispatchUpdates(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* LIBOCSP_OCSP_H */
