// SPDX-License-Identifier: GPL-2.0-or-later
/* The servers, and how each is made to load OpenSSL's module (or another). */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

#define OPENSSL_CONF	SYSCONFDIR "/ktls-ocsp/openssl.cnf"
/* What each file of ours begins with, unless it is a copy */
#define HEAD		"# Written by ocspctl server enable: staple from the kernel's store.\n"

static int daemon_reload(const struct act *act)
{
	static const char *const argv[] = { "systemctl", "daemon-reload", NULL };

	return act_run(act, argv);
}

/* One that does not run has nothing to be restarted for. */
static int restart(const struct server *server, const struct act *act)
{
	const char *const argv[] = { "systemctl", "try-restart", server->unit,
				     NULL };

	return act_run(act, argv);
}

/* A unit, or an init script that systemd makes one of */
static bool has_unit(const struct server *server, const struct act *act)
{
	static const char *const dirs[] = {
		"/lib/systemd/system", "/usr/lib/systemd/system",
		"/etc/systemd/system",
	};
	bool found = false;
	char *path;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs) && !found; i++) {
		if (asprintf(&path, "%s/%s", dirs[i], server->unit) < 0)
			no_memory();
		found = act_exists(act, path);
		free(path);
	}
	if (found)
		return true;
	if (asprintf(&path, "/etc/init.d/%.*s",
		     (int)(strlen(server->unit) - strlen(".service")),
		     server->unit) < 0)
		no_memory();
	found = act_exists(act, path);
	free(path);
	return found;
}

/* A drop-in for the unit, which tools/servers has installed */

struct drop_in {
	char *path;
	char *text;			/* NULL: there is none for this unit */
};

static struct drop_in drop_in_of(const struct server *server,
				 const struct act *act)
{
	struct drop_in d;
	char *source;

	if (asprintf(&source, DROPINDIR "/%s.d/ktls-ocsp.conf",
		     server->unit) < 0 ||
	    asprintf(&d.path, "/etc/systemd/system/%s.d/ktls-ocsp.conf",
		     server->unit) < 0)
		no_memory();
	d.text = act_read(act, source);
	free(source);
	return d;
}

static void drop_in_clear(struct drop_in *d)
{
	free(d->path);
	free(d->text);
}

static int no_drop_in(const struct server *server)
{
	return error("%s: " DROPINDIR " has no drop-in for %s; is that part installed?",
		     server->name, server->unit);
}

static bool drop_in_is_enabled(const struct server *server,
			       const struct act *act)
{
	struct drop_in d = drop_in_of(server, act);
	bool enabled = act_exists(act, d.path);

	drop_in_clear(&d);
	return enabled;
}

/* change: act_write_own() or act_remove_own() */
static int drop_in_change(const struct server *server, const struct act *act,
			  int (*change)(const struct act *act, const char *path,
					const char *text))
{
	struct drop_in d = drop_in_of(server, act);
	int status = d.text ? change(act, d.path, d.text) : no_drop_in(server);

	if (!status)
		status = daemon_reload(act);
	if (!status)
		status = restart(server, act);
	drop_in_clear(&d);
	return status;
}

static int drop_in_enable(const struct server *server, const struct act *act)
{
	return drop_in_change(server, act, act_write_own);
}

static int drop_in_disable(const struct server *server, const struct act *act)
{
	return drop_in_change(server, act, act_remove_own);
}

static const struct mechanism drop_in = {
	has_unit, drop_in_is_enabled, drop_in_enable, drop_in_disable,
};

/* Postfix: a setting of main.cf, by postconf(1) */

static const char postfix_set[] = "tls_config_file = " OPENSSL_CONF;

/* What main.cf itself says, or "": the default */
static char *postfix_setting(const struct act *act)
{
	static const char *const argv[] = { "postconf", "-n",
					    "tls_config_file", NULL };

	return act_ask(act, argv);
}

static bool postfix_is_enabled(const struct server *server,
			       const struct act *act)
{
	char *have = postfix_setting(act);
	bool enabled = have && !strcmp(have, postfix_set);

	(void)server;
	free(have);
	return enabled;
}

/* 3.9, and the later ones of 3.5 to 3.8, have it. */
static bool postfix_has_setting(const struct act *act)
{
	static const char *const argv[] = { "postconf", "-d",
					    "tls_config_file", NULL };
	char *have = act_ask(act, argv);
	bool has = have && !strncmp(have, "tls_config_file", 15);

	free(have);
	return has;
}

static int postfix_enable(const struct server *server, const struct act *act)
{
	static const char *const argv[] = { "postconf", "-e", postfix_set,
					    NULL };
	char *have = postfix_setting(act);
	int status = EXIT_OK;

	if (*act->root)
		status = error("postfix: postconf(1) does not work below --root");
	else if (!have || !postfix_has_setting(act))
		status = error("postfix: postconf knows no tls_config_file");
	else if (*have && strcmp(have, postfix_set))
		status = error("postfix: main.cf has \"%s\" already", have);
	else if (!*have)
		status = act_run(act, argv);
	if (!status)
		status = restart(server, act);
	free(have);
	return status;
}

static int postfix_disable(const struct server *server, const struct act *act)
{
	static const char *const argv[] = { "postconf", "-X",
					    "tls_config_file", NULL };
	int status;

	if (!postfix_is_enabled(server, act))
		return EXIT_OK;
	status = act_run(act, argv);
	return status ? status : restart(server, act);
}

static const struct mechanism postfix = {
	has_unit, postfix_is_enabled, postfix_enable, postfix_disable,
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

	return status ? status : restart(server, act);
}

static int dovecot_disable(const struct server *server, const struct act *act)
{
	int status = act_remove_own(act, dovecot_file, dovecot_text(act));

	return status ? status : restart(server, act);
}

