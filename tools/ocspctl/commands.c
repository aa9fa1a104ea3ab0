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
		"tell what the store keeps, of all or of one certificate",
		.details =
		"  -v, --verbose  whole keys and subjects\n"
		"  --state STATE[,STATE]...\n"
		"                 those in one of these states\n"
		"  --expires-within SPAN\n"
		"                 those whose response ends before that is over, or has\n"
		"                 ended: 90s, 15min, 2h, 3d\n"
		"  --newer-than GENERATION\n"
		"                 those whose response was stored after that one\n"
		"  --sort ORDER   by key, expires, failures, stored or subject\n"
		"  --count        tell only how many there are\n"
		"With a name for CERT: all certificates that have it.\n",
		.options = "jvsegSC",
		.max_args = 1,
	}, {
		.name = "get",
		.run = cmd_get,
		.synopsis = "CERT [-o FILE]",
		.description =
		"write the response, in DER, to FILE or standard output",
		.details =
		"  -o, --output FILE\n"
		"                 replaced at once, when all is written\n",
		.options = "jo",
		.min_args = 1,
		.max_args = 1,
	}, {
		.name = "add",
		.run = cmd_add,
		.synopsis = "CERT [--issuer FILE] [--keep] [--no-wait]",
		.description =
		"ask for a response to be fetched, and wait for it",
		.details =
		"  --issuer FILE  where the issuer's certificate is, if not in CERT\n"
		"  --keep         let ocspd hold it from now on, until \"unkeep\"\n"
		"  --no-wait      do not wait for the first response\n"
		"CERT is a file here.\n",
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
		"With a key or name for CERT the certificates are those of the store.\n",
		.options = "ji",
		.min_args = 2,
		.max_args = 2,
	}, {
		.name = "del",
		.run = cmd_del,
		.synopsis = "CERT",
		.description =
		"withdraw a response; nobody is served it any more",
		.details = "",
		.options = "j",
		.min_args = 1,
		.max_args = 1,
	}, {
		.name = "refresh",
		.run = cmd_refresh,
		.synopsis = "CERT|--all [--no-cache] [--no-wait]",
		.description = "let ocspd ask for new responses now, and wait for them",
		.details =
		"  --all          of all certificates that it refreshes\n"
		"  --no-cache     caches on the way have to ask the responder\n"
		"  --no-wait      do not wait for what comes\n",
		.options = "jwna",
		.max_args = 1,
	}, {
		.name = "test-fetch",
		.run = cmd_test_fetch,
		.synopsis = "CERT [--no-cache]",
		.description = "let ocspd ask as for a refresh, and store nothing",
		.details =
		"  --no-cache     caches on the way have to ask the responder\n",
		.options = "jn",
		.min_args = 1,
		.max_args = 1,
	}, {
		.name = "unkeep",
		.run = cmd_unkeep,
		.synopsis = "CERT",
		.description = "let ocspd no longer hold what was added with --keep",
		.details = "",
		.options = "",
		.min_args = 1,
		.max_args = 1,
	}, {
		.name = "monitor",
		.run = cmd_monitor,
		.synopsis = "",
		.description =
		"print what happens in the store, until interrupted",
		.details =
		"What is wanted from a refresher is shown to the privileged only.\n",
		.options = "j",
	}, {
		.name = "status",
		.run = cmd_status,
		.synopsis = "",
		.description = "tell on one screen how all entries are",
		.details = "",
		.options = "j",
	}, {
		.name = "top",
		.run = cmd_top,
		.synopsis = "[--interval SPAN]",
		.description =
		"show the status and keep it up to date, until q is pressed",
		.details =
		"  --interval SPAN\n"
		"                 read the store that often (2s)\n",
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
		"                 accept certificates with a key of this type only:\n"
		"                 rsa, ecdsa, ed25519\n"
		"  --issuer FILE  where the issuer's certificate may be, too\n"
		"  --warn SPAN    warn of a staple that ends within this time (24h)\n"
		"  --crit SPAN    the same for critical (2h)\n"
		"  --timeout SPAN for all of it (10s)\n"
		"Exit status here: 0 OK, 1 warning, 2 critical, 3 unknown.\n",
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
		"  --warn SPAN    warn of responses that end within this time (24h)\n"
		"  --crit SPAN    the same for critical (2h)\n"
		"Exit status here: 0 OK, 1 warning, 2 critical, 3 unknown.\n",
		.options = "jWK",
		.error_status = CHECK_UNKNOWN,
	}, {
		.name = "server",
		.run = cmd_server,
		.synopsis = "list | enable NAME | disable NAME | check NAME [HOST:PORT]",
		.description =
		"make a TLS server staple from the store, or take that back",
		.details =
		"  --dry-run      only tell what enable or disable would do\n"
		"  --root DIR     change the host below this directory; runs no command\n"
		"\"check\" takes the options of ocspctl check, and has its exit status.\n",
		.options = "jdrTNkiWKt",
		.min_args = 1,
		.max_args = 3,
	}, {
		.name = "stats",
		.run = cmd_stats,
		.synopsis = "",
		.description =
		"tell what is used of each limit, and what has happened",
		.details =
		"How many sessions there are is told to the privileged only.\n",
		.options = "j",
	}, {
		.name = "verify",
		.run = cmd_verify,
		.synopsis = "--cert CERT --issuer ISSUER [--at TIME] RESPONSE",
		.description =
		"verify the response in a DER file; needs no kernel module",
		.details =
		"  --cert FILE    the certificate that it is about\n"
		"  --issuer FILE  the certificate that issued that\n"
		"  --at TIME      as of then: 2026-11-30[T12:00[:00]][Z] in UTC,\n"
		"                 or @SECONDS since 1970\n",
		.options = "jciA",
		.min_args = 1,
		.max_args = 1,
	},
	{ }
};
