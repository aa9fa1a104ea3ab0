// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl: the administrator's view of the kernel's OCSP response store. */
#include <locale.h>
#include <string.h>

#include "ocspctl.h"

static const char exit_help[] =
"Exit status: 0 good or done, 1 error, 2 revoked, 3 unknown to its issuer,\n"
"4 response refused, 5 certificate without OCSP URL, 6 no response yet.\n";

static void print_usage(FILE *to)
{
	const struct command *cmd;

	fputs("usage: ocspctl [-j] COMMAND ...\n\n", to);
	for (cmd = commands; cmd->name; cmd++)
		fprintf(to, "  %-11s %s\n", cmd->name, cmd->description);
	fprintf(to, "\n"
		"CERT is a file, PEM (the server's certificate, then its issuer's) or DER; or a\n"
		"key, the SHA-256 of the certificate, or its first digits (4 or more) if they are\n"
		"unique; or a name of a certificate in the store: a DNS name, an IP address or\n"
		"the subject.\n"
		"  -j, --json     print JSON\n"
		"  -h, --help     print this text, or that of a command\n"
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
	printf("usage: ocspctl %s%s%s%s\n\n%c%s.\n",
	       strchr(cmd->options, 'j') ? "[-j] " : "", cmd->name,
	       *cmd->synopsis ? " " : "", cmd->synopsis,
	       cmd->description[0] - 'a' + 'A', cmd->description + 1);
	fputs(cmd->details, stdout);
	if (strchr(cmd->options, 'j'))
		puts("  -j, --json     print JSON");
	/* A check has its own, among the details. */
	if (!cmd->error_status)
		fputs(exit_help, stdout);
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
		return cmd->error_status ? cmd->error_status : EXIT_ERROR;
	status = cmd->run(&args);
	flushed = finish_output();
	if (flushed && cmd->error_status)
		return cmd->error_status;
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
	if (wants_help && argv[i + 1])
		return error("help: '%s' is one argument too many (see ocspctl --help)",
			     argv[i + 1]);
	return wants_help ? help(cmd) : run(cmd, json, argc - i, argv + i);
}
