/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Getting a new response for a certificate.
 *
 * An attempt is a row of steps, each one request. It begins with the first URL
 * and the form that worked at that responder the last time. When that brings
 * nothing, what the failure may be blamed on is changed: that caches are asked,
 * GET against POST, SHA-256 against SHA-1, in this order, each once a URL. After
 * 502, 503 and 504, which speak of an outage or of overload, the method is not
 * changed before the next attempt. Then it is the next URL's turn. It ends with
 * the first response that is stored or is stored already, or with the reasons
 * why there was none, which go into the store; then plan.h goes on.
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
