/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * Which addresses a certificate may send us to. Who issues a certificate
 * chooses the URL in it: it must not be a way to reach what only this host
 * can reach.
 */
#ifndef OCSPD_ADDRESS_H
#define OCSPD_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Prefixes that the configuration allows or denies; zeroed: none. */
struct address_rules {
	struct address_rule *rules;
	size_t count;
};

/*
 * Add one prefix, "10.0.0.0/8", or an address. False: it is none, or there is
 * no memory.
 */
bool address_add(struct address_rules *rules, const char *text, bool allow);
void address_clear(struct address_rules *rules);

/*
 * Why the address is refused, in one word ("loopback", ...); NULL when it is
 * not. The longest prefix that it is in decides; what the configuration says
 * of a prefix goes before what is built in.
 */
const char *address_refused(const struct address_rules *rules,
			    const struct sockaddr *address);

/* The same for the host of a URL; NULL too when it is a name. */
const char *address_refused_host(const struct address_rules *rules,
				 const char *host);

/*
 * Is the host of a URL an address in that prefix, which is as in address_add()?
 * False too when one of them is neither.
 */
bool address_is_in(const char *host, const char *prefix);

/* The address without the port, for people. */
const char *address_text(const struct sockaddr *address, char *text,
			 size_t size);

#endif /* OCSPD_ADDRESS_H */
