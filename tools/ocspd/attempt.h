/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Getting a new response for a certificate.
 *
 * An attempt is a row of steps: for each URL in turn a request by SHA-256,
 * then by SHA-1. It ends with the first response that is stored, or with the
 * reasons why there was none, which go into the store; then plan.h goes on.
 */
#ifndef OCSPD_ATTEMPT_H
#define OCSPD_ATTEMPT_H

#include "certs.h"
#include "queue.h"
#include "subject.h"

extern const struct queue_calls attempt_queue_calls;

/* Of an idle certificate, whose subject has a URL. */
void attempt_begin(struct cert *cert, const struct subject *subject);

#endif /* OCSPD_ATTEMPT_H */
