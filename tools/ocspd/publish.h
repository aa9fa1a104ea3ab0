/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The way into the store: nothing goes there that was not verified here. */
#ifndef OCSPD_PUBLISH_H
#define OCSPD_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>

#include "certs.h"
#include "subject.h"
#include "verify.h"

enum publish {
	PUBLISH_STORED,			/* the certificate's terms are its */
	PUBLISH_SAME,			/* it is what is stored, to the byte */
	PUBLISH_REFUSED,		/* by the verifier, or it is "unknown" */
	PUBLISH_WORSE,			/* than what is stored */
	PUBLISH_GONE,			/* the store has no such response */
	PUBLISH_ERROR,			/* the store refused it */
};

/*
 * Verify a response that came from url, store it, keep it on disk. Unless it
 * is stored, the same, or gone, why has the reason.
 */
enum publish publish_response(struct cert *cert, const struct subject *subject,
			      const unsigned char *data, size_t len,
			      const char *url, char why[OCSP_REASON_SIZE]);

/*
 * What publish_response() would do with it, of which nothing is done. verdict
 * is set where it verifies, next_update is 0 where it does not.
 */
enum publish publish_examine(struct cert *cert, const struct subject *subject,
			     const unsigned char *data, size_t len,
			     struct ocsp_verdict *verdict,
			     char why[OCSP_REASON_SIZE]);

/*
 * The disk's response for a certificate, if it is still good. It is looked at
 * once, as long as nobody sets the clock: what was not good then is not better
 * now. True: it is stored.
 */
bool publish_cached(struct cert *cert);

/*
 * The reason why there is no new response; asked: a responder was. False: the
 * store has no such response.
 */
bool publish_failure(const struct cert *cert, const struct subject *subject,
		     const char *why, bool asked);

/* Give back the certificates of the responders that were asked. */
void publish_forget_delegates(void);

#endif /* OCSPD_PUBLISH_H */
