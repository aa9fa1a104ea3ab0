/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * For "make coverage", before all else that is compiled: a process that ends
 * with _exit(), as a test of the harness does, tells what it ran, too.
 */
#ifndef COVERAGE_H
#define COVERAGE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <unistd.h>

void __gcov_dump(void);

#define _exit(status) (__gcov_dump(), _exit(status))

#endif /* COVERAGE_H */
