/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The requests that come over the control socket, see common/control_protocol.h. */
#ifndef OCSPD_COMMAND_H
#define OCSPD_COMMAND_H

#include "control.h"

/* Before the first request. */
void command_init(void);
/* The store is open, or it is not. */
void command_ready(bool ready);

void command_run(struct client *client, json_t *request);

#endif /* OCSPD_COMMAND_H */
