/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The two clocks. */
#ifndef OCSPD_CLOCK_H
#define OCSPD_CLOCK_H

#include <stdint.h>

/*
 * Milliseconds of CLOCK_BOOTTIME, which no one sets and which runs on while
 * the machine sleeps: what all timers count in.
 */
int64_t clock_ms(void);

/* Seconds since the epoch, UTC: what responses are judged by. It may be set. */
int64_t clock_wall(void);

#endif /* OCSPD_CLOCK_H */
