// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The tracepoints: what their events are made of. */
#include <linux/cred.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "session.h"

#define CREATE_TRACE_POINTS

#include "trace.h"
