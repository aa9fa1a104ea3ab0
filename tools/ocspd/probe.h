/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* A fetch for the operator to see, of which nothing is stored. */
#ifndef OCSPD_PROBE_H
#define OCSPD_PROBE_H

#include <stdbool.h>

#include "certs.h"
#include "control.h"

/* Answers "test-fetch" of common/control_protocol.h. */
void probe_start(struct client *client, struct cert *cert, bool no_cache);

#endif /* OCSPD_PROBE_H */
