/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/* One HTTP exchange with a responder, redirects included; many at a time. */
#ifndef OCSPD_FETCH_H
#define OCSPD_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

struct fetch;

struct fetch_request {
	const char *url;
	const unsigned char *post;	/* NULL: GET */
	size_t post_len;
	bool no_cache;			/* caches on the way have to ask */
	const char *ca_file;		/* for https; NULL: the system's */
};

#define FETCH_FAILURE_SIZE	256

/* What a failure is about, for the counters. */
enum fetch_fault {
	FAULT_NAME,			/* no address is found for it */
	FAULT_ADDRESS,			/* the rules refuse where it leads */
	FAULT_CONNECT,
	FAULT_TLS,
	FAULT_TIMEOUT,
	FAULT_HTTP,			/* another status than 200, or no HTTP */
	FAULT_RESPONSE,			/* HTTP 200 without a usable response */
	FAULT_OTHER,
	FETCH_FAULTS,
};

/* Only there while it is told. */
struct fetch_result {
	char failure[FETCH_FAILURE_SIZE];	/* in words; "": HTTP 200 */
	enum fetch_fault fault;		/* that it is */
	bool timed_out;
	bool asked;			/* a request went out to somebody */
	long status;			/* of HTTP; 0: none came in */
	const unsigned char *body;
	size_t len;
	char type[64];			/* Content-Type; "": none */
	int64_t max_age;		/* seconds that are left of it; -1: none */
	int64_t retry_after;		/* seconds; 0: none */
	bool aged;			/* it comes from a cache */
};

typedef void (*fetch_done_fn)(const struct fetch_result *result, void *arg);

/* config is used until the next call. 0 or -1: libcurl does not work. */
int fetch_init(const struct config *config);
void fetch_exit(void);

/*
 * Calls done later, once; not after fetch_cancel(). NULL: it cannot be done,
 * and failure says why.
 */
struct fetch *fetch_start(const struct fetch_request *request,
			  fetch_done_fn done, void *arg,
			  char failure[FETCH_FAILURE_SIZE]);
void fetch_cancel(struct fetch *fetch);

#endif /* OCSPD_FETCH_H */
