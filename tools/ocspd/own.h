/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* The addresses of this host, in the network namespace that ocspd runs in. */
#ifndef OCSPD_OWN_H
#define OCSPD_OWN_H

#include <netinet/in.h>
#include <stdbool.h>

/* IPv4 as ::ffff:0:0/96. As of a few seconds ago at most. */
bool own_has(const struct in6_addr *address);
void own_forget(void);

#endif /* OCSPD_OWN_H */
