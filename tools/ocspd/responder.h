/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * What is known of a responder: how it has to be asked, whether it asked to be
 * left alone, how much it takes at a time, and who waits for it. A responder
 * is an origin (url.h): several certificates, and several paths, share it. It
 * is known as long as a certificate refers to it or its hold lasts.
 */
#ifndef OCSPD_RESPONDER_H
#define OCSPD_RESPONDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certs.h"

/* What a responder has in one lane; queue.c's. */
struct share {
	struct responder *responder;
	struct cert_queue waiting;
	long running;
	bool in_turn;			/* it is in the lane's list of turns */
	TAILQ_ENTRY(share) turn;
};

struct responder {
	char *origin;
	unsigned int refs;		/* of certificates */
	uint8_t form;			/* of the last request that worked */
	int64_t learned;		/* when; ms, 0: nothing worked yet */
	long window;			/* requests that it gets at a time */
	int64_t held_since;		/* ms */
	int64_t held_until;		/* ms; in the past: it is not held */
	unsigned int refusals;		/* times in a row that it asked for a hold */
	char refusal[16];		/* what it said then, "HTTP 429" */
	struct timer hold;		/* runs when nobody refers to it */
	struct cert_queue failed;	/* certificates that it failed */
	struct share shares[LANES];	/* queue.c's */
};

/* The responder of that origin, with a reference. NULL: no memory. */
struct responder *responder_get(const char *origin);
/* NULL is fine. */
void responder_put(struct responder *responder);

/* How to ask it first: as it worked the last time, see request.h. */
uint8_t responder_form(const struct responder *responder);

/* It answered a request of that form with what was stored, or is stored. */
void responder_worked(struct responder *responder, uint8_t form);
/* It answered, whatever it was: it takes more at a time. */
void responder_answered(struct responder *responder);
/* It asked for so many seconds' peace with that failure. */
void responder_refused(struct responder *responder, int64_t seconds,
		       const char *failure);

/*
 * Until when (ms) a certificate has to leave it alone that, by itself, would
 * wait for limit ms at most from the time the hold began; 0: it need not.
 */
int64_t responder_held(const struct responder *responder, int64_t limit);

/* How many are known, and how many of them asked to be left alone. */
void responder_count(size_t *known, size_t *held);

/* Those that wait for it to work again. */
void responder_list(struct cert *cert);
void responder_unlist(struct cert *cert);	/* if it is listed */

#endif /* OCSPD_RESPONDER_H */
