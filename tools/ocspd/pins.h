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

/* faults: how many files are at fault, which was told. */
typedef void (*pins_done_fn)(int faults);

/*
 * Hold what the configuration names, and nothing else any more: a few files in
 * each turn of the loop, and follow them from then on; or with once all of them
 * before it returns, and no more. done is called when all are read; not that of
 * a call before, if that was not done. A file that cannot be read is told, and
 * read when it can be.
 */
void pins_apply(struct config *config, bool once, pins_done_fn done);
void pins_close(void);

/* Read the files, without the store; how many are at fault is told and returned. */
int pins_check(struct config *config, size_t *count);

/* What its section says of how to fetch. */
const struct config_policy *pin_policy(const struct pin *pin);

#endif /* OCSPD_PINS_H */
