// SPDX-License-Identifier: GPL-2.0-or-later
/* ocspctl: the administrator's view of the kernel's OCSP response store. */
#include <locale.h>
#include <string.h>

#include "ocspctl.h"

const struct command commands[] = {
	{
		"show", cmd_show, "[CERT]",
		"tell what the store keeps, of all or of one certificate",
		"  -v, --verbose  whole keys and subjects\n"
		"  --state STATE[,STATE]...\n"
		"                 those in one of these states\n"
		"  --expires-within SPAN\n"
		"                 those whose response ends before that is over, or has\n"
		"                 ended: 90s, 15min, 2h, 3d\n"
		"  --newer-than GENERATION\n"
		"                 those whose response was stored after that one\n",
		"jvseg", 0, 1,
	}, {
		"get", cmd_get, "CERT [-o FILE]",
		"write the response, in DER, to FILE or standard output",
		"  -o, --output FILE\n"
		"                 replaced at once, when all is written\n",
		"jo", 1, 1,
	}, {
		"add", cmd_add, "CERT [--no-wait]",
		"ask for a response to be fetched, and wait for it",
		"  --no-wait      do not wait for the first response\n"
		"CERT is a file here, with the issuer's certificate.\n",
		"jw", 1, 1,
	}, {
		"set", cmd_set, "CERT RESPONSE",
		"verify the response in a DER file and store it",
		"With a key for CERT the certificates are those of the store.\n",
		"j", 2, 2,
	}, {
		"del", cmd_del, "CERT",
		"withdraw a response; nobody is served it any more",
		"", "j", 1, 1,
	}, {
		"monitor", cmd_monitor, "",
		"print what happens in the store, until interrupted",
		"What is wanted from a refresher is shown to the privileged only.\n",
		"j", 0, 0,
	}, {
		"stats", cmd_stats, "",
		"tell what is used of each limit, and what has happened",
		"How many sessions there are is told to the privileged only.\n",
		"j", 0, 0,
	}, {
		"verify", cmd_verify,
		"--cert CERT --issuer ISSUER [--at TIME] RESPONSE",
		"verify the response in a DER file; needs no kernel module",
		"  --cert FILE    the certificate that it is about\n"
		"  --issuer FILE  the certificate that issued that\n"
		"  --at TIME      as of then: 2026-11-30[T12:00[:00]][Z] in UTC,\n"
		"                 or @SECONDS since 1970\n",
		"jciA", 1, 1,
	},
	{ }
};

static const char exit_help[] =
"Exit status: 0 good or done, 1 error, 2 revoked, 3 unknown to its issuer,\n"
"4 response refused, 5 certificate without OCSP URL, 6 no response yet.\n";

static void print_usage(FILE *to)
{
	const struct command *cmd;

	fputs("usage: ocspctl [-j] COMMAND ...\n\n", to);
	for (cmd = commands; cmd->name; cmd++)
		fprintf(to, "  %-8s %s\n", cmd->name, cmd->description);
	fprintf(to, "\n"
		"CERT is a file, PEM (leaf first, issuer next) or DER, or a key: the SHA-256\n"
		"of the certificate in 64 hex digits.\n"
		"  -j, --json     print JSON\n"
		"  -h, --help     this text, or a command's\n"
		"  -V, --version\n"
		"%s", exit_help);
}

static int print_version(void)
{
	puts("ocspctl " VERSION);
	return finish_output();
}

static int help(const struct command *cmd)
{
	if (!cmd) {
		print_usage(stdout);
		return finish_output();
	}
	printf("usage: ocspctl [-j] %s%s%s\n\n%c%s.\n", cmd->name,
	       *cmd->synopsis ? " " : "", cmd->synopsis,
	       cmd->description[0] - 'a' + 'A', cmd->description + 1);
	printf("%s  -j, --json     print JSON\n%s", cmd->details, exit_help);
	return finish_output();
}

static const struct command *find_command(const char *name)
{
	const struct command *cmd;

	for (cmd = commands; cmd->name; cmd++)
		if (!strcmp(cmd->name, name))
			return cmd;
	return NULL;
}

static bool is_option(const char *arg, const char *letter, const char *word)
{
	return !strcmp(arg, letter) || !strcmp(arg, word);
}

static int run(const struct command *cmd, bool json, int argc, char **argv)
{
	struct args args = { .json = json };
	int status, flushed;

	status = parse_args(cmd, argc, argv, &args);
	if (status == PARSE_HELP)
		return help(cmd);
	if (status)
		return EXIT_ERROR;
	status = cmd->run(&args);
	flushed = finish_output();
	return flushed ? flushed : status;
}

int main(int argc, char **argv)
{
	const struct command *cmd;
	bool json = false, wants_help;
	int i;

	/* Only what can be printed; numbers and dates are the same for all. */
	setlocale(LC_CTYPE, "");
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (is_option(argv[i], "-h", "--help"))
			return help(NULL);
		if (is_option(argv[i], "-V", "--version"))
			return print_version();
		if (!is_option(argv[i], "-j", "--json"))
			return error("unknown option '%s' (see ocspctl --help)",
				     argv[i]);
		json = true;
	}
	if (i == argc) {
		print_usage(stderr);
		return EXIT_ERROR;
	}
	wants_help = !strcmp(argv[i], "help");
	if (wants_help && ++i == argc)
		return help(NULL);
	cmd = find_command(argv[i]);
	if (!cmd)
		return error("unknown command '%s' (see ocspctl --help)",
			     argv[i]);
	return wants_help ? help(cmd) : run(cmd, json, argc - i, argv + i);
}