static const struct mechanism dovecot = {
	has_unit, dovecot_is_enabled, dovecot_enable, dovecot_disable,
};

/* PostgreSQL: a line in the environment of each cluster */

static const char postgresql_glob[] = "/etc/postgresql/*/*/environment";
static const char postgresql_line[] =
	"OPENSSL_CONF = '" OPENSSL_CONF "'\t# by ocspctl server enable\n";

typedef int cluster_fn(const struct act *act, const char *path,
		       const char *text);

/* fn for each file, until it fails */
static int with_each_cluster(const struct act *act, cluster_fn *fn)
{
	char *pattern = act_path(act, postgresql_glob), *text;
	int status = EXIT_OK;
	glob_t found = { 0 };
	size_t i;

	glob(pattern, 0, NULL, &found);
	for (i = 0; i < found.gl_pathc && !status; i++) {
		const char *path = found.gl_pathv[i] + strlen(act->root);

		text = act_read(act, path);
		status = text ? fn(act, path, text) :
				error("%s: cannot be read", found.gl_pathv[i]);
		free(text);
	}
	globfree(&found);
	free(pattern);
	return status;
}

static int lacks_line(const struct act *act, const char *path,
		      const char *text)
{
	(void)act;
	(void)path;
	return strstr(text, postgresql_line) ? EXIT_OK : EXIT_ERROR;
}

/* Is there any, and all of them are set up? */
static bool postgresql_is_installed(const struct server *server,
				    const struct act *act)
{
	char *pattern = act_path(act, postgresql_glob);
	glob_t found = { 0 };
	bool any;

	(void)server;
	any = !glob(pattern, 0, NULL, &found);
	globfree(&found);
	free(pattern);
	return any;
}

static bool postgresql_is_enabled(const struct server *server,
				  const struct act *act)
{
	return postgresql_is_installed(server, act) &&
	       !with_each_cluster(act, lacks_line);
}

static bool has_own_setting(const char *text)
{
	const char *line = text;

	do {
		line += strspn(line, " \t\n");
		if (!strncmp(line, "OPENSSL_CONF", 12))
			return true;
		line = strchr(line, '\n');
	} while (line);
	return false;
}

static int add_line(const struct act *act, const char *path, const char *text)
{
	char *more;
	int status;

	if (strstr(text, postgresql_line))
		return EXIT_OK;
	if (has_own_setting(text))
		return error("%s: sets OPENSSL_CONF already", path);
	/* A last line without its end stays what it is. */
	if (*text && text[strlen(text) - 1] != '\n')
		return error("%s: its last line has no end", path);
	if (asprintf(&more, "%s%s", text, postgresql_line) < 0)
		no_memory();
	status = act_rewrite(act, path, more);
	free(more);
	return status;
}

static int remove_line(const struct act *act, const char *path,
		       const char *text)
{
	const char *line = strstr(text, postgresql_line);
	char *less;
	int status;

	if (!line)
		return EXIT_OK;
	if (asprintf(&less, "%.*s%s", (int)(line - text), text,
		     line + strlen(postgresql_line)) < 0)
		no_memory();
	status = act_rewrite(act, path, less);
	free(less);
	return status;
}

static int postgresql_enable(const struct server *server,
			     const struct act *act)
{
	int status = with_each_cluster(act, add_line);

	return status ? status : restart(server, act);
}

static int postgresql_disable(const struct server *server,
			      const struct act *act)
{
	int status = with_each_cluster(act, remove_line);

	return status ? status : restart(server, act);
}

static const struct mechanism postgresql = {
	postgresql_is_installed, postgresql_is_enabled, postgresql_enable,
	postgresql_disable,
};

/* HAProxy: by ocsp-export, whose configuration is somebody's */

static bool haproxy_is_enabled(const struct server *server,
			       const struct act *act)
{
	char *conf = act_read(act, SYSCONFDIR "/ktls-ocsp/export.conf");
	bool enabled = conf && (!strncmp(conf, "[haproxy", 8) ||
				strstr(conf, "\n[haproxy"));

	(void)server;
	free(conf);
	return enabled;
}

static int haproxy_explain(const struct server *server, const struct act *act)
{
	(void)server;
	(void)act;
	return error("haproxy: edit " SYSCONFDIR "/ktls-ocsp/export.conf, see ocsp-export(8)");
}

static const struct mechanism haproxy = {
	has_unit, haproxy_is_enabled, haproxy_explain, haproxy_explain,
};

#define DROP_IN(name, unit, address) \
	{ name, unit, "drop-in", &drop_in, address, NULL }

const struct server servers[] = {
	DROP_IN("nginx", "nginx.service", "localhost:443"),
	DROP_IN("apache2", "apache2.service", "localhost:443"),
	DROP_IN("lighttpd", "lighttpd.service", "localhost:443"),
	DROP_IN("hitch", "hitch.service", "localhost:443"),
	DROP_IN("mosquitto", "mosquitto.service", "localhost:8883"),
	DROP_IN("stunnel4", "stunnel4.service", "localhost:443"),
	DROP_IN("exim4", "exim4.service", "localhost:465"),
	DROP_IN("slapd", "slapd.service", "localhost:636"),
	DROP_IN("tlshd", "tlshd.service", NULL),
	{ "postfix", "postfix.service", "postconf", &postfix, "localhost:25",
	  "smtp" },
	{ "dovecot", "dovecot.service", "conf.d", &dovecot, "localhost:993",
	  NULL },
	{ "postgresql", "postgresql.service", "environment", &postgresql,
	  "localhost:5432", "postgres" },
	{ "haproxy", "haproxy.service", "ocsp-export", &haproxy,
	  "localhost:443", NULL },
	{ }
};
