/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What ocspd did since its start, for who asks. */
#ifndef OCSPD_COUNTERS_H
#define OCSPD_COUNTERS_H

#include <stdint.h>

#include "plan.h"

extern struct counters {
	uint64_t requests;		/* to responders, redirects not counted */
	uint64_t results[PLAN_RESULTS];	/* of attempts */
} counters;

#endif /* OCSPD_COUNTERS_H */
