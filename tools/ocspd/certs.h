/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The certificates whose responses we keep fresh, by key. What is kept of one
 * is a few hundred bytes: the rest is in the kernel.
 */
#ifndef OCSPD_CERTS_H
#define OCSPD_CERTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "schedule.h"
#include "timer.h"

struct host;
struct pin;
struct attempt;

enum cert_phase {
	CERT_IDLE,			/* its timer is set */
	CERT_QUEUED,			/* waits in the queue of its host */
	CERT_FETCHING,
};

/* Which of two lanes of transfers a certificate is in, see queue.h. */
enum lane {
	LANE_FAST,
	LANE_SLOW,
};

struct cert {
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct timer timer;		/* when to do something about it */
	int64_t refresh;		/* wall clock that timer is for, or 0 */
	struct ocsp_terms terms;		/* of the blob that is stored */
	uint64_t generation;		/* its number */
	struct pin *pin;		/* NULL: not of the configuration */

	/* queue.c's */
	enum cert_phase phase;
	enum lane lane;			/* to wait for, or that it is in */
	struct host *host;
	TAILQ_ENTRY(cert) queued;
	int64_t started;		/* when it was started, while fetching */
	struct attempt *attempt;	/* while fetching; attempt.c's */

	/* plan.c's and attempt.c's */
	int64_t last;			/* when the last attempt ended, or 0 */
	int64_t hold;			/* not before, said the responder; or 0 */
	int64_t retry_after;		/* s that this attempt was told to wait */
	char *reasons;			/* why this attempt failed so far */
	uint32_t failures;		/* attempts in a row */
	uint8_t url;			/* step of this attempt: number of URL */
	bool sha1;			/* step: CertID by SHA-1 */
	bool second;			/* step: the other digest failed */
	bool post;			/* step: GET is not known there */
	bool no_cache;			/* step: caches must ask */
	bool sha1_works;		/* what the last good answer was to */
	bool from_cache;		/* the disk was looked at */
	bool hangs;			/* its first URL did, the last time */
	bool counted;			/* --once had its result */
};

TAILQ_HEAD(cert_queue, cert);

/* NULL: there is none. */
struct cert *certs_find(const uint8_t *key);
/* The one there is, or a new one, idle without a timer. NULL: no memory. */
struct cert *certs_add(const uint8_t *key);
/* Of an idle one. */
void certs_remove(struct cert *cert);
void certs_for_each(void (*fn)(struct cert *cert));
size_t certs_count(void);

#endif /* OCSPD_CERTS_H */
