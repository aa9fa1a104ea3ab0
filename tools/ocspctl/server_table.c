// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/* The servers, and what makes most of them load OpenSSL's module (or another). */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

static int daemon_reload(const struct act *act)
{
	static const char *const argv[] = { "systemctl", "daemon-reload", NULL };

	return act_run(act, argv);
}

/* One that does not run has nothing to be restarted for. */
int server_restart(const struct server *server, const struct act *act)
{
	const char *const argv[] = { "systemctl", "try-restart", server->unit,
				     NULL };

	return act_run(act, argv);
}

/* A unit, or an init script that systemd makes one of */
bool server_has_unit(const struct server *server, const struct act *act)
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
		status = server_restart(server, act);
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
	server_has_unit, drop_in_is_enabled, drop_in_enable, drop_in_disable,
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

	return status ? status : server_restart(server, act);
}

static int postgresql_disable(const struct server *server,
			      const struct act *act)
{
	int status = with_each_cluster(act, remove_line);

	return status ? status : server_restart(server, act);
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
	server_has_unit, haproxy_is_enabled, haproxy_explain, haproxy_explain,
};

#define DROP_IN(name, unit, address, starttls, note) \
	{ name, unit, "drop-in", &drop_in, address, starttls, note }

const struct server servers[] = {
	DROP_IN("nginx", "nginx.service", "localhost:443", NULL, NULL),
	{ "nginx-module", "nginx.service", "module", &nginx_module,
	  "localhost:443", NULL, NULL },
	DROP_IN("apache2", "apache2.service", "localhost:443", NULL, NULL),
	{ "apache2-module", "apache2.service", "module", &apache2_module,
	  "localhost:443", NULL, NULL },
	DROP_IN("lighttpd", "lighttpd.service", "localhost:443", NULL, NULL),
	DROP_IN("hitch", "hitch.service", "localhost:443", NULL, NULL),
	DROP_IN("mosquitto", "mosquitto.service", "localhost:8883", NULL,
		NULL),
	DROP_IN("stunnel4", "stunnel4.service", "localhost:443", NULL, NULL),
	DROP_IN("exim4", "exim4.service", "localhost:465", NULL,
		"a reload (SIGHUP) ends stapling until the next restart"),
	DROP_IN("slapd", "slapd.service", "localhost:636", NULL, NULL),
	DROP_IN("vsftpd", "vsftpd.service", "localhost:21", "ftp",
		"it staples with isolate_network=NO in /etc/vsftpd.conf alone"),
	DROP_IN("proftpd", "proftpd.service", "localhost:21", "ftp", NULL),
	DROP_IN("tlshd", "tlshd.service", NULL, NULL, NULL),
	{ "postfix", "postfix.service", "postconf", &postfix, "localhost:25",
	  "smtp", NULL },
	{ "dovecot", "dovecot.service", "conf.d", &dovecot, "localhost:993",
	  NULL, NULL },
	{ "postgresql", "postgresql.service", "environment", &postgresql,
	  "localhost:5432", "postgres", NULL },
	{ "haproxy", "haproxy.service", "ocsp-export", &haproxy,
	  "localhost:443", NULL, NULL },
	{ }
};
