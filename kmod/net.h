/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Network namespaces: the settings of each, and its store, which is made when
 * it is first used. Owns both; knows stores and sysctls, and no request.
 */
#ifndef KTLS_OCSP_NET_H
#define KTLS_OCSP_NET_H

#include "store.h"

struct ktls_ocsp_store *ktls_ocsp_net_store(const struct net *net);
struct ktls_ocsp_store *ktls_ocsp_net_make_store(struct net *net);

int ktls_ocsp_net_init(void);
void ktls_ocsp_net_exit(void);

#endif /* KTLS_OCSP_NET_H */
