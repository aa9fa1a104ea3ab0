/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * A step of an attempt, which is one request: to which URL of the certificate,
 * in which form (request.h), and what may be changed after it brought nothing.
 */
#ifndef OCSPD_STEP_H
#define OCSPD_STEP_H

#include <stdint.h>

#include "fetch.h"

struct subject;

struct step {
	uint8_t url;			/* its number */
	uint8_t form;			/* how it is asked */
	uint8_t fixed;			/* what the configuration says of that */
	uint8_t changed;		/* forms that were changed for this URL */
};

/* The first step at a URL; its form is set when its responder is known. */
void step_first(struct step *step, unsigned int url);
/*
 * The form of that first step: as known, which is how it worked the last time,
 * unless the configuration says otherwise.
 */
void step_set_form(struct step *step, const struct subject *subject,
		   uint8_t known);
/* What the responder is known by that answered it, see responder_worked(). */
uint8_t step_learned(const struct step *step);

/*
 * Which parts of the form a failure over HTTP may be due to: FORM_ flags; 0: it
 * is the responder's state. That is likely for a status of a gateway, too: then
 * step_can_wait(), and the next attempt is early enough for another form.
 */
uint8_t step_suspects(const struct fetch_result *result);
bool step_can_wait(const struct fetch_result *result);
/* The one of them that is to be changed now; 0: nothing more. */
uint8_t step_next_change(const struct step *step, uint8_t suspects);
void step_change(struct step *step, uint8_t change);

/*
 * Make the request. As fetch_start(); FORM_LONG of the step's form is set as it
 * is due.
 */
struct fetch *step_start(struct step *step, const struct subject *subject,
			 fetch_done_fn done, void *arg,
			 char failure[FETCH_FAILURE_SIZE]);

#endif /* OCSPD_STEP_H */
