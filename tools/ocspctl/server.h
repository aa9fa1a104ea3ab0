/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* TLS servers of Debian's, and how each is made to staple. */
#ifndef OCSPCTL_SERVER_H
#define OCSPCTL_SERVER_H

#include "ocspctl.h"

#define OPENSSL_CONF	SYSCONFDIR "/ktls-ocsp/openssl.cnf"
/* What each file of ours begins with, unless it is a copy */
#define HEAD		"# Written by ocspctl server enable: staple from the kernel's store.\n"

/* How it is done: below a directory that stands for /, and maybe only told */
struct act {
	const char *root;		/* "": the host itself */
	bool dry_run;
};

/* What a file of ours is */
enum own_file {
	OWN_MISSING,
	OWN_SAME,			/* as it would be written */
	OWN_CHANGED,			/* somebody has changed it */
};

struct server;

struct mechanism {
	/* Can this server be set up here? */
	bool (*is_installed)(const struct server *server, const struct act *act);
	bool (*is_enabled)(const struct server *server, const struct act *act);
	/* Exit statuses; why was said where they are no EXIT_OK */
	int (*enable)(const struct server *server, const struct act *act);
	int (*disable)(const struct server *server, const struct act *act);
};

struct server {
	const char *name;
	const char *unit;
	const char *how;		/* in a word or two */
	const struct mechanism *mechanism;
	const char *address;		/* where it usually listens */
	const char *starttls;		/* or NULL */
	const char *note;		/* what is left to do, or NULL */
};

/* server_table.c: ends with a NULL name */
extern const struct server servers[];
/* A unit, or an init script that systemd makes one of */
bool server_has_unit(const struct server *server, const struct act *act);
/* One that does not run has nothing to be restarted for. */
int server_restart(const struct server *server, const struct act *act);

/* server_mail.c */
extern const struct mechanism postfix, dovecot;
/* server_modules.c */
extern const struct mechanism nginx_module, apache2_module;

/* act.c: each returns an exit status, and why was said. */

/* The path below the root: free() it. */
char *act_path(const struct act *act, const char *path);
/* The text of a file, or NULL where it cannot be read: free() it. */
char *act_read(const struct act *act, const char *path);
enum own_file act_compare(const struct act *act, const char *path,
			  const char *text);
bool act_exists(const struct act *act, const char *path);
/* A file of ours, with its directory; refuses where it was changed. */
int act_write_own(const struct act *act, const char *path, const char *text);
int act_remove_own(const struct act *act, const char *path, const char *text);
/* A file of somebody else's, of which we change a part */
int act_rewrite(const struct act *act, const char *path, const char *text);
/* Not below another root. argv ends with NULL. */
int act_run(const struct act *act, const char *const argv[]);
/* What the command prints, without its last newline: free() it; or NULL */
char *act_ask(const struct act *act, const char *const argv[]);

#endif /* OCSPCTL_SERVER_H */
