/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Between the parts of plan.h, each of which uses only those before it:
 * plan_states.c, plan_outcome.c and plan.c.
 */
#ifndef OCSPD_PLAN_PARTS_H
#define OCSPD_PLAN_PARTS_H

#include "certs.h"
#include "config.h"
#include "once.h"
#include "plan.h"

/* plan_states.c */

/* Evenly from 0 to below 1 */
double plan_dice(void);

/* Neither queued nor being fetched: it waits for its timer. */
bool plan_is_waiting(const struct cert *cert);
/* Into a state until then, ms of clock_ms() */
void plan_enter(struct cert *cert, enum cert_state state, int64_t at);
/* LOOK, in so many ms */
void plan_look_in(struct cert *cert, int64_t ms);
/* The same, some time soon: one event causes it for so many certificates. */
void plan_look_spread(struct cert *cert, size_t count);
/* FRESH, until the refresh that was set, a time of the wall clock */
void plan_wait_refresh(struct cert *cert);
/*
 * When to ask for a new response, where that which is stored was asked for at
 * that time of the wall clock; max_age as plan_answered().
 */
void plan_set_refresh(struct cert *cert, int64_t asked, int64_t max_age);
/*
 * Seconds from that time of the wall clock until servers stop to staple what is
 * stored; 0: they have.
 */
int64_t plan_life_left(const struct cert *cert, int64_t from);

/* plan_outcome.c */

void plan_outcome_init(bool once);
void plan_outcome_configure(const struct config *config);
/* A certificate that plan_left() counts from now on. */
void plan_expect(struct cert *cert);
/* No longer: its first attempt came to that, or there is no need for one. */
void plan_count(struct cert *cert, enum once_outcome outcome);
/*
 * An attempt came to that, and the certificate is in its next state, or about
 * to go. One that was wanted while it was under way is still to come.
 */
void plan_over(struct cert *cert, enum plan_result result, const char *why);

#endif /* OCSPD_PLAN_PARTS_H */
