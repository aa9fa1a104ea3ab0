// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The commands: what they are called, take and say of themselves. */
#include "ocspctl.h"

const struct command commands[] = {
	{
		.name = "show",
		.run = cmd_show,
		.synopsis = "[CERT]",
		.description =
		"show all entries of the store, or those of one certificate",
		.details =
		"  -v, --verbose  whole keys and subjects\n"
		"  --state STATE[,STATE]...\n"
		"                 entries in one of these states\n"
		"  --expires-within SPAN\n"
		"                 entries whose response expires within that time, or has\n"
		"                 expired: 90s, 15min, 2h, 3d\n"
		"  --newer-than GENERATION\n"
		"                 entries whose response was stored after that one\n"
		"  --sort ORDER   by key, expires, failures, stored or subject\n"
		"  --count        print only the number of entries\n"
		"If CERT is a name: all certificates that have it.\n",
		.options = "jvsegSC",
		.max_args = 1,
	}, {
		.name = "get",
		.run = cmd_get,
		.synopsis = "CERT [-o FILE]",
		.description =
		"write the DER response to FILE or standard output",
		.details =
		"  -o, --output FILE\n"
		"                 replaced atomically\n",
		.options = "jo",
		.min_args = 1,
		.max_args = 1,
	}, {
		.name = "add",
		.run = cmd_add,
		.synopsis = "CERT [--issuer FILE] [--keep] [--no-wait]",
		.description =
		"add a certificate, and wait for its first response",
		.details =
		"  --issuer FILE  where the issuer's certificate is, if not in CERT\n"
		"  --keep         hold it permanently, until \"ocspctl unkeep\"\n"
		"  --no-wait      do not wait for the first response\n"
		"CERT must be a file.\n",
		.options = "jwip",
		.min_args = 1,
		.max_args = 1,
	}, {
		.name = "set",
		.run = cmd_set,
		.synopsis = "CERT [--issuer FILE] RESPONSE",
		.description = "verify the response in a DER file and store it",
		.details =
		"  --issuer FILE  where the issuer's certificate is, if not in CERT\n"
		"If CERT is a key or a name, the certificates come from the store.\n",
		.options = "ji",
		.min_args = 2,
		.max_args = 2,
	}, {
		.name = "del",
		.run = cmd_del,
		.synopsis = "CERT",
		.description =
		"withdraw a response: servers stop stapling it",
		.details = "",
		.options = "j",
		.min_args = 1,
		.max_args = 1,
	}, {
		.name = "refresh",
		.run = cmd_refresh,
		.synopsis = "CERT|--all [--no-cache] [--no-wait]",
		.description = "make ocspd request new responses now, and wait for them",
		.details =
		"  --all          all certificates that ocspd refreshes\n"
		"  --no-cache     bypass caches on the way to the responder\n"
		"  --no-wait      do not wait for the results\n",
		.options = "jwna",
		.max_args = 1,
	}, {
		.name = "test-fetch",
		.run = cmd_test_fetch,
		.synopsis = "CERT [--no-cache]",
		.description = "make ocspd request a response, and store nothing",
		.details =
		"  --no-cache     bypass caches on the way to the responder\n",
		.options = "jn",
		.min_args = 1,
		.max_args = 1,
	}, {
		.name = "unkeep",
		.run = cmd_unkeep,
		.synopsis = "CERT",
		.description = "undo add --keep",
		.details = "",
		.options = "",
		.min_args = 1,
		.max_args = 1,
	}, {
		.name = "monitor",
		.run = cmd_monitor,
		.synopsis = "",
		.description =
		"print the events of the store, until interrupted",
		.details =
		"The events \"wanted\" require CAP_NET_ADMIN.\n",
		.options = "j",
	}, {
		.name = "status",
		.run = cmd_status,
		.synopsis = "",
		.description = "summarise all entries on one screen",
		.details = "",
		.options = "j",
	}, {
		.name = "top",
		.run = cmd_top,
		.synopsis = "[--interval SPAN]",
		.description =
		"show the status continuously, until q is pressed",
		.details =
		"  --interval SPAN\n"
		"                 the interval (2s)\n",
		.options = "I",
	}, {
		.name = "check",
		.run = cmd_check,
		.synopsis = "HOST:PORT [--starttls PROTOCOL] [--servername NAME]",
		.description = "check what a TLS server staples",
		.details =
		"  --starttls PROTOCOL\n"
		"                 smtp, lmtp, imap, pop3, ftp, nntp, sieve, ldap,\n"
		"                 postgres or mysql\n"
		"  --servername NAME\n"
		"                 ask for this name instead of HOST\n"
		"  --key-type TYPE\n"
		"                 accept only certificates with a key of this type:\n"
		"                 rsa, ecdsa, ed25519\n"
		"  --issuer FILE  search the issuer's certificate here, too\n"
		"  --warn SPAN    warn of a staple that expires within this time (24h)\n"
		"  --crit SPAN    the same for critical (2h)\n"
		"  --timeout SPAN the limit for the whole check (10s)\n"
		"Exit status: 0 OK, 1 warning, 2 critical, 3 unknown.\n",
		.options = "jTNkiWKt",
		.min_args = 1,
		.max_args = 1,
		.error_status = CHECK_UNKNOWN,
	}, {
		.name = "check-store",
		.run = cmd_check_store,
		.synopsis = "[--warn SPAN] [--crit SPAN]",
		.description = "check all entries, for a monitoring system",
		.details =
		"  --warn SPAN    warn of responses that expire within this time (24h)\n"
		"  --crit SPAN    the same for critical (2h)\n"
		"Exit status: 0 OK, 1 warning, 2 critical, 3 unknown.\n",
		.options = "jWK",
		.error_status = CHECK_UNKNOWN,
	}, {
		.name = "server",
		.run = cmd_server,
		.synopsis = "list | enable NAME | disable NAME | check NAME [HOST:PORT]",
		.description =
		"make a TLS server staple from the store, or undo that",
		.details =
		"  --dry-run      only print what enable or disable would do\n"
		"  --root DIR     act on the files below this directory, and run no command\n"
		"\"check\" takes the options of ocspctl check, and has its exit status.\n",
		.options = "jdrTNkiWKt",
		.min_args = 1,
		.max_args = 3,
	}, {
		.name = "stats",
		.run = cmd_stats,
		.synopsis = "",
		.description =
		"show the use of each limit, and counters",
		.details =
		"The number of sessions requires CAP_NET_ADMIN.\n",
		.options = "j",
	}, {
		.name = "verify",
		.run = cmd_verify,
		.synopsis = "--cert CERT --issuer ISSUER [--at TIME] RESPONSE",
		.description =
		"verify the response in a DER file; needs no kernel module",
		.details =
		"  --cert FILE    the certificate that it is for\n"
		"  --issuer FILE  the certificate that issued that one\n"
		"  --at TIME      as of this time: 2026-11-30[T12:00[:00]][Z] in UTC,\n"
		"                 or @SECONDS since 1970\n",
		.options = "jciA",
		.min_args = 1,
		.max_args = 1,
	},
	{ }
};
