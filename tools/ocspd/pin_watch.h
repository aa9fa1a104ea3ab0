/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Notices that files of certificates change. What inotify does not tell, like a
 * link in the middle of a path, is found by looking from time to time.
 */
#ifndef OCSPD_PIN_WATCH_H
#define OCSPD_PIN_WATCH_H

#include "config.h"

/* ms after a notice, in which more of them come */
#define PIN_SETTLE	300

/* Watch nothing but what is named from now on. */
void pin_watch_begin(void (*changed)(void));
void pin_watch_end(void);

/* The directories of a file, and of what it is a link to. issuer may be NULL. */
void pin_watch_file(const char *path, const char *issuer);
/* The directories in which the patterns look. */
void pin_watch_patterns(const struct config *config);

#endif /* OCSPD_PIN_WATCH_H */
