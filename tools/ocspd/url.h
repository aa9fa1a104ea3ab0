/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* What a URL is made of. */
#ifndef OCSPD_URL_H
#define OCSPD_URL_H

#include <stdbool.h>
#include <stddef.h>

struct url {
	bool has_user;
	char *scheme;
	char *host;
	char *port;
};

/*
 * 0, -ENOMEM, or -EINVAL: it is no http or https URL. url_clear() in any
 * case.
 */
int url_parse(struct url *url, const char *text);
void url_clear(struct url *url);

/*
 * The same of a proxy, as libcurl takes it: "name:port" is one by HTTP, and the
 * port is 1080 where none is given.
 */
int url_parse_proxy(struct url *url, const char *text);

/* Where a URL leads, "http://name:80". As url_parse(). */
int url_origin(const char *text, char *origin, size_t size);

#endif /* OCSPD_URL_H */
