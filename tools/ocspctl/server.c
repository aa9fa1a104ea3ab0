// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* ocspctl server */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

/* Some units are up before their server listens, such as that of Postfix. */
#define LISTEN_MS	5000

static const struct server *find_server(const char *name)
{
	const struct server *server;

	for (server = servers; server->name; server++)
		if (!strcmp(server->name, name))
			return server;
	error("server: '%s' is not a known server (see ocspctl server list)",
	      name);
	return NULL;
}

/* list */

static const char *state_of(const struct server *server, const struct act *act)
{
	if (!server->mechanism->is_installed(server, act))
		return "not installed";
	return server->mechanism->is_enabled(server, act) ? "enabled" :
							    "disabled";
}

static json_t *server_json(const struct server *server, const struct act *act)
{
	json_t *o = json_new();

	json_add(o, "name", json_text(server->name));
	json_add(o, "unit", json_text(server->unit));
	json_add(o, "how", json_text(server->how));
	json_add(o, "state", json_text(state_of(server, act)));
	json_add(o, "address", json_text(server->address));
	json_add(o, "starttls", json_text(server->starttls));
	return o;
}

static int list(const struct args *args, const struct act *act)
{
	json_t *array = args->json ? json_new_array() : NULL;
	const struct server *server;

	for (server = servers; server->name; server++) {
		if (!array)
			printf("%-14s %-14s %-12s %s\n", server->name,
			       state_of(server, act), server->how,
			       server->unit);
		else if (json_array_append_new(array,
					       server_json(server, act)))
			no_memory();
	}
	if (array)
		json_print(array, false);
	return EXIT_OK;
}

/* check */

static int check(const struct server *server, const struct args *args)
{
	struct args checked = *args;
	char *address = args->argc > 2 ? args->argv[2] :
					 (char *)server->address;

	if (!address)
		return error("server: %s: it has no usual address, use ocspctl check HOST:PORT",
			     server->name);
	checked.argc = 1;
	checked.argv = &address;
	if (!checked.starttls && args->argc < 3)
		checked.starttls = server->starttls;
	return cmd_check(&checked);
}

/* enable, disable */

static void check_enabled(const struct server *server, const struct args *args,
			  const struct act *act)
{
	const char *const argv[] = { "systemctl", "is-active", server->unit,
				     NULL };
	char *state = act_ask(act, argv);
	struct args checked = *args;

	if (state && !strcmp(state, "active")) {
		checked.patience_ms = LISTEN_MS;
		check(server, &checked);
	} else {
		printf("%s is not running, so it was not checked\n",
		       server->unit);
	}
	free(state);
}

static int set(const struct server *server, const struct args *args,
	       const struct act *act, bool enable)
{
	const struct mechanism *m = server->mechanism;
	int status;

	if (!m->is_installed(server, act))
		return error("server: %s is not installed", server->name);
	status = enable ? m->enable(server, act) : m->disable(server, act);
	if (!status && enable && server->note)
		printf("%s: %s\n", server->name, server->note);
	/* What it staples is another question, which is answered all the same. */
	if (!status && enable && !act->dry_run && !*act->root &&
	    server->address)
		check_enabled(server, args, act);
	return status;
}

int cmd_server(const struct args *args)
{
	struct act act = {
		.root = args->root ? args->root : "",
		.dry_run = args->dry_run,
	};
	const char *verb = args->argv[0];
	const struct server *server;
	bool enable = !strcmp(verb, "enable");

	if (!strcmp(verb, "list"))
		return args->argc == 1 ? list(args, &act) :
		       error("server: list takes no argument");
	if (!enable && strcmp(verb, "disable") && strcmp(verb, "check"))
		return error("server: '%s' is not list, enable, disable or check",
			     verb);
	if (args->argc < 2)
		return error("server: %s needs the NAME of a server (see ocspctl server list)",
			     verb);
	server = find_server(args->argv[1]);
	if (!server)
		return EXIT_ERROR;
	if (!strcmp(verb, "check"))
		return check(server, args);
	if (args->argc > 2)
		return error("server: '%s' is one argument too many",
			     args->argv[2]);
	return set(server, args, &act, enable);
}
