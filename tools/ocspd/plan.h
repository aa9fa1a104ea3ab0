/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When something is done for a certificate, and whether at all. */
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
/* How many of them are not at that end. */
size_t plan_left(void);
void plan_configure(const struct config *config);

/*
 * There is this entry. When it has nothing to serve, the disk's goes in
 * first.
 */
void plan_entry(const struct ocsp_entry *entry);
/* Somebody waits for it: now, or as soon as is decent. */
void plan_wanted(const uint8_t *key);
/* It was deleted: fetch a new one, if it is still there. */
void plan_withdrawn(const uint8_t *key);
/* The wall clock was set. */
void plan_clock_stepped(void);

/* The timer of a certificate. */
void plan_due(struct timer *timer);

/* An attempt is over: terms and generation are those of what was stored. */
void plan_stored(struct cert *cert, int64_t max_age);
/* It failed, and the responder asked for so many seconds' peace. */
void plan_failed(struct cert *cert, int64_t retry_after);
/* The entry is not in the store any more. The certificate is freed. */
void plan_gone(struct cert *cert);

#endif /* OCSPD_PLAN_H */
