/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * When something is done for a certificate, and whether at all: one state
 * machine per certificate (enum cert_state), fed by the store's dump and
 * events, by timers, and by what came of attempts.
 *
 *               seen, not served
 *   NEW -------------------------> LOOK --------------------> QUEUED <--.
 *    |                             ^  ^     to be fetched        | turn | lane
 *    | seen, served     .----------'  |                          v      | full
 *    |                  |             |                       FETCHING -'
 *    |    refresh due,  |             | delay over, wanted,      |
 *    |    expiring      |             | expiring, works again,   |
 *    |                  |             | clock set, reload        |
 *    v                  |             |                          |
 *   FRESH --------------+           RETRY <-------- failed ------+
 *    ^                  |           HELD <-- asked to wait ------+
 *    |  UNUSED ---------'             |   hold over, works again |
 *    |   ^    time to look            '-> LOOK                   |
 *    |   '-- LOOK finds no server that holds it                  |
 *    '------ LOOK finds it is not due; stored, or the same ------'
 *
 * In LOOK the timer leads to a look at what the store has, and from there to
 * one of the other states; "withdrawn", "evicted" and "removed" lead there from
 * any that waits. What somebody else stored leads to FRESH, or to LOOK where no
 * server would staple it. Who leaves the store is forgotten.
 */
#ifndef OCSPD_PLAN_H
#define OCSPD_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "certs.h"
#include "client.h"
#include "config.h"

/*
 * once: each certificate is attempted at once, due or not, used or not, and
 * once_count()ed at the end of that.
 */
void plan_init(bool once);
/*
 * How many of the certificates that had nothing to serve when they were first
 * seen (once: of all) have not come to the end of their first attempt.
 */
size_t plan_left(void);
/* A failed attempt is followed by another one: not with once. */
bool plan_tries_again(void);
void plan_configure(const struct config *config);

/*
 * There is this entry. When it has nothing to serve, the disk's goes in
 * first.
 */
void plan_entry(const struct ocsp_entry *entry);
/* We hold that entry now. */
void plan_key(const uint8_t *key);
/*
 * The same of a reading that no lost notice is behind: nobody waits for those
 * that failed, which keep to their backoff, or all of them would be asked for
 * at the same moment.
 */
void plan_entry_again(const struct ocsp_entry *entry);
/*
 * The operator wants a new response, due or not; with no_cache from the
 * responder itself.
 */
void plan_refresh(struct cert *cert, bool no_cache);
/* Somebody waits for it: now, or as soon as is decent. */
void plan_wanted(const uint8_t *key);
/* Something happened to it in the store. */
void plan_event(enum ktls_ocsp_event event,
		const struct ocsp_entry *entry);
/* The wall clock was set, or the machine slept. */
void plan_clock_stepped(void);
/* The configuration changed: what failed may work now. */
void plan_retry_all(void);
/* And what is stored may have to be refreshed sooner. */
void plan_sooner(struct cert *cert);

/* The timer of a certificate. */
void plan_due(struct timer *timer);

/* What came of an attempt. */
enum plan_result {
	PLAN_STORED,
	PLAN_UNCHANGED,			/* it is what is stored, to the byte */
	PLAN_FAILED,
	PLAN_HELD,			/* nobody was asked: see plan_held() */
	PLAN_NOT_APPLICABLE,		/* it names no responder */
	PLAN_GONE,			/* from the store */
	PLAN_RESULTS,
};

/* Called at the end of each one; why is NULL, or why there is no response. */
typedef void (*plan_observer_fn)(const uint8_t *key, enum plan_result result,
				 const char *why);
void plan_observe(plan_observer_fn fn);

/*
 * An attempt is over: terms and generation are those of what was stored, or is
 * the same. max_age: seconds that it is fresh, or -1.
 */
void plan_answered(struct cert *cert, bool unchanged, int64_t max_age);
/* It failed. */
void plan_failed(struct cert *cert, const char *why);
/* Nobody was asked: its responders are to be left alone. */
void plan_held(struct cert *cert, const char *why);
/* The entry is not in the store any more. The certificate is freed. */
void plan_gone(struct cert *cert);

/* Nothing that a server would staple is stored. */
bool plan_is_unserved(const struct cert *cert);

/* Until when (ms) the certificate leaves the responder alone; 0: it need not. */
int64_t plan_held_until(const struct cert *cert,
			const struct responder *responder);
/* For how many seconds to leave it alone that said so, retry_after or 0. */
int64_t plan_refusal(const struct responder *responder, int64_t retry_after);
/* It gave a response: who waits for that need not wait longer. */
void plan_responder_works(struct responder *responder);

#endif /* OCSPD_PLAN_H */
