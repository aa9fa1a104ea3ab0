// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The names that a fetch connects to, and what is made of their addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch_parts.h"
#include "text.h"

void fetch_clear_names(struct fetch *f)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(f->names); i++) {
		free(f->names[i].host);
		free(f->names[i].port);
	}
	memset(f->names, 0, sizeof(f->names));
}

/* An address is no name. */
static bool add_name(struct fetch *f, const struct url *url, bool proxy)
{
	struct name *name = &f->names[f->names[0].host ? 1 : 0];
	struct in_addr in;

	if (*url->host == '[' || inet_pton(AF_INET, url->host, &in) == 1)
		return true;
	name->host = strdup(url->host);
	name->port = strdup(url->port);
	name->proxy = proxy;
	return name->host && name->port;
}

/* What libcurl connects to, and what it gives to the proxy as an address. */
bool fetch_add_names(struct fetch *f, const struct url *url, const char *proxy)
{
	struct url p;
	bool ok;

	fetch_clear_names(f);
	if (!*proxy)
		return add_name(f, url, false);
	ok = url_parse_proxy(&p, proxy) != -ENOMEM;
	if (ok && p.host)
		ok = add_name(f, &p, true);
	if (ok && p.scheme && (!strcmp(p.scheme, "socks4") ||
			       !strcmp(p.scheme, "socks5")))
		ok = add_name(f, url, false);
	url_clear(&p);
	return ok;
}

/* "+HOST:PORT:ADDRESS,ADDRESS", for as long as libcurl remembers names. */
static bool add_addresses(struct fetch *f, const struct address_rules *rules,
			  const struct name *name,
			  const struct resolve_answer *answer)
{
	char line[1024], text[INET6_ADDRSTRLEN];
	const struct sockaddr *address;
	struct curl_slist *longer;
	const char *why = NULL;
	size_t i, len, start;

	len = snprintf(line, sizeof(line), "+%.300s:%s:", name->host, name->port);
	start = len;
	for (i = 0; i < answer->count; i++) {
		address = (const void *)&answer->addresses[i];
		why = name->proxy ? NULL :
		      address_refused(rules, address);
		address_text(address, text, sizeof(text));
		if (why)
			snprintf(f->refused, sizeof(f->refused),
				 "address %s is refused (%s)", text, why);
		else
			len += snprintf(line + len, sizeof(line) - len,
					address->sa_family == AF_INET6 ?
					"%s[%s]" : "%s%s",
					len > start ? "," : "", text);
	}
	if (len == start)
		return fetch_fail(f, FAULT_ADDRESS, "%s", f->refused);
	longer = curl_slist_append(f->addresses, line);
	if (!longer)
		return fetch_fail(f, FAULT_OTHER, "no memory");
	f->addresses = longer;
	return true;
}

bool fetch_take_answer(struct fetch *f, const struct address_rules *rules,
		       const struct resolve_answer *answer)
{
	struct name name = f->names[0];
	bool ok = false;

	f->names[0] = f->names[1];
	memset(&f->names[1], 0, sizeof(f->names[1]));
	if (answer->status == RESOLVE_FOUND)
		ok = add_addresses(f, rules, &name, answer);
	else if (answer->status == RESOLVE_NO_ADDRESS)
		fetch_fail(f, FAULT_NAME, "the %s's name has no address",
			   name.proxy ? "proxy" : "responder");
	else
		fetch_fail(f, FAULT_NAME,
			   "the %s's name could not be looked up: %s",
			   name.proxy ? "proxy" : "responder", answer->why);
	free(name.host);
	free(name.port);
	return ok;
}
