/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The certificates whose responses we keep fresh, by key. What is kept of one
 * is a few hundred bytes: the rest is in the kernel.
 */
#ifndef OCSPD_CERTS_H
#define OCSPD_CERTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "config.h"
#include "schedule.h"
#include "step.h"
#include "timer.h"

struct responder;
struct pin;
struct config_policy;
struct attempt;

/* What ocspd waits for with a certificate; plan.h draws how they follow. */
enum cert_state {
	CERT_NEW,			/* the store was not looked at yet */
	CERT_LOOK,			/* for the timer, to look at the store */
	CERT_FRESH,			/* for the refresh */
	CERT_UNUSED,			/* for a server that holds it */
	CERT_QUEUED,			/* for its turn at the responder */
	CERT_FETCHING,			/* for the responder's answer */
	CERT_RETRY,			/* for the next attempt, after a failure */
	CERT_HELD,			/* for the end of its responder's hold */
};

/* Which lane of transfers a certificate is in, see queue.h. */
enum lane {
	LANE_FAST,
	LANE_SLOW,
	LANE_STUCK,
	LANES,
};

struct cert {
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct timer timer;		/* what a state waits for, but 2 of them */
	int64_t refresh;		/* wall clock: when to ask for a new one */
	struct ocsp_terms terms;	/* of the blob that is stored */
	uint64_t generation;		/* its number */
	struct pin *pin;		/* NULL: not of the configuration */
	enum cert_state state;
	struct responder *responder;	/* asked last, or being asked; or NULL */

	/*
	 * In the queue's lists while queued or fetching, in the responder's
	 * list of those that it failed while listed.
	 */
	TAILQ_ENTRY(cert) link;
	bool listed;

	/* queue.c's */
	enum lane lane;			/* to wait for, or that it is in */
	int64_t started;		/* when it was started, while fetching */
	struct attempt *attempt;	/* while fetching; attempt.c's */

	/* plan.c's: milliseconds of clock_ms(), 0: never */
	int64_t last;			/* when the last attempt ended */
	int64_t delay;			/* between that and the next, in RETRY */
	int64_t failing;		/* since when all attempts have failed */
	int64_t answered;		/* wall clock: the last attempt that did not */
	uint32_t failures;		/* attempts in a row */
	bool from_cache;		/* the disk was looked at */
	bool no_cache;			/* caches must ask the responder */
	bool forced;			/* attempted when looked at, due or not */
	bool expected;			/* plan_left() counts it */

	/* policy.c's: what the configuration of that number says of the issuer */
	const struct config_policy *issuer_policy;
	uint32_t policy_number;

	/* attempt.c's */
	char *reasons;			/* why this attempt failed so far */
	struct step step;		/* of this attempt */
	bool asked;			/* this attempt made a request */
	bool blames_responder;		/* not the certificate, for its failure */
	enum method next_method;	/* for the next one; UNSET: what is known to work */
	enum lane first_lane;		/* where its first URL's request starts */
};

TAILQ_HEAD(cert_queue, cert);

/* NULL: there is none. */
struct cert *certs_find(const uint8_t *key);
/* The one there is, or a new one, idle without a timer. NULL: no memory. */
struct cert *certs_add(const uint8_t *key);
/* Of an idle one. */
void certs_remove(struct cert *cert);
void certs_for_each(void (*fn)(struct cert *cert));
/*
 * The keys of all, one after the other in ascending order, certs_count() of
 * them; free() them. NULL: no memory.
 */
uint8_t *certs_keys(void);
size_t certs_count(void);

#endif /* OCSPD_CERTS_H */
