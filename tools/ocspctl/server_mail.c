// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* Postfix and Dovecot, which choose what environment their processes get. */
#include <stdlib.h>
#include <string.h>

#include "server.h"

/*
 * Postfix: import_environment of main.cf, by postconf(1). Not tls_config_file:
 * with that there is no TLS when the module's file is missing.
 */

static const char postfix_ours[] = " OPENSSL_CONF=" OPENSSL_CONF;

/* "import_environment = ..." as main.cf has it, "", or NULL: postconf fails */
static char *postfix_setting(const struct act *act)
{
	static const char *const argv[] = { "postconf", "-n",
					    "import_environment", NULL };

	return act_ask(act, argv);
}

/* What we make of the default. NULL: postconf fails. free() it. */
static char *postfix_wanted(const struct act *act)
{
	static const char *const argv[] = { "postconf", "-d",
					    "import_environment", NULL };
	char *plain = act_ask(act, argv), *wanted = NULL;

	if (plain && asprintf(&wanted, "%s%s", plain, postfix_ours) < 0)
		no_memory();
	free(plain);
	return wanted;
}

static bool postfix_is_enabled(const struct server *server,
			       const struct act *act)
{
	char *have = postfix_setting(act);
	bool enabled = have && strstr(have, postfix_ours);

	(void)server;
	free(have);
	return enabled;
}

static int postfix_set(const struct act *act, const char *setting)
{
	const char *const argv[] = { "postconf", "-e", setting, NULL };

	return act_run(act, argv);
}

static int postfix_enable(const struct server *server, const struct act *act)
{
	char *have = postfix_setting(act), *wanted = postfix_wanted(act);
	int status = EXIT_OK;

	if (*act->root)
		status = error("postfix: postconf(1) does not work below --root");
	else if (!have || !wanted)
		status = error("postfix: postconf fails");
	else if (!*have)
		status = postfix_set(act, wanted);
	else if (!strstr(have, postfix_ours))
		status = error("postfix: main.cf sets import_environment: add%s there",
			       postfix_ours);
	free(have);
	free(wanted);
	return status ? status : server_restart(server, act);
}

static int postfix_disable(const struct server *server, const struct act *act)
{
	static const char *const argv[] = { "postconf", "-X",
					    "import_environment", NULL };
	char *have = postfix_setting(act), *wanted = postfix_wanted(act);
	bool is_set = have && strstr(have, postfix_ours);
	int status = EXIT_OK;

	if (is_set && wanted && !strcmp(have, wanted))
		status = act_run(act, argv);
	else if (is_set)
		status = error("postfix: import_environment in main.cf was changed, so it stays");
	free(have);
	free(wanted);
	return status || !is_set ? status : server_restart(server, act);
}

const struct mechanism postfix = {
	server_has_unit, postfix_is_enabled, postfix_enable, postfix_disable,
};

/* Dovecot: its processes get the environment that a setting names */

static const char dovecot_file[] = "/etc/dovecot/conf.d/99-ktls-ocsp.conf";
static const char dovecot_23[] = HEAD
	"import_environment = $import_environment OPENSSL_CONF=" OPENSSL_CONF "\n";
static const char dovecot_24[] = HEAD
	"import_environment {\n  OPENSSL_CONF = " OPENSSL_CONF "\n}\n";

/* Its own configuration says which syntax that is in. */
static const char *dovecot_text(const struct act *act)
{
	char *conf = act_read(act, "/etc/dovecot/dovecot.conf");
	bool is_24 = conf && strstr(conf, "dovecot_config_version");

	free(conf);
	return is_24 ? dovecot_24 : dovecot_23;
}

static bool dovecot_is_enabled(const struct server *server,
			       const struct act *act)
{
	(void)server;
	return act_exists(act, dovecot_file);
}

static int dovecot_enable(const struct server *server, const struct act *act)
{
	int status = act_write_own(act, dovecot_file, dovecot_text(act));

	return status ? status : server_restart(server, act);
}

static int dovecot_disable(const struct server *server, const struct act *act)
{
	int status = act_remove_own(act, dovecot_file, dovecot_text(act));

	return status ? status : server_restart(server, act);
}

const struct mechanism dovecot = {
	server_has_unit, dovecot_is_enabled, dovecot_enable, dovecot_disable,
};
