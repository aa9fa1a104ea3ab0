// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Which addresses a certificate may send us to, see address.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "own.h"
#include "text.h"

/* All are IPv6 here; IPv4 is ::ffff:0:0/96. */
#define V4_BITS		96

struct address_rule {
	struct in6_addr prefix;
	unsigned int bits;
	bool allow;
};

/* What is refused unless the configuration says otherwise. */
static const struct {
	const char *prefix;
	unsigned int bits;
	const char *why;
} builtin[] = {
	{ "::ffff:0.0.0.0", V4_BITS + 8, "this-network" },
	{ "::ffff:127.0.0.0", V4_BITS + 8, "loopback" },
	{ "::ffff:169.254.0.0", V4_BITS + 16, "link-local" },
	{ "::ffff:224.0.0.0", V4_BITS + 4, "multicast" },
	{ "::ffff:255.255.255.255", V4_BITS + 32, "broadcast" },
	/* Where clouds tell a machine its secrets, beside 169.254.169.254 */
	{ "::ffff:100.100.100.200", V4_BITS + 32, "metadata" },
	{ "::ffff:168.63.129.16", V4_BITS + 32, "metadata" },
	{ "::ffff:192.0.0.192", V4_BITS + 32, "metadata" },
	{ "fd00:ec2::254", 128, "metadata" },
	{ "fd20:ce::254", 128, "metadata" },
	{ "::", 128, "unspecified" },
	{ "::1", 128, "loopback" },
	{ "fe80::", 10, "link-local" },
	{ "ff00::", 8, "multicast" },
};

/*
 * Prefixes whose addresses carry an IPv4 address, which is the one that is
 * reached: at which of the 16 bytes it has its four, and what they are xored
 * with.
 */
static const struct {
	const char *prefix;
	unsigned int bits;
	unsigned char at[4];
	unsigned char mask;
	bool guess;			/* or it is not there: 0.0.0.0/8 says so */
} carriers[] = {
	/* IPv4-compatible, long gone */
	{ "::", 96, { 12, 13, 14, 15 }, 0, false },
	/* IPv4-translated, RFC 2765 */
	{ "::ffff:0:0:0", 96, { 12, 13, 14, 15 }, 0, false },
	/* NAT64, RFC 6052 */
	{ "64:ff9b::", 96, { 12, 13, 14, 15 }, 0, false },
	/* NAT64 of the site's own, RFC 8215: for each prefix in it that fits */
	{ "64:ff9b:1::", 48, { 6, 7, 9, 10 }, 0, true },
	{ "64:ff9b:1::", 48, { 7, 9, 10, 11 }, 0, true },
	{ "64:ff9b:1::", 48, { 9, 10, 11, 12 }, 0, true },
	{ "64:ff9b:1::", 48, { 12, 13, 14, 15 }, 0, true },
	/* 6to4, RFC 3056 */
	{ "2002::", 16, { 2, 3, 4, 5 }, 0, false },
	/* Teredo, RFC 4380: its server, and the client */
	{ "2001::", 32, { 4, 5, 6, 7 }, 0, false },
	{ "2001::", 32, { 12, 13, 14, 15 }, 0xff, false },
};

static bool is_in(const struct in6_addr *address,
		  const struct in6_addr *prefix, unsigned int bits)
{
	unsigned int bytes = bits / 8, rest = bits % 8;

	if (memcmp(address, prefix, bytes))
		return false;
	return !rest || !((address->s6_addr[bytes] ^ prefix->s6_addr[bytes]) >>
			  (8 - rest));
}

static void map_v4(const void *v4, struct in6_addr *address)
{
	memset(address, 0, sizeof(*address));
	memset(&address->s6_addr[10], 0xff, 2);
	memcpy(&address->s6_addr[12], v4, 4);
}

/* Sets *max to the bits that the family has. */
static bool parse(const char *text, struct in6_addr *address,
		  unsigned int *max)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		map_v4(&v4, address);
		*max = 32;
		return true;
	}
	*max = 128;
	return inet_pton(AF_INET6, text, address) == 1;
}

/* "10.0.0.0/8", or an address */
static bool parse_prefix(const char *text, struct address_rule *rule)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned int bits, max;
	char *end;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (!parse(address, &rule->prefix, &max))
		return false;
	bits = max;
	if (slash) {
		bits = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end || bits > max)
			return false;
	}
	rule->bits = bits + (max == 32 ? V4_BITS : 0);
	return true;
}

bool address_add(struct address_rules *rules, const char *text, bool allow)
{
	struct address_rule *grown, rule = { .allow = allow };

	errno = EINVAL;
	if (!parse_prefix(text, &rule))
		return false;
	grown = realloc(rules->rules, (rules->count + 1) * sizeof(*grown));
	if (!grown)
		return false;
	rules->rules = grown;
	rules->rules[rules->count++] = rule;
	return true;
}

