// SPDX-License-Identifier: GPL-2.0-or-later
/* What ocspd did since its start. */
#include "counters.h"

struct counters counters;
