// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The addresses of this host, see own.h. */
#include <ifaddrs.h>
#include <stddef.h>
#include <string.h>

#include "clock.h"
#include "own.h"

/* ms for which an answer of the kernel's is used: there is one for each URL. */
#define FRESH	5000

static struct ifaddrs *addresses;
static int64_t asked;

void own_forget(void)
{
	if (addresses)
		freeifaddrs(addresses);
	addresses = NULL;
}

static bool is_same(const struct sockaddr *own, const struct in6_addr *address)
{
	const struct sockaddr_in6 *in6 = (const void *)own;
	const struct sockaddr_in *in = (const void *)own;

	if (own->sa_family == AF_INET6)
		return IN6_ARE_ADDR_EQUAL(&in6->sin6_addr, address);
	return own->sa_family == AF_INET && IN6_IS_ADDR_V4MAPPED(address) &&
	       !memcmp(&address->s6_addr[12], &in->sin_addr, 4);
}

bool own_has(const struct in6_addr *address)
{
	const struct ifaddrs *own;

	if (!addresses || clock_ms() - asked > FRESH) {
		own_forget();
		asked = clock_ms();
		if (getifaddrs(&addresses))
			addresses = NULL;
	}
	for (own = addresses; own; own = own->ifa_next)
		if (own->ifa_addr && is_same(own->ifa_addr, address))
			return true;
	return false;
}
