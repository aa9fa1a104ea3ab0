/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The names that the linker gives to alarm() and to what is called for it. */
#ifndef PATIENCE_H
#define PATIENCE_H

unsigned int __real_alarm(unsigned int seconds);
unsigned int __wrap_alarm(unsigned int seconds);

#endif /* PATIENCE_H */
