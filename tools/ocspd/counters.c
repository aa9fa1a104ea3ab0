// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What ocspd did since its start. */
#include "counters.h"

struct counters counters;

const int64_t counters_durations[DURATIONS - 1] = {
	10, 50, 100, 500, 1000, 5000, 15000,
};

void counters_answer(int64_t ms)
{
	int i = 0;

	while (i < DURATIONS - 1 && counters_durations[i] < ms)
		i++;
	counters.durations[i]++;
	counters.duration += ms;
}
