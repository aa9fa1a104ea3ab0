// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Which proxy a URL is fetched through, see proxy.h. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proxy.h"

/* $NAME or $name; "" is as if it was not there. */
static const char *environment(const char *name)
{
	const char *value = getenv(name);
	char upper[32];
	size_t i;

	if (value && *value)
		return value;
	for (i = 0; name[i] && i < sizeof(upper) - 1; i++)
		upper[i] = toupper((unsigned char)name[i]);
	upper[i] = '\0';
	value = getenv(upper);
	return value && *value ? value : NULL;
}

/* Is the host an address in that prefix, "::1", "[::1]", or "10.0.0.0/8"? */
static bool is_in_prefix(const char *host, const char *item, size_t len)
{
	char prefix[64];

	if (len && *item == '[' && item[len - 1] == ']') {
		item++;
		len -= 2;
	}
	if (len >= sizeof(prefix))
		return false;
	memcpy(prefix, item, len);
	prefix[len] = '\0';
	return address_is_in(host, prefix);
}

/* Is the host that domain, or in it? */
static bool is_within(const char *host, const char *domain, size_t len)
{
	size_t host_len = strlen(host);

	if (len == 1 && *domain == '*')
		return true;
	if (len && *domain == '.') {
		domain++;
		len--;
	}
	if (!len || host_len < len ||
	    strncasecmp(host + host_len - len, domain, len))
		return false;
	return host_len == len || host[host_len - len - 1] == '.';
}

static bool is_excepted(const char *host, const char *list)
{
	static const char between[] = ", \t";
	size_t len;

	for (list += strspn(list, between); *list;
	     list += len, list += strspn(list, between)) {
		len = strcspn(list, between);
		if (is_within(host, list, len) ||
		    is_in_prefix(host, list, len))
			return true;
	}
	return false;
}

const char *proxy_for(const struct config *config, const char *scheme,
		      const char *host)
{
	const char *proxy = config->proxy, *except = config->no_proxy;
	char name[32];

	if (!proxy) {
		snprintf(name, sizeof(name), "%.10s_proxy", scheme);
		proxy = environment(name);
	}
	if (!proxy)
		proxy = environment("all_proxy");
	if (!except)
		except = environment("no_proxy");
	if (!proxy || (except && is_excepted(host, except)))
		return "";
	return proxy;
}
