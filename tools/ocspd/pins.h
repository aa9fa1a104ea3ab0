/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * The certificates of the configuration: their responses are held, so that
 * they are there before a server asks. Their files are watched.
 */
#ifndef OCSPD_PINS_H
#define OCSPD_PINS_H

#include "config.h"

struct pin;

/*
 * Hold what the configuration names, and nothing else any more. What cannot
 * be read is told, and read when it can be. Returns how many of them that are.
 * config is used until the next call.
 */
int pins_apply(const struct config *config);
/* Follow the files; pins_apply() alone does not. */
void pins_watch(void);
void pins_close(void);

/* Read the files, without the store; how many are at fault is told and returned. */
int pins_check(const struct config *config);

/* The responder to ask instead of those that the certificate names, or NULL. */
const char *pin_responder(const struct pin *pin);

#endif /* OCSPD_PINS_H */
