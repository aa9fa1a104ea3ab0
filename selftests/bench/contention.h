/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The library's lock, and what the linker (--wrap) puts before it. */
#ifndef BENCH_CONTENTION_H
#define BENCH_CONTENTION_H

void __real_ocsp_lock(void);
void __real_ocsp_unlock(void);
void __wrap_ocsp_lock(void);
void __wrap_ocsp_unlock(void);

#endif
