/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * For servers with GnuTLS: OcspStapleGnutlsCredentials() makes credentials staple.
 * Link with libocsp-gnutls ("pkg-config libocsp-gnutls").
 */
#ifndef LIBOCSP_OCSP_GNUTLS_H
#define LIBOCSP_OCSP_GNUTLS_H

#include <gnutls/gnutls.h>

#include <libocsp/ocsp.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Open no handle yet, but each in the first handshake that wants it */
#define OCSP_STAPLE_DO_NOT_OPEN		0x00000001

/*
 * Staple the intermediate certificates that name a responder as well, in TLS 1.3.
 * GnuTLS gives such staples only for a certificate that a function chooses
 * (gnutls_certificate_set_retrieve_function3()): so the library sets one. It does
 * so while there is one certificate to choose, whose private key is in memory;
 * with several, or with a key in hardware, the server's certificate alone is
 * stapled. Not for credentials that have a function of their own for that, or
 * responses from a file.
 */
#define OCSP_STAPLE_WHOLE_CHAIN		0x00000002

/*
 * Make sessions that use cred staple what the store has for the certificate of
 * each handshake. To be called when the certificates are loaded, in the process
 * that then forks workers; again when they have changed. While another thread
 * loads a certificate into cred, as with GnuTLS' own functions, nobody may call.
 *
 * own is the server's own function, which is called with own_ptr when the store
 * has nothing; or NULL. It replaces what
 * gnutls_certificate_set_ocsp_status_request_function() was given. GnuTLS prefers
 * responses that it has loaded from a file to all functions.
 *
 * The handles of the certificates are opened, without waiting for a response, and
 * are held until OcspReleaseGnutlsCredentials(). What could not be opened is
 * tried again in later handshakes, with a back-off that the processes of the
 * server share. No handshake waits for a responder, or fails for want of a
 * staple.
 *
 * What keeps a certificate from being stapled is told once, with a warning if
 * its TLS feature extension demands a staple: to the journal, or to
 * OcspSetGnutlsMessageCallback()'s.
 *
 * 1; or 0 with the last error ERROR_INVALID_PARAMETER (no cred, an unknown flag)
 * or ERROR_NOT_ENOUGH_MEMORY.
 */
int OcspStapleGnutlsCredentials(gnutls_certificate_credentials_t cred,
				gnutls_status_request_ocsp_func own,
				void *own_ptr, uint32_t dwFlags);

/*
 * To be called before gnutls_certificate_free_credentials(cred), when no session
 * uses cred any more. The handles are closed after a while, and cred has its own
 * function again. Of credentials that were not made to staple: nothing.
 */
void OcspReleaseGnutlsCredentials(gnutls_certificate_credentials_t cred);

/*
 * Where messages go: one line each, without a newline, and a level of syslog(3).
 * Called by any thread, during a handshake, perhaps with locks held: it must not
 * wait, nor call this library. NULL: to the journal, or where there is none to
 * standard error, as it is in the beginning. To be set before the first handshake.
 */
void OcspSetGnutlsMessageCallback(void (*callback)(int level, const char *text,
						   void *arg),
				  void *arg);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* LIBOCSP_OCSP_GNUTLS_H */
