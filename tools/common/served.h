/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Which responses the servers get. */
#ifndef TOOLS_SERVED_H
#define TOOLS_SERVED_H

#include <stdbool.h>
#include <stdint.h>

#include "client.h"

/* Seconds that a response must still be valid for a server to get it. */
int64_t min_validity(void);
/* Does a TLS server get the response? */
bool entry_is_served(const struct ocsp_entry *entry, int64_t now);

#endif /* TOOLS_SERVED_H */
