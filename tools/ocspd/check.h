/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* ocspd --check-config */
#ifndef OCSPD_CHECK_H
#define OCSPD_CHECK_H

#include "config.h"

/*
 * Where root checks: become a user that may read what everybody may, as the
 * one of ocspd.service. To be called first. False: it cannot be, which was told.
 */
bool check_as_other(void);

/* What was read from path; the status to exit with. */
int check_config(const char *path, struct config *config);

#endif /* OCSPD_CHECK_H */
