/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* Between the parts of fetch.c: fetch_names.c and fetch_failure.c. */
#ifndef OCSPD_FETCH_PARTS_H
#define OCSPD_FETCH_PARTS_H

#include <sys/queue.h>

#include <curl/curl.h>

#include "address.h"
#include "fetch.h"
#include "headers.h"
#include "resolve.h"
#include "url.h"

/* A name that libcurl is going to connect to */
struct name {
	char *host;			/* NULL: there is none */
	char *port;
	bool proxy;			/* its address is for the configuration */
};

struct fetch {
	LIST_ENTRY(fetch) others;
	CURL *easy;
	struct name names[2];		/* to be looked up yet */
	struct lookup *lookup;		/* of the first of them */
	struct curl_slist *addresses;	/* CURLOPT_RESOLVE */
	struct curl_slist *headers;
	char error[CURL_ERROR_SIZE];
	fetch_done_fn done;
	void *arg;
	int64_t start;
	int redirects;
	bool proxied;			/* connects to the proxy, not to the URL */
	char refused[80];		/* an address that we did not connect to */
	bool tried;			/* another one that we did */
	unsigned char *post;
	unsigned char *body;
	size_t len;
	size_t size;
	bool too_large;
	bool no_memory;
	struct headers seen;
	struct fetch_result result;
};

/* Sets the failure; returns false. */
__attribute__((format(printf, 3, 4)))
bool fetch_fail(struct fetch *f, enum fetch_fault fault, const char *fmt, ...);
/* The failure that libcurl's code is, in words. */
void fetch_explain(struct fetch *f, CURLcode code);

/* The names to look up for a URL, through a proxy ("": without). False: no memory. */
bool fetch_add_names(struct fetch *f, const struct url *url, const char *proxy);
void fetch_clear_names(struct fetch *f);
/*
 * What is known of the first of them, which is done with then. False: it leads
 * nowhere, and the failure is set.
 */
bool fetch_take_answer(struct fetch *f, const struct address_rules *rules,
		       const struct resolve_answer *answer);

#endif /* OCSPD_FETCH_PARTS_H */
