/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* A figure of several rounds, as the benchmark's report reads it. */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stdio.h>

#define FIGURE_ROUNDS	7

static inline void figure_print(const char *name, const char *unit,
				const double values[FIGURE_ROUNDS])
{
	printf("%s\t%s", name, unit);
	for (int i = 0; i < FIGURE_ROUNDS; i++)
		printf("\t%.2f", values[i]);
	putchar('\n');
}

#endif /* BENCH_FIGURE_H */
