// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * nginx and Apache httpd with modules of their own: files that load and configure them.
 * Where a package of the distribution's loads the module, ours only configure it.
 */
#include <stdlib.h>
#include <string.h>

#include "server.h"

struct own_text {
	const char *path;
	const char *text;
};

struct module {
	const char *file;		/* what has to be installed */
	struct own_text texts[2];	/* the path is NULL: no more */
	/* Commands, which end with NULL, or no command */
	const char *const *enable;
	const char *const *disable;
	const char *const *test;		/* the server's configuration */
};

static size_t count_texts(const struct module *m)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(m->texts) && m->texts[n].path)
		n++;
	return n;
}

/* Nothing is written or run where somebody has changed one of them. */
static int check_texts(const struct act *act, const struct module *m)
{
	size_t i;

	for (i = 0; i < count_texts(m); i++)
		if (act_compare(act, m->texts[i].path, m->texts[i].text) ==
		    OWN_CHANGED)
			return error("%s%s: was changed, so it stays", act->root,
				     m->texts[i].path);
	return EXIT_OK;
}

static int with_texts(const struct act *act, const struct module *m,
		      int (*change)(const struct act *act, const char *path,
				    const char *text))
{
	int status = EXIT_OK;
	size_t i;

	for (i = 0; i < count_texts(m) && !status; i++)
		status = change(act, m->texts[i].path, m->texts[i].text);
	return status;
}

static bool any_text(const struct act *act, const struct module *m)
{
	size_t i;

	for (i = 0; i < count_texts(m); i++)
		if (act_exists(act, m->texts[i].path))
			return true;
	return false;
}

static bool all_texts(const struct act *act, const struct module *m)
{
	size_t i;

	for (i = 0; i < count_texts(m); i++)
		if (act_compare(act, m->texts[i].path, m->texts[i].text) !=
		    OWN_SAME)
			return false;
	return true;
}

static int run(const struct act *act, const char *const *argv)
{
	return argv ? act_run(act, argv) : EXIT_OK;
}

static int module_disable(const struct server *server, const struct act *act,
			  const struct module *m)
{
	int status;

	if (!any_text(act, m))
		return EXIT_OK;
	status = check_texts(act, m);
	if (!status)
		status = run(act, m->disable);
	if (!status)
		status = with_texts(act, m, act_remove_own);
	return status ? status : server_restart(server, act);
}

/* What the server refuses is taken back: it would fail when it starts again. */
static int module_enable(const struct server *server, const struct act *act,
			 const struct module *m)
{
	bool was = all_texts(act, m);
	int status;

	if (!act_exists(act, m->file))
		return error("%s: there is no %s; is that part installed?",
			     server->name, m->file);
	status = check_texts(act, m);
	if (status)
		return status;
	status = with_texts(act, m, act_write_own);
	if (!status)
		status = run(act, m->enable);
	if (!status)
		status = run(act, m->test);
	if (status && !was && !act->dry_run) {
		run(act, m->disable);
		with_texts(act, m, act_remove_own);
	}
	return status ? status : server_restart(server, act);
}

/* nginx: http alone, since stream is a module that may not be loaded */

#define NGINX_CONF \
	{ "/etc/nginx/conf.d/ktls-ocsp.conf", HEAD "ktls_ocsp on;\n" }

static const char *const nginx_test[] = { "nginx", "-q", "-t", NULL };
static const struct module nginx_own = {
	.file = MODULEDIR "/ngx_http_ktls_ocsp_module.so",
	.texts = {
		{ "/etc/nginx/modules-enabled/60-ktls-ocsp.conf",
		  HEAD "load_module " MODULEDIR "/ngx_http_ktls_ocsp_module.so;\n" },
		NGINX_CONF,
	},
	.test = nginx_test,
};

#define NGINX_PACKAGED	"/usr/share/nginx/modules-available/mod-http-ktls-ocsp.conf"

static const struct module nginx_packaged = {
	.file = NGINX_PACKAGED,
	.texts = { NGINX_CONF },
	.test = nginx_test,
};

static const struct module *nginx(const struct act *act)
{
	return act_exists(act, NGINX_PACKAGED) ? &nginx_packaged : &nginx_own;
}

static bool nginx_is_enabled(const struct server *server, const struct act *act)
{
	(void)server;
	return any_text(act, nginx(act));
}

static int nginx_enable(const struct server *server, const struct act *act)
{
	return module_enable(server, act, nginx(act));
}

static int nginx_disable(const struct server *server, const struct act *act)
{
	return module_disable(server, act, nginx(act));
}

const struct mechanism nginx_module = {
	server_has_unit, nginx_is_enabled, nginx_enable, nginx_disable,
};

/* Apache httpd: a2dismod -p forgets that it knew the module, a2disconf -p the configuration. */

#define APACHE2_LOAD		"/etc/apache2/mods-available/ktls_ocsp.load"
#define APACHE2_LOADED		"/etc/apache2/mods-enabled/ktls_ocsp.load"

static const char *const apache2_enmod[] = { "a2enmod", "-q", "ktls_ocsp", NULL };
static const char *const apache2_dismod[] = { "a2dismod", "-q", "-f", "-p",
					      "ktls_ocsp", NULL };
static const char *const apache2_enconf[] = { "a2enconf", "-q", "ktls-ocsp", NULL };
static const char *const apache2_disconf[] = { "a2disconf", "-q", "-f", "-p",
					       "ktls-ocsp", NULL };
static const char *const apache2_test[] = { "apache2ctl", "configtest", NULL };
static const struct module apache2_own = {
	.file = MODULEDIR "/mod_ktls_ocsp.so",
	.texts = {
		{ APACHE2_LOAD,
		  HEAD "LoadModule ktls_ocsp_module " MODULEDIR "/mod_ktls_ocsp.so\n" },
		{ "/etc/apache2/mods-available/ktls_ocsp.conf",
		  HEAD "KtlsOcsp on\n" },
	},
	.enable = apache2_enmod,
	.disable = apache2_dismod,
	.test = apache2_test,
};

static const struct module apache2_packaged = {
	.file = APACHE2_LOADED,
	.texts = {
		{ "/etc/apache2/conf-available/ktls-ocsp.conf",
		  HEAD "<IfModule ktls_ocsp_module>\n\tKtlsOcsp on\n</IfModule>\n" },
	},
	.enable = apache2_enconf,
	.disable = apache2_disconf,
	.test = apache2_test,
};

/* Whoever changed ours left the first line. */
static const struct module *apache2(const struct act *act)
{
	char *load = act_read(act, APACHE2_LOAD);
	bool packaged = load && strncmp(load, HEAD, strlen(HEAD)) != 0;

	free(load);
	return packaged ? &apache2_packaged : &apache2_own;
}

static bool apache2_is_enabled(const struct server *server,
			       const struct act *act)
{
	bool own = apache2(act) == &apache2_own;

	(void)server;
	return act_exists(act, own ? APACHE2_LOADED :
				     "/etc/apache2/conf-enabled/ktls-ocsp.conf");
}

static int apache2_enable(const struct server *server, const struct act *act)
{
	if (*act->root)
		return error("%s: a2enmod(8) does not work below --root",
			     server->name);
	return module_enable(server, act, apache2(act));
}

static int apache2_disable(const struct server *server, const struct act *act)
{
	return module_disable(server, act, apache2(act));
}

const struct mechanism apache2_module = {
	server_has_unit, apache2_is_enabled, apache2_enable, apache2_disable,
};