void address_clear(struct address_rules *rules)
{
	free(rules->rules);
	memset(rules, 0, sizeof(*rules));
}

/* The prefix that decides: its bits, and what it says. */
struct match {
	int bits;
	const char *why;
};

static void match_builtin(const struct in6_addr *address, struct match *best)
{
	struct in6_addr prefix;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(builtin); i++) {
		inet_pton(AF_INET6, builtin[i].prefix, &prefix);
		if (!is_in(address, &prefix, builtin[i].bits) ||
		    (int)builtin[i].bits <= best->bits)
			continue;
		best->bits = builtin[i].bits;
		best->why = builtin[i].why;
	}
}

/* What listens there may trust who comes from here. */
static void match_own(const struct in6_addr *address, struct match *best)
{
	if (!own_has(address))
		return;
	best->why = "this-host";
	best->bits = 128;
}

static void match_rules(const struct address_rules *rules,
			const struct in6_addr *address, struct match *best)
{
	const struct address_rule *rule;

	for (rule = rules->rules; rule < rules->rules + rules->count; rule++) {
		/* Of two that are as long the later one decides. */
		if (!is_in(address, &rule->prefix, rule->bits) ||
		    (int)rule->bits < best->bits)
			continue;
		best->bits = rule->bits;
		best->why = rule->allow ? NULL : "denied";
	}
}

static const char *refused(const struct address_rules *rules,
			   const struct in6_addr *address)
{
	struct match best = { .bits = -1 };

	match_builtin(address, &best);
	if (!best.why)
		match_own(address, &best);
	match_rules(rules, address, &best);
	return best.why;
}

/* A refusal of what the address carries is one of the address. */
static const char *refused_carried(const struct address_rules *rules,
				   const struct in6_addr *address)
{
	struct in6_addr prefix, v4;
	const char *why = NULL;
	unsigned char bytes[4];
	size_t i, n;

	if (IN6_IS_ADDR_UNSPECIFIED(address) || IN6_IS_ADDR_LOOPBACK(address))
		return NULL;
	for (i = 0; !why && i < ARRAY_SIZE(carriers); i++) {
		inet_pton(AF_INET6, carriers[i].prefix, &prefix);
		if (!is_in(address, &prefix, carriers[i].bits))
			continue;
		for (n = 0; n < sizeof(bytes); n++)
			bytes[n] = address->s6_addr[carriers[i].at[n]] ^
				   carriers[i].mask;
		if (carriers[i].guess && !bytes[0])
			continue;
		map_v4(bytes, &v4);
		why = refused(rules, &v4);
	}
	return why;
}

static const char *refused_any(const struct address_rules *rules,
			       const struct in6_addr *address)
{
	const char *why = refused(rules, address);

	return why ? why : refused_carried(rules, address);
}

const char *address_refused(const struct address_rules *rules,
			    const struct sockaddr *address)
{
	struct in6_addr in6;

	switch (address->sa_family) {
	case AF_INET:
		map_v4(&((const struct sockaddr_in *)address)->sin_addr, &in6);
		return refused_any(rules, &in6);
	case AF_INET6:
		in6 = ((const struct sockaddr_in6 *)address)->sin6_addr;
		return refused_any(rules, &in6);
	default:
		return "no-internet";
	}
}

/* "192.0.2.1", "[::1]", "[fe80::1%25eth0]" */
static bool parse_host(const char *host, struct in6_addr *in6)
{
	char text[INET6_ADDRSTRLEN];
	unsigned int max;
	size_t len;

	if (*host == '[')
		host++;
	len = strcspn(host, "]%");
	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	return parse(text, in6, &max);
}

const char *address_refused_host(const struct address_rules *rules,
				 const char *host)
{
	struct in6_addr in6;

	return parse_host(host, &in6) ? refused_any(rules, &in6) : NULL;
}

bool address_is_in(const char *host, const char *prefix)
{
	struct address_rule rule;
	struct in6_addr in6;

	return parse_host(host, &in6) && parse_prefix(prefix, &rule) &&
	       is_in(&in6, &rule.prefix, rule.bits);
}

const char *address_text(const struct sockaddr *address, char *text,
			 size_t size)
{
	const void *bytes = address->sa_family == AF_INET ?
		(const void *)&((const struct sockaddr_in *)address)->sin_addr :
		&((const struct sockaddr_in6 *)address)->sin6_addr;

	return inet_ntop(address->sa_family, bytes, text, size) ? text : "?";
}
