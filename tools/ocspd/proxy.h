/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Which proxy a URL is fetched through. */
#ifndef OCSPD_PROXY_H
#define OCSPD_PROXY_H

#include <stdbool.h>

#include "config.h"

/*
 * The proxy for a URL of that scheme and host, "" when it is fetched without.
 * What the configuration leaves open the environment says: http_proxy,
 * https_proxy, all_proxy and no_proxy, in lower or upper case.
 */
const char *proxy_for(const struct config *config, const char *scheme,
		      const char *host);

#endif /* OCSPD_PROXY_H */
