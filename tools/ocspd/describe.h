/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* A certificate in JSON, as common/control_protocol.h has it. */
#ifndef OCSPD_DESCRIBE_H
#define OCSPD_DESCRIBE_H

#include <jansson.h>

#include "certs.h"
#include "plan.h"

const char *describe_state(enum cert_state state);
const char *describe_result(enum plan_result result);

/*
 * *record is what "list" says of it; NULL when there is no memory. 0, or
 * -ENOENT: the store has no such certificate; *record is NULL.
 */
int describe_cert(struct cert *cert, json_t **record);

#endif /* OCSPD_DESCRIBE_H */
