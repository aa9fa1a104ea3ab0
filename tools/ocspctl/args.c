// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The command line behind the command's name. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ocspctl.h"

static const struct option all_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "no-wait", no_argument, NULL, 'w' },
	{ "output", required_argument, NULL, 'o' },
	{ "cert", required_argument, NULL, 'c' },
	{ "issuer", required_argument, NULL, 'i' },
	{ "at", required_argument, NULL, 'A' },
	{ "state", required_argument, NULL, 's' },
	{ "expires-within", required_argument, NULL, 'e' },
	{ "newer-than", required_argument, NULL, 'g' },
	{ "sort", required_argument, NULL, 'S' },
	{ "count", no_argument, NULL, 'C' },
	{ "warn", required_argument, NULL, 'W' },
	{ "crit", required_argument, NULL, 'K' },
	{ "interval", required_argument, NULL, 'I' },
	{ "starttls", required_argument, NULL, 'T' },
	{ "servername", required_argument, NULL, 'N' },
	{ "key-type", required_argument, NULL, 'k' },
	{ "timeout", required_argument, NULL, 't' },
	{ "no-cache", no_argument, NULL, 'n' },
	{ "all", no_argument, NULL, 'a' },
	{ "keep", no_argument, NULL, 'p' },
	{ "dry-run", no_argument, NULL, 'd' },
	{ "root", required_argument, NULL, 'r' },
};

#define OPTIONS		ARRAY_SIZE(all_options)

/* Those that one letter is enough for. */
static const char letters[] = "hjvo";

/* Those that the command takes, for getopt_long(). */
static void choose_options(const struct command *cmd,
			   struct option chosen[OPTIONS + 1],
			   char text[2 * OPTIONS + 2])
{
	size_t i, n = 0;

	*text++ = ':';		/* we say ourselves what is wrong */
	for (i = 0; i < OPTIONS; i++) {
		if (all_options[i].val != 'h' &&
		    !strchr(cmd->options, all_options[i].val))
			continue;
		chosen[n++] = all_options[i];
		if (!strchr(letters, all_options[i].val))
			continue;
		*text++ = all_options[i].val;
		if (all_options[i].has_arg == required_argument)
			*text++ = ':';
	}
	*text = '\0';
	memset(&chosen[n], 0, sizeof(chosen[n]));
}

static void take_option(struct args *args, int option)
{
	switch (option) {
	case 'j':
		args->json = true;
		break;
	case 'v':
		args->verbose = true;
		break;
	case 'w':
		args->no_wait = true;
		break;
	case 'o':
		args->out = optarg;
		break;
	case 'c':
		args->cert = optarg;
		break;
	case 'i':
		args->issuer = optarg;
		break;
	case 'A':
		args->at = optarg;
		break;
	case 's':
		args->states = optarg;
		break;
	case 'e':
		args->expires_within = optarg;
		break;
	case 'g':
		args->newer_than = optarg;
		break;
	case 'S':
		args->sort = optarg;
		break;
	case 'C':
		args->count = true;
		break;
	case 'W':
		args->warn = optarg;
		break;
	case 'K':
		args->crit = optarg;
		break;
	case 'I':
		args->interval = optarg;
		break;
	case 'T':
		args->starttls = optarg;
		break;
	case 'N':
		args->servername = optarg;
		break;
	case 'k':
		args->key_type = optarg;
		break;
	case 't':
		args->timeout = optarg;
		break;
	case 'n':
		args->no_cache = true;
		break;
	case 'a':
		args->all = true;
		break;
	case 'p':
		args->keep = true;
		break;
	case 'd':
		args->dry_run = true;
		break;
	case 'r':
		args->root = optarg;
		break;
	}
}

static int bad_option(const struct command *cmd, int option, char **argv)
{
	const char *fault = option == ':' ? "needs an argument" :
					    "is no option that it takes";
	/* argv[optind] is the next word when getopt is done with a long one. */
	const char *word = argv[optind - 1];
	char letter[] = { '-', optopt, '\0' };

	error("%s: '%s' %s (see ocspctl %s --help)", cmd->name,
	      strncmp(word, "--", 2) ? letter : word, fault, cmd->name);
	return PARSE_ERROR;
}

int parse_args(const struct command *cmd, int argc, char **argv,
	       struct args *args)
{
	struct option chosen[OPTIONS + 1];
	char text[2 * OPTIONS + 2];
	int option;

	choose_options(cmd, chosen, text);
	opterr = 0;
	while ((option = getopt_long(argc, argv, text, chosen, NULL)) != -1) {
		if (option == 'h')
			return PARSE_HELP;
		if (option == '?' || option == ':')
			return bad_option(cmd, option, argv);
		take_option(args, option);
	}
	args->argc = argc - optind;
	args->argv = argv + optind;
	if (args->argc > cmd->max_args) {
		error("%s: '%s' is one argument too many (see ocspctl %s --help)",
		      cmd->name, args->argv[cmd->max_args], cmd->name);
		return PARSE_ERROR;
	}
	if (args->argc < cmd->min_args) {
		error("%s needs %s (see ocspctl %s --help)", cmd->name,
		      cmd->synopsis, cmd->name);
		return PARSE_ERROR;
	}
	return PARSE_OK;
}

bool parse_time(const char *text, int64_t *when)
{
	static const char *const formats[] = {
		"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M",
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d",
	};
	const char *end;
	char *number_end;
	struct tm tm;
	size_t i;

	if (*text == '@') {
		errno = 0;
		*when = strtoll(text + 1, &number_end, 10);
		return !errno && number_end != text + 1 && !*number_end;
	}
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		memset(&tm, 0, sizeof(tm));
		end = strptime(text, formats[i], &tm);
		if (!end)
			continue;
		*when = timegm(&tm);
		if (!*end || !strcmp(end, "Z") || !strcmp(end, " UTC"))
			return true;
	}
	return false;
}

/* 0: there is no such unit. */
static int64_t unit_seconds(const char *unit)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {
		{ "", 1 }, { "s", 1 }, { "min", 60 }, { "h", 3600 },
		{ "d", 86400 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(unit, units[i].name))
			return units[i].seconds;
	return 0;
}

bool parse_span(const char *text, int64_t *seconds)
{
	int64_t number, unit;
	char *end;

	errno = 0;
	number = strtoll(text, &end, 10);
	unit = unit_seconds(end);
	return !errno && end != text && number >= 0 && unit &&
	       !__builtin_mul_overflow(number, unit, seconds);
}

bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return !errno && end != text && !*end && *text != '-';
}
