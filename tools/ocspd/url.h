/* SPDX-License-Identifier: GPL-2.0-or-later */
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

/* Does libcurl take that for a proxy? "name:port" is one by HTTP. */
bool url_is_proxy(const char *text);

/* Where a URL leads, "http://name:80". As url_parse(). */
int url_origin(const char *text, char *origin, size_t size);

#endif /* OCSPD_URL_H */
