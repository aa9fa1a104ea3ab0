/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Is the store the one that the last ocspd of this network namespace left? Then
 * what it does not have was deleted, and the disk must not bring it back. After
 * a reboot, or with the module loaded anew, the disk is what there is.
 */
#ifndef OCSPD_INSTANCE_H
#define OCSPD_INSTANCE_H

#include <stdbool.h>

/* The store is open. */
bool instance_is_known(void);
/* From time to time, and at the end, with the store open. */
void instance_remember(void);

#endif /* OCSPD_INSTANCE_H */
