/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Verification of an OCSP response: the one policy that every door to the
 * store keeps (ocspctl set, ocspctl verify, ocspd). Private to this project,
 * like client.h.
 */
#ifndef OCSP_VERIFY_H
#define OCSP_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

#include <linux/ktls_ocsp.h>

/* Bytes of a reason, with the final NUL: what the store keeps of one. */
#define OCSP_REASON_SIZE	(KTLS_OCSP_FAILURE_MAX + 1)

struct ocsp_delegates;
struct ocsp_leaf;

struct ocsp_verdict {
	enum ktls_ocsp_cert_status status;
	int64_t this_update;		/* seconds since the epoch, UTC */
	int64_t next_update;		/* or the signer's notAfter, if sooner */
	int64_t revoked_at;		/* when status is revoked */
	int revocation_reason;		/* RFC 5280 5.3.1, -1: not given */
	char reason[OCSP_REASON_SIZE];	/* why it was refused, in words */
};

/*
 * Verify the DER in resp[0..len) for cert, issued by issuer, at the time now.
 *
 * Accepted is: status successful, a basic response signed by issuer or by a
 * delegate that issuer itself signed for id-kp-OCSPSigning (RFC 6960 4.2.2.2),
 * both valid now, with a digest better than SHA-1; a SingleResponse whose
 * CertID, by SHA-1 or SHA-256, is that of cert, and where there are more of
 * them, all of one status; thisUpdate <= now + KTLS_OCSP_CLOCK_TOLERANCE;
 * nextUpdate present (but see validity.h) and now < nextUpdate (RFC 9919 5); no
 * critical extension that RFC 6960 does not know; DER, at most
 * KTLS_OCSP_BLOB_MAX bytes, with nothing behind them.
 *
 * Returns 0 and fills verdict; or -EBADMSG, and verdict->reason says why, in
 * printable ASCII (the names in it are the responder's); then status is unknown.
 * Leaves libcrypto's error queue as it was. Any thread.
 */
int ocsp_verify(const unsigned char *resp, size_t len, X509 *cert,
		X509 *issuer, int64_t now, struct ocsp_verdict *verdict);

/*
 * The same for whom the certificate is not decoded as a whole, and who verifies
 * many responses of the same responders: delegates remembers theirs, or is NULL.
 */
int ocsp_verify_leaf(const unsigned char *resp, size_t len,
		     const struct ocsp_leaf *leaf, X509 *issuer, int64_t now,
		     struct ocsp_delegates *delegates,
		     struct ocsp_verdict *verdict);

#endif /* OCSP_VERIFY_H */
