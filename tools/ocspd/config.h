/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* ocspd.conf(5), as it was read. */
#ifndef OCSPD_CONFIG_H
#define OCSPD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/ktls_ocsp.h>

#include "address.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR	"/etc"
#endif
#define CONFIG_FILE	SYSCONFDIR "/ocspd.conf"
/* What is appended to the file's name for the directory of further ones */
#define CONFIG_D	".d"

enum method {
	METHOD_UNSET,
	METHOD_AUTO,
	METHOD_GET,
	METHOD_POST,
};

/* Of the CertID in a request, and so of that in the response */
enum digest {
	DIGEST_UNSET,
	DIGEST_AUTO,
	DIGEST_SHA1,
	DIGEST_SHA256,
};

/* How responses are fetched, by a section of any kind. Zeroed: it says nothing. */
struct config_policy {
	char *responder;		/* NULL: those that the certificate names */
	char *ca_file;			/* for https; NULL: the system's */
	enum method method;
	enum digest digest;
	long refresh;			/* seconds; 0: not said */
	long refresh_min;
	long refresh_max;
};

/* A [certificate NAME] section. */
struct config_cert {
	char *name;
	char *file;			/* NULL: not to be held */
	char *files;			/* a pattern of them, instead */
	char *issuer;			/* NULL: in file as well */
	long max_files;			/* that the pattern may match */
	long max_bytes;			/* of one of these */
	bool has_key;			/* it is of any holder, by that */
	uint8_t key[KTLS_OCSP_KEY_LEN];
	struct config_policy policy;
	struct config_cert *next;
};

/* An [issuer NAME] section. */
struct config_issuer {
	char *name;
	char *file;
	struct config_policy policy;
	struct config_issuer *next;
};

struct config {
	unsigned int refs;
	bool read;			/* there was a file */
	char *cache;			/* directory; NULL: none */
	char *control;			/* path of the socket; NULL: none */
	char *state;			/* directory; NULL: none */
	char *metrics_file;		/* path; NULL: none */
	char *metrics_listen;		/* NULL: nowhere */
	char *proxy;			/* NULL: by environment; "": none */
	char *no_proxy;			/* NULL: by environment */
	char *proxy_login;		/* "USER:PASSWORD"; NULL: none */
	char *proxy_credentials;	/* the file of that */
	long start_timeout;		/* seconds; 0: the first responses are not waited for */
	long connect_timeout;
	long idle_timeout;
	long timeout;
	long transfers;			/* at once */
	long transfers_per_host;
	long retry;			/* seconds */
	long retry_max;
	struct address_rules addresses;
	struct config_policy policy;	/* of all certificates */
	struct config_cert *certs;	/* in the file's order */
	struct config_issuer *issuers;
};

/*
 * Read a file, and those of its directory (CONFIG_D). Each fault in them is
 * told, with file and line. NULL: there was one, and why[0..size) has the first.
 * A file that is not there is only in order when it need not be.
 */
struct config *config_read(const char *path, bool must_exist, char *why,
			   size_t size);
/* It comes with one reference. config_put() takes NULL. */
struct config *config_get(struct config *config);
void config_put(struct config *config);

#endif /* OCSPD_CONFIG_H */
