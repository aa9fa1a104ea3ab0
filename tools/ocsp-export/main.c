// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocsp-export: give what the kernel's store serves to servers that cannot ask it. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <systemd/sd-daemon.h>

#include "export.h"

#define CONFIGURATION	SYSCONFDIR "/ktls-ocsp/export.conf"

static const char usage[] =
"usage: ocsp-export [-f FILE] [--check-config]\n"
"\n"
"Copies the OCSP responses of the kernel's store to TLS servers that cannot read\n"
"it: as files, to HAProxy, or as a responder. See ocsp-export(8).\n"
"\n"
"  -f, --file FILE  read FILE instead of " CONFIGURATION "\n"
"  --check-config   only read the configuration\n"
"  -h, --help\n"
"  -V, --version\n";

static void handle_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (sd_event_default(&loop) < 0 ||
	    sd_event_add_signal(loop, NULL, SIGINT, NULL, NULL) < 0 ||
	    sd_event_add_signal(loop, NULL, SIGTERM, NULL, NULL) < 0)
		no_memory();
	/* Where the unit wants it */
	sd_event_set_watchdog(loop, true);
}

static int run(struct target *targets)
{
	int err;

	handle_signals();
	err = follow_start(targets);
	if (!err) {
		sd_notify(0, "READY=1");
		err = sd_event_loop(loop);
		sd_notify(0, "STOPPING=1");
	}
	if (err < 0)
		log_text(LOG_ERR, "ends: %s", strerror(-err));
	follow_stop();
	return err < 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "check-config", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ }
	};
	const char *file = CONFIGURATION;
	bool check = false;
	struct target *targets;
	int option, status = 0;

	while ((option = getopt_long(argc, argv, "f:hV", options, NULL)) != -1) {
		switch (option) {
		case 'f':
			file = optarg;
			break;
		case 'c':
			check = true;
			break;
		case 'V':
			puts("ocsp-export " VERSION);
			return 0;
		default:
			fputs(usage, option == 'h' ? stdout : stderr);
			return option != 'h';
		}
	}
	if (optind < argc) {
		fprintf(stderr, "ocsp-export: '%s' is one argument too many\n",
			argv[optind]);
		return 1;
	}
	targets = config_read(file);
	if (!targets)
		return 1;
	if (!check)
		status = run(targets);
	config_free(targets);
	sd_event_unref(loop);
	return status;
}
