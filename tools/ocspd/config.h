/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* ocspd.conf(5), as it was read. */
#ifndef OCSPD_CONFIG_H
#define OCSPD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "address.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR	"/etc"
#endif
#define CONFIG_FILE	SYSCONFDIR "/ocspd.conf"

/* A [certificate NAME] section. */
struct config_cert {
	char *name;
	char *file;
	char *issuer;			/* NULL: in file as well */
	char *responder;		/* NULL: those that it names itself */
	struct config_cert *next;
};

struct config {
	bool read;			/* there was a file */
	char *cache;			/* directory; NULL: none */
	char *control;			/* path of the socket; NULL: none */
	char *state;			/* directory; NULL: none */
	char *proxy;			/* NULL: by environment; "": none */
	char *no_proxy;			/* NULL: by environment */
	long connect_timeout;		/* seconds */
	long idle_timeout;
	long timeout;
	long transfers;			/* at once */
	long transfers_per_host;
	long retry;			/* seconds */
	long retry_max;
	long refresh_max;
	struct address_rules addresses;
	struct config_cert *certs;	/* in the file's order */
};

/*
 * Read a file. Each fault in it is told, with file and line. NULL: there was
 * one. A file that is not there is only in order when it need not be.
 */
struct config *config_read(const char *path, bool must_exist);
void config_free(struct config *config);

#endif /* OCSPD_CONFIG_H */
