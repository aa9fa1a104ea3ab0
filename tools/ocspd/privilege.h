/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What ocspd may do: CAP_NET_ADMIN, for the store, and nothing else. */
#ifndef OCSPD_PRIVILEGE_H
#define OCSPD_PRIVILEGE_H

/*
 * Gives up all other capabilities, for good, also for what this process may
 * execute. To be called before there is a second thread. 0 or a negative
 * errno.
 */
int privilege_drop(void);

#endif /* OCSPD_PRIVILEGE_H */
