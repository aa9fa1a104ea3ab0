/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The timers that are set, the earliest first. */
#ifndef OCSPD_HEAP_H
#define OCSPD_HEAP_H

#include "timer.h"

bool heap_insert(struct timer *timer);	/* false: no memory */
void heap_remove(struct timer *timer);	/* one that is in it */
struct timer *heap_first(void);		/* NULL: there is none */

#endif /* OCSPD_HEAP_H */
