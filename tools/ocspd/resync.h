/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Reading the whole store again: from time to time, since an entry may be there
 * that nobody told of, and when notices were lost.
 */
#ifndef OCSPD_RESYNC_H
#define OCSPD_RESYNC_H

/* The store was read now. done is called each time that it was again. */
void resync_start(void (*done)(void));
void resync_stop(void);

/* Notices were lost. */
void resync_lost(void);

#endif /* OCSPD_RESYNC_H */
