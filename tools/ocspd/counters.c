// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* What ocspd did since its start. */
#include "counters.h"

struct counters counters;
