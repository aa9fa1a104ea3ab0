// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * The kselftest harness ends a test with alarm(). Its limits are for a machine
 * that has nothing else to do: a kernel that looks for defects is many times
 * slower, which KSFT_MACHINE_SLOW tells. Linked with --wrap=alarm.
 */
#include <stdlib.h>

#include "patience.h"

#define SLOW	10

unsigned int __wrap_alarm(unsigned int seconds)
{
	return __real_alarm(seconds * (getenv("KSFT_MACHINE_SLOW") ? SLOW : 1));
}
